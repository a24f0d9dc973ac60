//! A campaign: many faults, one after the other, in as few boots as their outcomes allow.

use std::ops::Range;
use std::panic::resume_unwind;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use archive::Archive;
use image::Image;

use super::PAGE_BYTES;
use super::guest::{Listing, failed};
use super::instances::{Places, Switches};
use super::plan::{Injection, Profile, Texts, choose, executed, read_profile, write_profile};
use super::report::{Case, Report};
use super::session::Session;
use super::text::Text;
use super::trace;
use super::transcript::{Difference, Transcript};
use crate::build::{Configuration, Mode};
use crate::machine::Hardware;
use crate::project::{say, write};
use crate::run::{Exec, folder};
use crate::{Built, Error, project};

/// What to do.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// How many faults.
    pub count: u64,
    /// What decides them.
    pub seed: u64,
    /// The number of the first.
    pub from: u64,
    /// No further fault is begun after this time.
    pub within: Option<Duration>,
    /// How many machines work at the same time; one at least.
    pub jobs: usize,
}

/// The load, laid over the root.
const LOAD: [(&str, &str); 3] = [
    ("serve.sh", include_str!("load/serve.sh")),
    ("round.sh", include_str!("load/round.sh")),
    ("step.sh", include_str!("load/step.sh")),
];
/// A file of the boot archive whose page becomes an instance's own when a fault is put into it.
const SPARE: &str = "spare";
const SPARE_FILL: u8 = 0xcc;
/// A disturbed round may take this much longer than the undisturbed one did, and no less than this.
const PATIENCE: u32 = 15;
const LEAST_LIMIT: Duration = Duration::from_secs(90);
/// Undisturbed rounds from which it is learnt what runs.
const LESSONS: usize = 2;

/// Puts faults into services of the built system and tells what came of them. When something fails,
/// the report holds what was done until then.
///
/// # Errors
/// Those of starting the emulator; that the system does not work undisturbed.
pub fn campaign(built: Built, options: Options) -> Result<Report, Error> {
    let mut campaign = Campaign::new(built)?;
    campaign.learn()?;
    let first = campaign.boot_first(Listing::Off)?;
    let work = Work::new(options);
    let machines = options.jobs.max(1);
    let firsts = std::iter::once(first)
        .map(Some)
        .chain(std::iter::repeat_with(|| None));
    let done: Vec<Done> = std::thread::scope(|scope| {
        let (campaign, work) = (&campaign, &work);
        let workers: Vec<_> = firsts
            .take(machines)
            .map(|session| scope.spawn(move || campaign.work(session, work)))
            .collect();
        let joined = workers.into_iter().map(|worker| worker.join());
        joined
            .map(|done| done.unwrap_or_else(|cause| resume_unwind(cause)))
            .collect()
    });
    Ok(collect(options.seed, done))
}

/// The report of what all machines have done.
fn collect(seed: u64, done: Vec<Done>) -> Report {
    let mut report = Report {
        seed,
        cases: Vec::new(),
        boots: 0,
        failure: None,
    };
    for mut done in done {
        report.cases.append(&mut done.cases);
        report.boots += done.boots;
        report.failure = report.failure.or(done.failure);
    }
    report.cases.sort_by_key(|case| case.injection.number);
    report
}

/// The numbers that are still to be done.
struct Work {
    seed: u64,
    numbers: Mutex<Range<u64>>,
    deadline: Option<Instant>,
}

impl Work {
    fn new(options: Options) -> Work {
        let end = options.from.saturating_add(options.count);
        Work {
            seed: options.seed,
            numbers: Mutex::new(options.from..end),
            deadline: options.within.map(|within| Instant::now() + within),
        }
    }

    /// The next number; nothing when all are taken or the time is over.
    fn next(&self) -> Option<u64> {
        let is_over = self
            .deadline
            .is_some_and(|deadline| deadline < Instant::now());
        let mut numbers = self.numbers.lock().unwrap_or_else(PoisonError::into_inner);
        if is_over { None } else { numbers.next() }
    }

