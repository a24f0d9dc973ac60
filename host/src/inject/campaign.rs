//! A campaign: many faults, one after the other, in as few boots as their outcomes allow.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use abi::layout::PAGE_SIZE;
use archive::Archive;
use image::Image;

use super::guest::{Answer, Guest, Listing, failed};
use super::instances::{Instance, Places, Search, Switches};
use super::outcome::{Outcome, Round, Seen, crashes, judge, not_running, starts_anew};
use super::plan::{Injection, Profile, Texts, choose, executed, read_profile, write_profile};
use super::report::{Case, Report};
use super::stub::{Stub, StubError};
use super::tables::{FRAME, Mapped};
use super::text::Text;
use super::trace;
use super::transcript::{Difference, Transcript};
use crate::build::{Configuration, Mode};
use crate::machine::Hardware;
use crate::project::{say, write};
use crate::run::{Ending, Exec, folder, tail};
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
/// Bytes of a page, where a buffer's length is meant.
const PAGE_BYTES: usize = archive::PAGE;
/// How long an undisturbed round may take.
const CALM: Duration = Duration::from_secs(120);
/// A disturbed round may take this much longer than the undisturbed one did, and no less than this.
const PATIENCE: u32 = 15;
const LEAST_LIMIT: Duration = Duration::from_secs(90);
/// A program that shows something on the terminal from time to time does not get on when nothing
/// has been shown for so long.
const QUIET: Duration = Duration::from_secs(60);
/// How often a machine is looked at that does not answer, and how long it runs between.
const LOOKS: usize = 8;
const BETWEEN_LOOKS: Duration = Duration::from_millis(97);
/// Undisturbed rounds from which it is learnt what runs.
const LESSONS: usize = 2;

/// Puts faults into services of the built system and tells what came of them.
///
/// # Errors
/// Those of starting the emulator; that the system does not work undisturbed.
pub fn campaign(built: Built, options: Options) -> Result<Report, Error> {
    let mut campaign = Campaign::new(built)?;
    campaign.learn()?;
    let mut session = campaign.boot(Listing::Off)?;
    let mut report = Report {
        seed: options.seed,
        cases: Vec::new(),
        boots: 1,
    };
    let numbers = options.from..options.from.saturating_add(options.count);
    let begin = Instant::now();
    let is_over = || {
        options
            .within
            .is_some_and(|within| begin.elapsed() > within)
    };
    let mut needs_boot = false;
    for number in numbers.take_while(|_| !is_over()) {
        if needs_boot {
            drop(session);
            session = campaign.boot(Listing::Off)?;
            report.boots += 1;
        }
        let chosen = choose((options.seed, number), &campaign.texts, &campaign.profile);
        let Some(injection) = chosen else { continue };
        let start = Instant::now();
        let (case, is_spent) = session.inject(&campaign, injection)?;
        let seconds = start.elapsed().as_secs_f32();
        say("Injected", &format!("{} {seconds:.1} s", case.line()));
        if case.outcome.is_told() {
            eprint!("{}", case.tell(options.seed));
        }
        needs_boot = is_spent;
        report.cases.push(case);
    }
    Ok(report)
}

/// What all boots of a campaign share.
struct Campaign {
    built: Arc<Built>,
    wanted: Exec,
    switches: Switches,
    texts: Texts,
    places: Places,
    /// Where the spare page lies in the boot archive.
    spare: u64,
    profile: Profile,
    /// The undisturbed round.
    calm: Transcript,
    limit: Duration,
    /// Kept for the overlay.
    _folder: tempfile::TempDir,
}

