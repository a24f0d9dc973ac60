//! Programs work, and one service ends at one of its points meanwhile: do they see anything of it?

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::io;
use std::path::Path;

use abi::EventKind;
use abi::slot::Fault;
use control::{Crash, ServiceName};

use crate::ask;
use crate::chance::Chance;
use crate::serve::serve;
use crate::snippet::{self, Outcome};

/// Points that a service passes at least while a snippet uses it; asking for its counts takes fewer.
const LEAST: u64 = 8;
/// Snippets drawn in vain for a service, until any is taken: it may be that none uses it.
const PATIENCE: u32 = 1000;

/// What programs saw of a crash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Seen {
    /// Nothing: output and status are the same.
    Transparent,
    /// An error that they were told of.
    Error,
    /// Something else, without an error.
    Wrong,
    /// No end.
    Hang,
}

/// Has services end at points drawn by lot, so many in all, while snippets run.
///
/// A line for each: the service, the point, what was seen, what the service had in hand, the snippet.
///
/// # Errors
/// When the system does not serve any more.
pub fn run(seed: u64, count: u64, services: &[ServiceName], corpus: &Path) -> Result<(), String> {
    let told = |error: io::Error| error.to_string();
    let snippets = snippet::all(corpus).map_err(told)?;
    let mut chance = Chance::new(seed);
    let mut calm: BTreeMap<usize, Option<Calm>> = BTreeMap::new();
    let (mut done, mut unused) = (0, 0);
    while done < count {
        let which = usize::try_from(done).unwrap_or(0) % services.len();
        let nth = chance.below(snippets.len() as u64);
        let nth = usize::try_from(nth).unwrap_or(0);
        let snippet = &snippets[nth];
        let calm = match calm.entry(nth) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(unknown) => unknown.insert(undisturbed(snippet, services).map_err(told)?),
        };
        let Some(Calm { outcome, spent }) = calm else {
            continue;
        };
        let (points, time) = spent[which];
        if points < LEAST && unused < PATIENCE {
            unused += 1;
            continue;
        }
        unused = 0;
        done += 1;
        // By turns at a point, and after a time.
        let (fault, limit) = match chance.below(2) {
            0 => (Fault::AtPoint, points),
            _ => (Fault::AfterTime, time),
        };
        if limit == 0 {
            continue;
        }
        let place = (fault, 1 + chance.below(limit));
        let service = &services[which];
        let line = disturbed(snippet, service, place, outcome).map_err(told)?;
        let name = snippet.file_stem().unwrap_or_default().to_string_lossy();
        let place = format!("{} {fault:?} {}", service.as_str(), place.1);
        println!("{place} {line} {name}");
        serve().map_err(|error| format!("after {place}: {error}"))?;
    }
    Ok(())
}

/// What a snippet does when nothing disturbs it.
struct Calm {
    outcome: Outcome,
    /// The points that each service passes meanwhile, and the nanoseconds that it runs.
    spent: Vec<(u64, u64)>,
}

/// None when it does not do the same each time.
fn undisturbed(snippet: &Path, services: &[ServiceName]) -> io::Result<Option<Calm>> {
    let first = snippet::run(snippet)?;
    let before = spent(services)?;
    let outcome = snippet::run(snippet)?;
    let after = spent(services)?;
    let both = before.iter().zip(after);
    let spent = both.map(|(before, after)| (after.0 - before.0, after.1 - before.1));
    let spent = spent.collect();
    Ok((first == outcome).then_some(Calm { outcome, spent }))
}

fn spent(services: &[ServiceName]) -> io::Result<Vec<(u64, u64)>> {
    let all = ask::settled()?;
    let of = |name: &ServiceName| {
        let found = all.iter().find(|one| one.name == *name);
        found.map(|one| (one.points, one.run_time))
    };
    Ok(services.iter().filter_map(of).collect())
}

fn disturbed(
    snippet: &Path,
    service: &ServiceName,
    (fault, count): (Fault, u64),
    expected: &Outcome,
) -> io::Result<String> {
    let before = ask::last_crash()?.map_or(0, |crash| crash.number);
    ask::end(service, fault, count)?;
    let found = snippet::run(snippet)?;
    ask::settled()?;
    ask::end_at(service, 0)?;
    let crash = ask::last_crash()?.filter(|crash| crash.number > before);
    let Some(crash) = crash else {
        return Ok("Passed - 0".into());
    };
    let seen = judge(expected, &found);
    if seen != Seen::Transparent {
        eprintln!(
            "{} {fault:?} {count} {}: {seen:?}\n{expected:?}\n{found:?}",
            service.as_str(),
            snippet.display()
        );
    }
    Ok(format!(
        "{seen:?} {} {}",
        in_hand(&crash),
        crash.call.unwrap_or(0)
    ))
}

fn judge(expected: &Outcome, found: &Outcome) -> Seen {
    if found == expected {
        Seen::Transparent
    } else if found.status.is_none() {
        Seen::Hang
    } else if found.status != expected.status || found.errors != expected.errors {
        Seen::Error
    } else {
        Seen::Wrong
    }
}

/// What a service had in hand: `request:PROTOCOL:KIND`, or another event.
fn in_hand(crash: &Crash) -> String {
    const EVENTS: [(EventKind, &str); 4] = [
        (EventKind::Completion, "answer"),
        (EventKind::Cancel, "cancellation"),
        (EventKind::Notify, "notification"),
        (EventKind::Timer, "timer"),
    ];
    match crash.recent.first() {
        Some(request) if crash.event == EventKind::Request as u32 => {
            format!("request:{}:{}", request.protocol, request.kind)
        }
        _ => {
            let event = EVENTS.iter().find(|(kind, _)| *kind as u32 == crash.event);
            event.map_or("nothing", |(_, name)| name).into()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_programs_see_is_judged() {
        let expected = Outcome {
            status: Some(0),
            output: b"1 2\n".to_vec(),
            errors: Vec::new(),
        };
        let with = |status, output: &str, errors: &str| Outcome {
            status,
            output: output.into(),
            errors: errors.into(),
        };
        let cases = [
            (with(Some(0), "1 2\n", ""), Seen::Transparent),
            (with(Some(1), "1 2\n", ""), Seen::Error),
            (with(Some(0), "1\n", "cat: 2: error\n"), Seen::Error),
            (with(Some(0), "1 3\n", ""), Seen::Wrong),
            (with(None, "1 2\n", ""), Seen::Hang),
        ];
        for (found, seen) in cases {
            assert_eq!(judge(&expected, &found), seen, "{found:?}");
        }
    }
}