    /// Nothing more is begun.
    fn end(&self) {
        let mut numbers = self.numbers.lock().unwrap_or_else(PoisonError::into_inner);
        numbers.start = numbers.end;
    }
}

/// What one machine has done.
#[derive(Default)]
struct Done {
    cases: Vec<Case>,
    boots: usize,
    failure: Option<Error>,
}

/// The undisturbed round.
#[derive(Default)]
pub(super) struct Calm {
    pub(super) round: Transcript,
    /// How long a piece of a disturbed round may take.
    pub(super) limit: Duration,
}

/// What all boots of a campaign share.
pub(super) struct Campaign {
    pub(super) built: Arc<Built>,
    pub(super) wanted: Exec,
    pub(super) switches: Switches,
    pub(super) texts: Texts,
    pub(super) places: Places,
    /// Where the spare page lies in the boot archive.
    pub(super) spare: u64,
    profile: Profile,
    pub(super) calm: Calm,
    /// Kept for the overlay.
    _folder: tempfile::TempDir,
}

impl Campaign {
    fn new(built: Built) -> Result<Campaign, Error> {
        let folder = folder::make(built.project())?;
        let overlay = folder.path().join("overlay");
        lay_load(&overlay)?;
        let command = ["/bin/sh", "/inject/serve.sh"];
        let wanted = Exec {
            command: command.map(Into::into).into(),
            overlays: vec![overlay],
            // The guest's time is that of its instructions: a host with other work to do lets no
            // time limit of the guest run out.
            hardware: Hardware {
                counted: true,
                ..Hardware::default()
            },
            ..Exec::default()
        };
        let archive = built.archive(&Configuration {
            mode: Mode::Exec(wanted.command.clone()),
            overlays: wanted.overlays.clone(),
            ..Configuration::default()
        })?;
        let (texts, places, spare) = read_archive(&built, &archive)?;
        let switches = Switches::read(&project::read(&built.kernel)?)?;
        Ok(Campaign {
            built: Arc::new(built),
            wanted,
            switches,
            texts,
            places,
            spare,
            profile: Profile::new(),
            calm: Calm::default(),
            _folder: folder,
        })
    }

    /// Boots for the first time, and learns what an undisturbed round prints and how long it takes.
    fn boot_first(&mut self, listing: Listing) -> Result<Session, Error> {
        let mut session = Session::boot(self, listing)?;
        self.calm.round = session.calm_round()?;
        let start = Instant::now();
        self.check(&mut session)?;
        self.calm.limit = LEAST_LIMIT.max(PATIENCE * start.elapsed());
        Ok(session)
    }

    /// Boots.
    fn boot(&self) -> Result<Session, Error> {
        let mut session = Session::boot(self, Listing::Off)?;
        self.check(&mut session)?;
        Ok(session)
    }

    /// Checks that an undisturbed round is like the first.
    fn check(&self, session: &mut Session) -> Result<(), Error> {
        let round = session.calm_round()?;
        let difference = round.differs_from(&self.calm.round);
        if !round.is_good() || difference != Difference::None {
            let reason = format!("undisturbed rounds differ: {difference:?} {round:?}");
            return Err(Error::artifact("the load", reason));
        }
        session.guest.new_log();
        Ok(())
    }

    /// Puts one fault after the other into one machine, which is booted again where the outcome of
    /// one leaves a doubt, until no number is left.
    fn work(&self, mut session: Option<Session>, work: &Work) -> Done {
        let mut done = Done {
            boots: usize::from(session.is_some()),
            ..Done::default()
        };
        while let Some(number) = work.next() {
            let chosen = choose((work.seed, number), &self.texts, &self.profile);
            let Some(injection) = chosen else { continue };
            if let Err(error) = self.inject(&mut session, injection, work.seed, &mut done) {
                done.failure = Some(error);
                work.end();
            }
        }
        done
    }