/// One boot.
struct Session {
    guest: Guest,
    /// Where the boot archive lies in physical memory.
    archive: u64,
    instances: BTreeMap<String, Instance>,
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
            timeout: None,
        };
        let archive = built.archive(&Configuration {
            mode: Mode::Exec(wanted.command.clone()),
            size: None,
            overlays: wanted.overlays.clone(),
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
            calm: Transcript::default(),
            limit: LEAST_LIMIT,
            _folder: folder,
        })
    }

    /// Boots, checks that undisturbed rounds are equal, and finds all instances.
    fn boot(&mut self, listing: Listing) -> Result<Session, Error> {
        let mut session = Session {
            guest: Guest::boot(&self.built, &self.wanted, listing)?,
            archive: 0,
            instances: BTreeMap::new(),
        };
        session.find(self, self.texts.keys().cloned().collect())?;
        if !self.calm.is_good() {
            self.calm = session.calm_round()?;
        }
        let start = Instant::now();
        let round = session.calm_round()?;
        let difference = round.differs_from(&self.calm);
        if !round.is_good() || difference != Difference::None {
            let reason = format!("undisturbed rounds differ: {difference:?} {round:?}");
            return Err(Error::artifact("the load", reason));
        }
        self.limit = LEAST_LIMIT.max(PATIENCE * start.elapsed());
        session.guest.new_log();
        Ok(session)
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
        let mut session = self.boot(Listing::On)?;
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

impl Session {
    /// A round in which nothing is wrong.
    fn calm_round(&mut self) -> Result<Transcript, Error> {
        match self.guest.ask("round", CALM, &mut |_| Ok(())) {
            Answer::Done(text, status) => Ok(Transcript::read(&text, status)),
            other => Err(Error::artifact("the load", format!("no round: {other:?}"))),
        }
    }

    /// Finds instances of these services, while something is asked of each.
    fn find(&mut self, campaign: &Campaign, names: BTreeSet<String>) -> Result<(), Error> {
        let archive = (self.archive != 0).then_some(self.archive);
        let mut search = Search::new(&campaign.switches, &campaign.places, names, archive);
        self.guest.stub.stop().map_err(failed)?;
        search.start(&mut self.guest.stub).map_err(failed)?;
        self.guest.stub.go().map_err(failed)?;
        let mut is_set = true;
        let mut look = |stub: &mut Stub| {
            if is_set {
                search.look(stub)?;
                if search.is_over() {
                    search.end(stub)?;
                    is_set = false;
                }
            }
            Ok(())
        };
        let answer = self.guest.ask("touch", CALM, &mut look);
        self.guest.stub.stop().map_err(failed)?;
        if is_set {
            search.end(&mut self.guest.stub).map_err(failed)?;
        }
        self.guest.stub.go().map_err(failed)?;
        if !matches!(answer, Answer::Done(..)) {
            let reason = format!("no answer while instances were looked for: {answer:?}");
            return Err(Error::artifact("the load", reason));
        }
        self.archive = search.archive.unwrap_or_default();
        self.instances.extend(search.found);
        Ok(())
    }

    /// Has the emulator translate, and list, all text of services again.
    fn translate_again(&mut self) -> Result<(), StubError> {
        let stub = &mut self.guest.stub;
        stub.stop()?;
        for instance in self.instances.values() {
            for page in &instance.pages {
                let mut content = vec![0; PAGE_BYTES];
                stub.read(page.frame(), &mut content)?;
                stub.write(page.frame(), &content)?;
            }
        }
        stub.go()
    }

    /// The page of an instance's text that holds an instruction, if it is mapped as expected.
    fn page(
        &mut self,
        campaign: &Campaign,
        injection: &Injection,
    ) -> Result<Option<Mapped>, Error> {
        let Some(instance) = self.instances.get(&injection.service) else {
            return Ok(None);
        };
        let start = injection.offset - injection.offset % PAGE_SIZE;
        let address = instance.base + start;
        let page = instance.pages.iter().find(|page| page.address == address);
        let Some(page) = page.copied() else {
            return Ok(None);
        };
        let mut entry = [0; 8];
        let stub = &mut self.guest.stub;
        stub.stop().map_err(failed)?;
        stub.read(page.entry_at, &mut entry).map_err(failed)?;
        stub.go().map_err(failed)?;
        let place = campaign.places.0.get(&injection.service);
        let expected = place.map(|place| self.archive + place + start);
        let is_there = u64::from_le_bytes(entry) & FRAME == page.frame();
        Ok((is_there && expected == Some(page.frame())).then_some(page))
    }

    /// Puts a fault into the current instance, and sees what comes of it. The answer says, too,
    /// whether this boot can serve no more.
    fn inject(&mut self, campaign: &Campaign, injection: Injection) -> Result<(Case, bool), Error> {
        let mut page = self.page(campaign, &injection)?;
        if page.is_none() {
            let names = BTreeSet::from([injection.service.clone()]);
            self.find(campaign, names)?;
            page = self.page(campaign, &injection)?;
        }
        let Some(page) = page else {
            let reason = "its text is not where it should be";
            return Err(Error::artifact(&injection.service, reason));
        };
        let fault = Fault {
            page,
            spare: self.archive + campaign.spare,
            address: page.address + injection.offset % PAGE_SIZE,
        };
        self.guest.new_log();
        fault
            .put(&mut self.guest.stub, &injection)
            .map_err(failed)?;
        let mut is_executed = false;
        let mut note = |stub: &mut Stub| {
            if !is_executed {
                is_executed = true;
                stub.remove_breakpoint(fault.address)?;
            }
            Ok(())
        };
        let answer = self.guest.ask("round", campaign.limit, &mut note);
        let seen = self.observe(campaign, &fault, (answer, is_executed));
        let log = self.guest.new_log();
        Ok(self.conclude(injection, seen, log))
    }

    /// Takes the fault away, and sees how things are then.
    fn observe(
        &mut self,
        campaign: &Campaign,
        fault: &Fault,
        during: (Answer, bool),
    ) -> (Seen, String) {
        let (answer, executed) = during;
        let mut seen = Seen {
            executed,
            round: self.judge(campaign, answer),
            check: None,
            crashed: Vec::new(),
            down: Vec::new(),
            anew: false,
        };
        let log = self.guest.new_log();
        if let Round::Done(difference) = &seen.round {
            let is_quiet = *difference == Difference::None && !executed && crashes(&log).is_empty();
            if let Err(error) = fault.take(&mut self.guest.stub, !executed) {
                seen.check = Some(Round::Ended(error.to_string()));
            } else if !is_quiet {
                let answer = self.guest.ask("round", campaign.limit, &mut |_| Ok(()));
                seen.check = Some(self.judge(campaign, answer));
            }
        }
        let log = log + &self.guest.new_log();
        seen.crashed = crashes(&log);
        seen.anew = starts_anew(&log);
        if matches!(seen.check, Some(Round::Done(_))) && !seen.crashed.is_empty() {
            let answer = self.guest.ask("status", campaign.limit, &mut |_| Ok(()));
            if let Answer::Done(table, _) = answer {
                seen.down = not_running(&table);
            }
        }
        (seen, log)
    }

    fn judge(&mut self, campaign: &Campaign, answer: Answer) -> Round {
        match answer {
            Answer::Done(text, status) => {
                Round::Done(Transcript::read(&text, status).differs_from(&campaign.calm))
            }
            Answer::Late(text) => {
                let is_alive = self.guest.quiet_for() < QUIET;
                let at = self.describe_state(campaign, &text);
                if is_alive {
                    Round::Waiting(at)
                } else {
                    Round::Late(at)
                }
            }
            Answer::Ended(text) => match self.guest.wait_for_end() {
                Some(Ending::Status(status)) => {
                    Round::Left(format!("the load's shell ended with status {status}"))
                }
                Some(Ending::Failed(reason)) => Round::Ended(reason),
                _ => Round::Ended(format!("the machine ended behind {:?}", tail_of(&text))),
            },
        }
    }

    /// Where a machine is that does not answer: looked at a few times, apart from each other.
    fn describe_state(&mut self, campaign: &Campaign, text: &str) -> String {
        let mut places = Vec::new();
        for _ in 0..LOOKS {
            let stub = &mut self.guest.stub;
            let registers = stub.stop().and_then(|()| stub.registers());
            let gone = stub.go();
            places.push(match registers {
                Ok([.., instruction]) => self.name(campaign, instruction),
                Err(error) => error.to_string(),
            });
            if gone.is_err() {
                break;
            }
            std::thread::sleep(BETWEEN_LOOKS);
        }
        format!("{:?}; it ran {}", tail_of(text), places.join(", "))
    }

    /// The service and the function at an address.
    fn name(&self, campaign: &Campaign, address: u64) -> String {
        let within = |(name, instance): (&String, &Instance)| {
            let text = campaign.texts.get(name)?;
            let offset = address.checked_sub(instance.base)?;
            let is_there = text.range().contains(&offset);
            is_there.then(|| format!("{name} {}", text.place(offset)))
        };
        let mut named = self.instances.iter().filter_map(within);
        named.next().unwrap_or_else(|| format!("{address:#x}"))
    }

    fn conclude(
        &mut self,
        injection: Injection,
        (seen, log): (Seen, String),
        more: String,
    ) -> (Case, bool) {
        for name in &seen.crashed {
            self.instances.remove(name);
        }
        let (outcome, reason) = judge(&seen);
        let is_alive = matches!(seen.round, Round::Done(_));
        let is_right = matches!(seen.check, None | Some(Round::Done(Difference::None)));
        let is_spent = !is_alive || !is_right || outcome > Outcome::Error;
        let log = tail(&(log + &more));
        let case = Case {
            injection,
            outcome,
            reason,
            crashed: seen.crashed,
            log,
        };
        (case, is_spent)
    }
}

/// The last lines of what was printed.
fn tail_of(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(3)..].join(" / ")
}

