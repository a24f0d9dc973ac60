//! A set of services is updated, and one of them ends at each of its points meanwhile.

use std::fmt::{self, Display, Formatter};
use std::io;
use std::thread::sleep;
use std::time::Duration;

use abi::slot::Failure;
use control::{Response, ServiceName, ServiceStatus};

use crate::ask;
use crate::memory::Measure;
use crate::serve::serve;

/// How often, and how long apart, members are looked at that are to fall silent.
const LOOKS: u32 = 40;
const LOOK: Duration = Duration::from_millis(50);
/// Points that a member passes between two looks because of the looks themselves, at most.
const ASKED: u64 = 60;

/// What came of the updates in which one service ended at each of its points.
#[derive(Debug, Default)]
struct Tally {
    points: u64,
    committed: u64,
    rolled_back: u64,
    /// Committed, and gone back to because a new version ended at once.
    reverted: u64,
    crashes: u64,
}

/// Updates the set between its versions 1 and 2 until every member has ended at each of the points
/// that are chosen: the first, and from there every `step`-th.
///
/// # Errors
/// What went wrong, in words.
pub fn run(set: &[ServiceName], first: u64, step: u64) -> Result<(), String> {
    let told = |error: io::Error| error.to_string();
    serve()?;
    let recorded = record(set).map_err(told)?;
    let before = Measure::take().map_err(told)?;
    for (at, (member, recorded)) in set.iter().zip(recorded).enumerate() {
        let tally = everywhere(set, member, first, step)?;
        println!("{}: {recorded} points recorded, {tally:?}", member.as_str());
        let end = tally.points * step + first + step;
        // How many the link's driver passes depends on the host, which may be quicker by now.
        if end < recorded.least && end < record(set).map_err(told)?[at].least {
            return Err(format!("{}: too few points", member.as_str()));
        }
    }
    let grown = Measure::take().map_err(told)?.growth(&before);
    if grown.is_empty() {
        Ok(())
    } else {
        Err(grown.join(", "))
    }
}

/// Updates in a row in which a member does not come to its point, after which it has no more: one may
/// have fewer than another.
const MISSED: u32 = 4;

/// Points that a member passes in updates that nothing disturbs. They are nearly the same in each of
/// them, except for the link's driver: the host at its other end takes its time.
#[derive(Clone, Copy, Debug)]
struct Recorded {
    least: u64,
    most: u64,
}

impl Recorded {
    const NOTHING: Recorded = Recorded {
        least: u64::MAX,
        most: 0,
    };

    fn add(&mut self, points: u64) {
        self.least = self.least.min(points);
        self.most = self.most.max(points);
    }
}

impl Display for Recorded {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Recorded { least, most } = self;
        if least == most {
            write!(f, "{least}")
        } else {
            write!(f, "{least} to {most}")
        }
    }
}

/// Points that each member passes in updates that nothing disturbs.
fn record(set: &[ServiceName]) -> io::Result<Vec<Recorded>> {
    let mut recorded = vec![Recorded::NOTHING; set.len()];
    for version in [2, 1, 2, 1] {
        let before = quiet(set)?;
        expect_updated(&ask::update(set, version)?)?;
        let after = points(set)?;
        for (recorded, (before, after)) in recorded.iter_mut().zip(before.iter().zip(after)) {
            recorded.add(after.saturating_sub(*before));
        }
    }
    Ok(recorded)
}

/// The points that each member has passed, once none passes any more: what was written before may
/// still be on its way out.
fn quiet(set: &[ServiceName]) -> io::Result<Vec<u64>> {
    let mut before = points(set)?;
    for _ in 0..LOOKS {
        sleep(LOOK);
        let now = points(set)?;
        // Being asked is what rs and those that hear the question do themselves.
        let busy = before
            .iter()
            .zip(&now)
            .any(|(before, now)| now - before > ASKED);
        before = now;
        if !busy {
            break;
        }
    }
    Ok(before)
}

fn points(set: &[ServiceName]) -> io::Result<Vec<u64>> {
    let all = ask::settled()?;
    let points = |name: &ServiceName| {
        all.iter()
            .find(|one| one.name == *name)
            .map(|one| one.points)
    };
    Ok(set.iter().filter_map(points).collect())
}

fn expect_updated(response: &Response) -> io::Result<()> {
    match response {
        Response::Updated(updated) if updated.committed => Ok(()),
        other => Err(io::Error::other(format!("{other:?}"))),
    }
}

fn everywhere(
    set: &[ServiceName],
    member: &ServiceName,
    first: u64,
    step: u64,
) -> Result<Tally, String> {
    let mut tally = Tally::default();
    let (mut point, mut missed) = (first, 0);
    while missed < MISSED {
        let at = |error: String| format!("{} at point {point}: {error}", member.as_str());
        if once(set, member, point, &mut tally).map_err(at)? {
            serve().map_err(at)?;
            tally.points += 1;
            missed = 0;
        } else {
            missed += 1;
        }
        point += step;
    }
    Ok(tally)
}

/// One update; whether the member came to the point.
fn once(
    set: &[ServiceName],
    member: &ServiceName,
    point: u64,
    tally: &mut Tally,
) -> Result<bool, String> {
    let told = |error: io::Error| error.to_string();
    let before = ask::settled().map_err(told)?;
    let old = version_of(set, &before)?;
    let new = 3 - old;
    ask::end_at(member, point).map_err(told)?;
    let response = ask::update(set, new).map_err(told)?;
    let after = ask::settled().map_err(told)?;
    ask::end_at(member, 0).map_err(told)?;
    let crashes = crashes(&after) - crashes(&before);
    let version = version_of(set, &after)?;
    others_are_as_before(set, &before, &after)?;
    let failed = match &response {
        Response::Updated(_) if version == new => {
            tally.committed += 1;
            false
        }
        Response::Updated(_) => {
            tally.reverted += 1;
            false
        }
        Response::Refused(refused) if version == old => {
            tally.rolled_back += 1;
            let killed = refused.iter().any(|one| one.failure == Failure::Killed);
            if !killed {
                return Err(format!("{refused:?}"));
            }
            true
        }
        other => return Err(format!("{other:?}, and version {version}")),
    };
    tally.crashes += u64::from(crashes);
    if crashes > 1 {
        return Err(format!("{crashes} crashes"));
    }
    Ok(failed || crashes > 0)
}

fn crashes(all: &[ServiceStatus]) -> u32 {
    all.iter().map(|one| one.restarts).sum()
}

/// The version that the whole set runs.
fn version_of(set: &[ServiceName], all: &[ServiceStatus]) -> Result<u32, String> {
    let mut versions: Vec<(u32, &str)> = all
        .iter()
        .filter(|one| set.contains(&one.name))
        .map(|one| (one.version, one.name.as_str()))
        .collect();
    versions.sort_unstable();
    match (versions.first(), versions.last()) {
        (Some(first), Some(last)) if first.0 == last.0 && first.0 != 0 => Ok(first.0),
        _ => Err(format!("neither old nor new: {versions:?}")),
    }
}

fn others_are_as_before(
    set: &[ServiceName],
    before: &[ServiceStatus],
    after: &[ServiceStatus],
) -> Result<(), String> {
    for (before, after) in before.iter().zip(after) {
        let same = before.name == after.name
            && before.slot == after.slot
            && (set.contains(&before.name)
                || (before.version, before.restarts, before.generation)
                    == (after.version, after.restarts, after.generation));
        if !same {
            return Err(format!("{before:?} has become {after:?}"));
        }
    }
    Ok(())
}
