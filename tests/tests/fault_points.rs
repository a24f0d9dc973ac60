//! Services end at each of their points, one point at a time: while a set of them is updated, and
//! while programs work.

use abi::message::PROTOCOL_LINUX;
use std::collections::BTreeMap;
use std::fmt::{self, Display, Formatter};
use std::fs;
use std::path::Path;
use std::time::Duration;

use tests::corpus::{Batch, FOLDER, folder, load};
use tests::inside::{Done, Inside};
use tests::programs::lay_program;

const LIMIT: Duration = Duration::from_secs(3000);

/// Updates a set, with a member ending at the first point and at each `step`-th from there.
fn transaction(set: &str, first: u64, step: u64, memory: &str) -> Done {
    let overlay = tempfile::tempdir().expect("a folder");
    lay_program(overlay.path(), "crasher");
    let (first, step) = (first.to_string(), step.to_string());
    let words = ["/bin/crasher", "transaction", &first, &step];
    let done = Inside::command(words.into_iter().chain(set.split(' ')))
        .overlay(overlay.path())
        .memory(memory)
        .counted()
        .within(LIMIT)
        .run();
    assert_eq!(done.status(), 0, "{}", done.report());
    println!("{}", String::from_utf8_lossy(&done.stdout));
    done
}

/// S1: whoever dies at whichever point of an update, rs and vm included, leaves all of the set old,
/// or all of it new, and everything serves. Here at each third point.
#[test]
fn an_update_is_all_or_nothing_wherever_it_is_cut_short() {
    transaction("vfs vm pm rs", 1, 3, "64M");
}

/// The same for all services, at each point.
#[test]
#[ignore = "takes half an hour"]
fn an_update_of_all_is_all_or_nothing_wherever_it_is_cut_short() {
    transaction(ALL, 1, 1, "256M");
}

/// Every service; rs last, whose points are the most.
const ALL: &str = "pm vfs vm ramfs pfs procfs tty memory random clock hello ds sched host-link rs";

/// Programs work while services end at points, or after so many instructions of their own, drawn by
/// lot.
fn recovery(seed: u64, count: u64, services: &str) -> Done {
    let overlay = tempfile::tempdir().expect("a folder");
    lay_program(overlay.path(), "crasher");
    let snippets = load(&folder()).expect("the corpus");
    let batch = Batch {
        snippets: &snippets,
        limit: LIMIT,
    };
    batch.write_overlay(overlay.path()).expect("an overlay");
    lay_drivers(&overlay.path().join(FOLDER).join("drivers"));
    let limit = Duration::from_secs(600 + 4 * count);
    let (seed, count, corpus) = (seed.to_string(), count.to_string(), format!("/{FOLDER}"));
    let words = ["/bin/crasher", "recovery", &seed, &count, &corpus];
    let done = Inside::command(words.into_iter().chain(services.split(' ')))
        .overlay(overlay.path())
        .counted()
        .within(limit)
        .run();
    println!("{}", String::from_utf8_lossy(&done.stdout));
    assert_eq!(done.status(), 0, "{}", done.report());
    done
}

/// Lays snippets that use drivers beside those that Linux runs as well.
fn lay_drivers(to: &Path) {
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/drivers");
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("the snippets") {
        let path = entry.expect("a snippet").path();
        let name = path.file_name().expect("a name");
        fs::copy(&path, to.join(name)).expect("a copy");
    }
}

/// What was seen of the crashes of a service with something in hand.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    transparent: u32,
    error: u32,
    wrong: u32,
}

impl Tally {
    fn add(&mut self, seen: &str) {
        match seen {
            "Transparent" => self.transparent += 1,
            "Error" => self.error += 1,
            _ => self.wrong += 1,
        }
    }

    fn add_all(&mut self, other: Tally) {
        self.transparent += other.transparent;
        self.error += other.error;
        self.wrong += other.wrong;
    }

    fn share(&self) -> f64 {
        let all = self.transparent + self.error + self.wrong;
        f64::from(self.transparent) / f64::from(all.max(1))
    }
}

/// What a service had in hand when it crashed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct InHand {
    /// Whether it is a message that may be sent again.
    repeatable: bool,
    name: String,
}

impl InHand {
    /// Reads `request:PROTOCOL:KIND`; anything else is its own name.
    fn of(text: &str) -> InHand {
        let mut numbers = text.split(':').skip(1);
        let protocol = numbers.next().and_then(|word| word.parse().ok());
        let kind = numbers.next().and_then(|word| word.parse().ok());
        let message = protocol
            .zip(kind)
            .and_then(|(of, kind)| protocol::message(of, kind));
        InHand {
            repeatable: message.is_some_and(|(_, message)| message.repeatable),
            name: match message {
                Some((of, message)) => format!("{of}.{}", message.name),
                None if protocol == Some(PROTOCOL_LINUX) => {
                    format!("system call {}", kind.unwrap_or_default())
                }
                None => text.to_owned(),
            },
        }
    }
}

impl Display for InHand {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let again = if self.repeatable { " (repeatable)" } else { "" };
        write!(f, "{}{again}", self.name)
    }
}

/// Checks what programs have seen, and prints it for each service and what it had in hand. At least
/// `least` of all crashes are to be transparent, and no less than `least - 0.05` of any service's that
/// crashed often enough to tell.
fn check(done: &Done, least: f64) {
    let text = String::from_utf8_lossy(&done.stdout).into_owned();
    let mut services: BTreeMap<&str, Tally> = BTreeMap::new();
    let mut messages: BTreeMap<(&str, InHand), Tally> = BTreeMap::new();
    let mut all = Tally::default();
    for line in text.lines() {
        let words: Vec<&str> = line.split(' ').collect();
        let [service, _, _, seen, in_hand, ..] = words[..] else {
            panic!("{line}");
        };
        if seen != "Passed" {
            services.entry(service).or_default().add(seen);
            let in_hand = InHand::of(in_hand);
            messages.entry((service, in_hand)).or_default().add(seen);
            all.add(seen);
        }
    }
    for ((service, what), tally) in &messages {
        println!("{service} with {what}: {tally:?}");
    }
    let mut repeatable = Tally::default();
    let all_repeatable = messages.iter().filter(|((_, what), _)| what.repeatable);
    all_repeatable.for_each(|(_, tally)| repeatable.add_all(*tally));
    println!("messages that may be sent again: {repeatable:?}");
    for (service, tally) in &services {
        println!("{service}: {:.1} % {tally:?}", 100.0 * tally.share());
    }
    println!("all: {:.1} % {all:?}", 100.0 * all.share());
    assert_eq!(all.wrong, 0, "{}", done.report());
    assert!(all.share() >= least, "{}", done.report());
    let often = |tally: &Tally| tally.transparent + tally.error >= 20;
    let worst = services
        .iter()
        .find(|(_, tally)| often(tally) && tally.share() < least - 0.05);
    assert!(worst.is_none(), "{worst:?}");
}

/// Programs work, and see nothing of a service that ends at a point, or after so many instructions,
/// drawn by lot.
#[test]
fn programs_do_not_see_that_a_service_ends() {
    check(&recovery(1, 75, ALL), 0.95);
}

/// The same at a thousand points and after a thousand numbers of instructions, about.
#[test]
#[ignore = "takes an hour or more"]
fn programs_do_not_see_that_a_service_ends_two_thousand_times() {
    check(&recovery(2, 2000, ALL), 0.95);
}