/// A fault in the machine. The frames of a service's text are the boot archive's, which every later
/// instance maps as well; so the instance gets a page of its own in place of the one that is
/// changed. That page belongs to the archive, too: to the kernel it is a page like the others.
struct Fault {
    page: Mapped,
    /// The physical address of the spare page.
    spare: u64,
    /// The instruction's virtual address.
    address: u64,
}

impl Fault {
    /// The entry that maps the spare page.
    fn entry(&self) -> u64 {
        self.page.entry & !FRAME | self.spare
    }

    fn put(&self, stub: &mut Stub, injection: &Injection) -> Result<(), StubError> {
        stub.stop()?;
        let mut content = vec![0; PAGE_BYTES];
        stub.read(self.page.frame(), &mut content)?;
        let start = usize::try_from(injection.offset % PAGE_SIZE).unwrap_or_default();
        let place = start..start + injection.after.len();
        content[place].copy_from_slice(&injection.after);
        stub.write(self.spare, &content)?;
        stub.write(self.page.entry_at, &self.entry().to_le_bytes())?;
        stub.set_breakpoint(self.address)?;
        stub.go()
    }

    /// Takes the fault away, if the instance still has it.
    fn take(&self, stub: &mut Stub, has_breakpoint: bool) -> Result<(), StubError> {
        stub.stop()?;
        let mut entry = [0; 8];
        stub.read(self.page.entry_at, &mut entry)?;
        if u64::from_le_bytes(entry) == self.entry() {
            stub.write(self.page.entry_at, &self.page.entry.to_le_bytes())?;
        }
        if has_breakpoint {
            stub.remove_breakpoint(self.address)?;
        }
        stub.go()
    }
}
