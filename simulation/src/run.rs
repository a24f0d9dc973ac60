//! Plays a case once, undisturbed or not, and looks at what came out.

use crate::case::{BEGIN, Case, END};
use crate::disturbance::{Disturbance, When};
use crate::notation;
use crate::player::{Noted, ORDERS};
use crate::probe::Counts;
use crate::registry::SERVICES;
use crate::trace::{Trace, name};
use crate::world::{Watcher, World, Wrong};
use abi::{Endpoint, Pid};
use protocol::endpoint;
use std::collections::BTreeMap;
use std::fmt;

/// What a run comes to: the same, however it was disturbed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// What the programs have noted.
    pub notes: BTreeMap<&'static str, Vec<Noted>>,
    /// What each service knows.
    pub states: BTreeMap<Endpoint, String>,
    /// Processes.
    pub processes: usize,
    /// Requests that have not ended.
    pub requests: usize,
    /// Frames of programs.
    pub frames: u64,
    /// What was printed.
    pub printed: Vec<u8>,
}

/// A run that went as it should, or at least to its end.
pub struct Played {
    /// What it came to.
    pub outcome: Outcome,
    /// The points that services came to.
    pub counts: Counts,
    /// How often services died.
    pub deaths: usize,
    /// Orders given.
    pub ordered: usize,
    /// Turns that it took.
    pub turns: u64,
    /// The kernel's log.
    pub log: String,
    /// What happened last.
    pub trace: Trace,
}

/// A run that went wrong: all that is needed to repeat and to understand it.
pub struct Failed {
    /// The case.
    pub case: &'static str,
    /// Who decided on the turns.
    pub seed: u64,
    /// What was done.
    pub disturbance: Disturbance,
    /// What is wrong.
    pub wrong: Wrong,
    /// What happened last.
    pub trace: String,
    /// The kernel's log.
    pub log: String,
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "case {}, seed {}", self.case, self.seed)?;
        for point in &self.disturbance.deaths {
            let (slot, kind) = (name(point.slot), point.kind);
            writeln!(f, "{slot} dies at its {kind:?} {}", point.number)?;
        }
        match &self.disturbance.orders {
            Some((When::At(point), orders)) => {
                let slot = name(point.slot);
                writeln!(
                    f,
                    "at {:?} {} of {slot}: {orders:?}",
                    point.kind, point.number
                )?;
            }
            Some((When::Begin, orders)) => writeln!(f, "at once: {orders:?}")?,
            None => {}
        }
        match &self.wrong {
            Wrong::Differs(what) => {
                for one in what {
                    writeln!(f, "another outcome: {one}")?;
                }
            }
            wrong => writeln!(f, "{wrong:?}")?,
        }
        write!(f, "log:\n{}last events:\n{}", self.log, self.trace)
    }
}

impl fmt::Debug for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Plays a case.
///
/// # Errors
/// What went wrong, other than that the outcome is another one.
pub fn play(case: &Case, seed: u64, disturbance: &Disturbance) -> Result<Played, Box<Failed>> {
    play_watched(case, seed, disturbance, None)
}

/// As [`play`], shown to a watcher.
///
/// # Errors
/// As [`play`].
pub fn play_watched(
    case: &Case,
    seed: u64,
    disturbance: &Disturbance,
    watcher: Option<Watcher>,
) -> Result<Played, Box<Failed>> {
    let mut world = World::new(&case.boot, seed, disturbance).map_err(|wrong| {
        Box::new(Failed {
            case: case.name,
            seed,
            disturbance: disturbance.clone(),
            wrong,
            trace: String::new(),
            log: String::new(),
        })
    })?;
    world.watcher = watcher;
    let result = go(case, &mut world, disturbance);
    let log = String::from_utf8_lossy(&world.host.borrow().kernel.machine.log).into_owned();
    match result {
        Ok(()) => Ok(Played {
            outcome: outcome(case, &world),
            counts: world.probe.counts(),
            deaths: world.probe.deaths().len(),
            ordered: world.player.ordered,
            turns: world.turns(),
            trace: std::mem::take(&mut world.trace),
            log,
        }),
        Err(wrong) => Err(Box::new(Failed {
            case: case.name,
            seed,
            disturbance: disturbance.clone(),
            wrong,
            trace: world.trace.to_string(),
            log,
        })),
    }
}

