//! One boot, into which faults are put one after the other.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use abi::layout::PAGE_SIZE;

use super::PAGE_BYTES;
use super::campaign::Campaign;
use super::fault::Fault;
use super::guest::{Answer, Guest, Listing, failed};
use super::instances::{Instance, Search};
use super::outcome::{Outcome, Round, Seen, crashes, judge, not_running, starts_anew};
use super::plan::Injection;
use super::report::Case;
use super::transcript::{Difference, Transcript};
use crate::Error;
use crate::debugger::{FRAME, Mapped};
use crate::debugger::{Stub, StubError};
use crate::run::{Ending, tail};

/// How long an undisturbed round may take.
const CALM: Duration = Duration::from_secs(120);
/// A program that shows something on the terminal from time to time does not get on when nothing
/// has been shown for so long.
const QUIET: Duration = Duration::from_secs(60);
/// How often a machine is looked at that does not answer, and how long it runs between.
const LOOKS: usize = 8;
const BETWEEN_LOOKS: Duration = Duration::from_millis(97);

/// One boot.
pub(super) struct Session {
    pub(super) guest: Guest,
    /// Where the boot archive lies in physical memory.
    archive: u64,
    pub(super) instances: BTreeMap<String, Instance>,
}

impl Session {
    /// Boots, and finds an instance of each service.
    pub(super) fn boot(campaign: &Campaign, listing: Listing) -> Result<Session, Error> {
        let mut session = Session {
            guest: Guest::boot(&campaign.built, &campaign.wanted, listing)?,
            archive: 0,
            instances: BTreeMap::new(),
        };
        session.find(campaign, campaign.texts.keys().cloned().collect())?;
        Ok(session)
    }

    /// A round in which nothing is wrong.
    pub(super) fn calm_round(&mut self) -> Result<Transcript, Error> {
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
    pub(super) fn translate_again(&mut self) -> Result<(), StubError> {
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
    pub(super) fn inject(
        &mut self,
        campaign: &Campaign,
        injection: Injection,
    ) -> Result<(Case, bool), Error> {
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
        let answer = self.guest.ask("round", campaign.calm.limit, &mut note);
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
                let answer = self
                    .guest
                    .ask("round", campaign.calm.limit, &mut |_| Ok(()));
                seen.check = Some(self.judge(campaign, answer));
            }
        }
        let log = log + &self.guest.new_log();
        seen.crashed = crashes(&log);
        seen.anew = starts_anew(&log);
        if matches!(seen.check, Some(Round::Done(_))) && !seen.crashed.is_empty() {
            let answer = self
                .guest
                .ask("status", campaign.calm.limit, &mut |_| Ok(()));
            if let Answer::Done(table, _) = answer {
                seen.down = not_running(&table);
            }
        }
        (seen, log)
    }

    fn judge(&mut self, campaign: &Campaign, answer: Answer) -> Round {
        match answer {
            Answer::Done(text, status) => {
                Round::Done(Transcript::read(&text, status).differs_from(&campaign.calm.round))
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