    fn inject(
        &self,
        session: &mut Option<Session>,
        injection: Injection,
        seed: u64,
        done: &mut Done,
    ) -> Result<(), Error> {
        let machine = match session {
            Some(machine) => machine,
            None => {
                done.boots += 1;
                session.insert(self.boot()?)
            }
        };
        let start = Instant::now();
        let (case, is_spent) = machine.inject(self, injection)?;
        if is_spent {
            *session = None;
        }
        let seconds = start.elapsed().as_secs_f32();
        say("Injected", &format!("{} {seconds:.1} s", case.line()));
        if case.outcome.is_told() {
            eprint!("{}", case.tell(seed));
        }
        done.cases.push(case);
        Ok(())
    }

    /// Finds out what runs in an undisturbed round: it is known from a former campaign with the
    /// same binaries, or learnt in a boot of its own and kept, so that the same numbers stand for
    /// the same faults.
    fn learn(&mut self) -> Result<(), Error> {
        let folder = self.built.project().made_folder("injection")?;
        let file = folder.join(format!("profile-{:016x}", self.fingerprint()));
        let known = std::fs::read_to_string(&file).ok();
        if let Some(profile) = known.as_deref().and_then(read_profile) {
            self.profile = profile;
            return Ok(());
        }
        say("Learning", "which instructions run");
        let mut session = self.boot_first(Listing::On)?;
        let from = session.guest.trace(0).len();
        session.translate_again().map_err(failed)?;
        for _ in 0..LESSONS {
            session.calm_round()?;
        }
        let listed = session.guest.trace(from);
        let addresses: Vec<u64> = trace::addresses(&listed).collect();
        for (name, instance) in &session.instances {
            if let Some(text) = self.texts.get(name) {
                let executed = executed(text, instance.base, &addresses);
                self.profile.insert(name.clone(), executed);
            }
        }
        write(&file, write_profile(&self.profile).as_bytes())
    }

    /// Tells builds and loads apart (FNV-1a, 64 bits).
    fn fingerprint(&self) -> u64 {
        let mut hash = 0xcbf2_9ce4_8422_2325u64;
        let mut add = |bytes: &[u8]| {
            for byte in bytes {
                hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
            }
        };
        for text in self.texts.values() {
            add(text.part(text.range()).unwrap_or_default());
        }
        LOAD.iter().for_each(|(_, script)| add(script.as_bytes()));
        hash
    }
}

/// Writes the load's files and the spare page into a folder.
fn lay_load(overlay: &std::path::Path) -> Result<(), Error> {
    let folder = overlay.join("inject");
    std::fs::create_dir_all(&folder).map_err(Error::file(&folder))?;
    for (name, content) in LOAD {
        write(&folder.join(name), content.as_bytes())?;
    }
    write(&folder.join(SPARE), &[SPARE_FILL; PAGE_BYTES])
}

/// The texts of all services, where they lie in the boot archive, and where the spare page does.
fn read_archive(built: &Built, bytes: &[u8]) -> Result<(Texts, Places, u64), Error> {
    let wrong = |name: &str| Error::artifact(name, "it is not in the boot archive as expected");
    let archive = Archive::read(bytes).map_err(|_| wrong("the archive"))?;
    let within = |data: &[u8]| (data.as_ptr().addr() - bytes.as_ptr().addr()) as u64;
    let spare = archive
        .find(format!("root/inject/{SPARE}").as_bytes())
        .ok_or_else(|| wrong(SPARE))?;
    let (mut texts, mut places) = (Texts::new(), Places::default());
    for (name, _) in protocol::endpoint::NAMES {
        let path = format!("system/services/{name}/1");
        let Some(entry) = archive.find(path.as_bytes()) else {
            continue;
        };
        let image = Image::read(entry.data).map_err(|_| wrong(name))?;
        let file: PathBuf = built.service(name);
        texts.insert(name.to_string(), Text::read(name, &project::read(&file)?)?);
        let place = within(entry.data) + image.header().text_offset;
        places.0.insert(name.to_string(), place);
    }
    Ok((texts, places, within(spare.data)))
}