fn go(case: &Case, world: &mut World, disturbance: &Disturbance) -> Result<(), Wrong> {
    if !case.counts_boot {
        world.run_until(|world| world.player.gates.contains(&BEGIN))?;
    }
    world.probe.begin();
    if matches!(disturbance.orders, Some((When::Begin, _))) {
        world.order();
    }
    for (gate, bytes) in &case.typed {
        run_to_gate(case, world, *gate)?;
        world.devices.console.arrive(bytes);
    }
    run_to_gate(case, world, END)?;
    let ends = (0..case.operators).map(|_| Vec::new());
    world.player.orders.extend(ends);
    world.run_until(|world| world.player.has_halted(Pid::INIT))?;
    world.probe.finish();
    world.settle()?;
    let checked = world.host.borrow().check();
    checked.map_err(Wrong::Contradiction)?;
    let log = &world.host.borrow().kernel.machine.log;
    if String::from_utf8_lossy(log).contains("a reply was refused") {
        return Err(Wrong::Contradiction("a request ended twice".to_owned()));
    }
    Ok(())
}

/// Runs until a gate is open. Whoever types sees when nothing happens, and types again. Had the
/// first one come through, two would show.
fn run_to_gate(case: &Case, world: &mut World, gate: u32) -> Result<(), Wrong> {
    let is_open = |world: &World| world.player.gates.contains(&gate);
    match world.run_until(is_open) {
        Err(Wrong::Stuck) if !case.typed.is_empty() => {
            world.devices.console.arrive(case.typed_again);
            world.run_until(is_open)
        }
        result => result,
    }
}

fn outcome(case: &Case, world: &World) -> Outcome {
    let host = world.host.borrow();
    let known = |slot: &&Endpoint| **slot != endpoint::RS && !case.unlike.contains(slot);
    let states = SERVICES.iter().filter(known).map(|slot| {
        let state = world.state(*slot).unwrap_or_default();
        (*slot, notation::exported(&state))
    });
    Outcome {
        notes: world.player.notes.clone(),
        states: states.collect(),
        processes: host.pids().count(),
        requests: host.requests(),
        frames: host.kernel.memory.statistics().programs,
        printed: world.devices.console.sent(),
    }
}

/// All that differs, in words.
#[must_use]
pub fn differences(before: &Outcome, after: &Outcome) -> Vec<String> {
    let mut all = Vec::new();
    for (name, noted) in &before.notes {
        let now = after.notes.get(name);
        if *name != ORDERS && now != Some(noted) {
            all.push(format!("{name}: {noted:?}, now {now:?}"));
        }
    }
    all.extend(states(before, after, |_| true));
    let numbers = |outcome: &Outcome| (outcome.processes, outcome.requests, outcome.frames);
    if numbers(before) != numbers(after) {
        let (before, after) = (numbers(before), numbers(after));
        all.push(format!(
            "(processes, requests, frames): {before:?}, now {after:?}"
        ));
    }
    if before.printed != after.printed {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let (before, after) = (text(&before.printed), text(&after.printed));
        all.push(format!("printed {before:?}, now {after:?}"));
    }
    all
}

/// What is left over of a request that was cut short, in words: nobody is there, and nobody waits,
/// who would not without that; and some services know nothing of it any more.
#[must_use]
pub fn leftovers(case: &Case, before: &Outcome, after: &Outcome) -> Vec<String> {
    let mut all = states(before, after, |slot| case.forgetful.contains(&slot));
    if after.processes > before.processes || after.requests > before.requests {
        let numbers = |outcome: &Outcome| (outcome.processes, outcome.requests);
        let (before, after) = (numbers(before), numbers(after));
        all.push(format!("(processes, requests): {before:?}, now {after:?}"));
    }
    all
}

fn states(before: &Outcome, after: &Outcome, counts: impl Fn(Endpoint) -> bool) -> Vec<String> {
    let all = before.states.iter().filter(|(slot, _)| counts(**slot));
    let differs = all.filter_map(|(slot, state)| {
        let now = after.states.get(slot).map_or("", String::as_str);
        let parting = (state != now).then(|| notation::parting(state, now))?;
        Some(format!("{} knows something else, {parting}", name(*slot)))
    });
    differs.collect()
}
