//! Plays a case at every point, or at a sample of them.

use crate::case::Case;
use crate::disturbance::{Disturbance, Order};
use crate::line;
use crate::player::{Noted, ORDERS};
use crate::probe::{Counts, Kind, Point};
use crate::registry::SERVICES;
use crate::run::{Failed, Outcome, Played, differences, leftovers, play};
use crate::world::Wrong;
use abi::Endpoint;
use control::{Reason, Response, StateAnswer};
use protocol::endpoint;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;
use std::rc::Rc;

/// So many points later is soon: handlers that run again come to about as many once more.
const SOON: u64 = 40;

/// What the kernel logs when it ends a request that crashes its server.
const POISONED: &str = "it crashes its server";

/// A case with what it comes to when it is left alone.
pub struct Campaign<'a> {
    case: &'a Case,
    seed: u64,
    /// See [`Campaign::calm`].
    calm: RefCell<BTreeMap<usize, Rc<Outcome>>>,
    /// The points that services come to when they are left alone.
    pub counts: Counts,
}

impl<'a> Campaign<'a> {
    /// Plays the case undisturbed: it must come to the same when it is played again.
    ///
    /// # Errors
    /// What went wrong.
    pub fn new(case: &'a Case, seed: u64) -> Result<Campaign<'a>, Box<Failed>> {
        let campaign = Campaign {
            case,
            seed,
            calm: RefCell::default(),
            counts: play(case, seed, &Disturbance::none())?.counts,
        };
        campaign.play(&Disturbance::none())?;
        Ok(campaign)
    }

    /// What the case comes to when rs is asked so many questions that change nothing.
    fn calm(&self, questions: usize) -> Result<Rc<Outcome>, Box<Failed>> {
        if let Some(calm) = self.calm.borrow().get(&questions) {
            return Ok(calm.clone());
        }
        let orders = vec![Order::Status(endpoint::RS); questions];
        let played = play(self.case, self.seed, &Disturbance::at_once(orders))?;
        let calm = Rc::new(played.outcome);
        self.calm.borrow_mut().insert(questions, calm.clone());
        Ok(calm)
    }

    /// Plays the case disturbed.
    ///
    /// # Errors
    /// What went wrong, or what differs.
    pub fn play(&self, disturbance: &Disturbance) -> Result<Played, Box<Failed>> {
        let mut played = play(self.case, self.seed, disturbance)?;
        let calm = self.calm(played.ordered)?;
        let on_the_line = |death: &Point| death.slot == endpoint::TTY;
        if !self.case.typed.is_empty() && disturbance.deaths.iter().any(on_the_line) {
            played.outcome = line::forgiven(&calm, played.outcome);
        }
        let cut_short = disturbance.deaths.len() > 1 && played.log.contains(POISONED);
        let mut wrong = if cut_short {
            // Two services died with the same request in hand: the kernel has ended it, and what
            // depends on its answer is another.
            leftovers(self.case, &calm, &played.outcome)
        } else {
            differences(&calm, &played.outcome)
        };
        wrong.extend(refused(&played));
        if wrong.is_empty() {
            return Ok(played);
        }
        Err(Box::new(Failed {
            case: self.case.name,
            seed: self.seed,
            disturbance: disturbance.clone(),
            wrong: Wrong::Differs(wrong),
            trace: played.trace.to_string(),
            log: played.log,
        }))
    }

    /// Plays the case with each of these.
    pub fn sweep(&self, disturbances: impl Iterator<Item = Disturbance>) -> Sweep {
        let mut sweep = Sweep::default();
        for disturbance in disturbances {
            sweep.add(self.play(&disturbance));
        }
        sweep
    }

    /// All single deaths of these kinds.
    pub fn deaths<'b>(&'b self, kinds: &'b [Kind]) -> impl Iterator<Item = Disturbance> + 'b {
        let counts = self.counts.iter();
        counts
            .filter(|((_, kind), _)| kinds.contains(kind))
            .flat_map(|((slot, kind), count)| {
                (0..*count).map(|number| {
                    Disturbance::death(Point {
                        slot: *slot,
                        kind: *kind,
                        number,
                    })
                })
            })
    }

    /// A death of one service at any point of a kind, together with one of another service.
    pub fn pairs(&self, one: (Endpoint, Kind), other: (Endpoint, Kind)) -> Vec<Disturbance> {
        let count = |of| self.counts.get(&of).copied().unwrap_or(0);
        let points = |(slot, kind): (Endpoint, Kind)| {
            (0..count((slot, kind))).map(move |number| Point { slot, kind, number })
        };
        let both = |one| {
            points(other).map(move |other| Disturbance {
                deaths: vec![one, other],
                ..Disturbance::default()
            })
        };
        points(one).flat_map(both).collect()
    }

    /// A death of a service at each point of a kind, and another one soon after it.
    pub fn deaths_again(
        &self,
        slot: Endpoint,
        kind: Kind,
    ) -> impl Iterator<Item = Disturbance> + use<> {
        let count = self.counts.get(&(slot, kind)).copied().unwrap_or(0);
        let point = move |number| Point { slot, kind, number };
        (0..count).flat_map(move |first| {
            (1..=SOON).map(move |later| Disturbance {
                deaths: vec![point(first), point(first + later)],
                ..Disturbance::default()
            })
        })
    }

    /// Deaths of a service at every point that it comes to while rs carries out orders.
    ///
    /// # Errors
    /// What goes wrong when nobody dies.
    pub fn deaths_during(
        &self,
        slot: Endpoint,
        orders: &[Order],
    ) -> Result<Vec<Disturbance>, Box<Failed>> {
        let calm = Disturbance::at_once(orders.to_vec());
        let counts = self.play(&calm)?.counts;
        let counts = counts.into_iter().filter(|((of, _), _)| *of == slot);
        let points = counts.flat_map(|((slot, kind), count)| {
            (0..count).map(move |number| Point { slot, kind, number })
        });
        let disturbance = |point| Disturbance {
            deaths: vec![point],
            ..calm.clone()
        };
        Ok(points.map(disturbance).collect())
    }

    /// An update and its way back, and a refresh, of every service at each of its events.
    pub fn updates(&self) -> impl Iterator<Item = Disturbance> + '_ {
        SERVICES.iter().flat_map(|slot| {
            let count = self.counts.get(&(*slot, Kind::Event)).copied().unwrap_or(0);
            (0..count).flat_map(|number| {
                let there = Order::Update(*slot, 2);
                let back = Order::Update(*slot, 1);
                [
                    Disturbance::orders(*slot, number, vec![there, back]),
                    Disturbance::orders(*slot, number, vec![Order::Refresh(*slot)]),
                ]
            })
        })
    }
}

/// What came of many disturbances.
#[derive(Default)]
pub struct Sweep {
    /// How many there were.
    pub runs: usize,
    /// Services that died in them.
    pub deaths: usize,
    /// Orders that rs was given.
    pub orders: usize,
    /// Runs in which the kernel ended a request that was in hand at two deaths.
    pub poisoned: usize,
    /// Those that went wrong: of each kind of failure, with and without a poisoned request, the
    /// first one, and how many there are.
    pub failed: BTreeMap<(String, bool), (usize, Box<Failed>)>,
}

impl Sweep {
    /// Adds what came of others.
    pub fn more(&mut self, other: Sweep) {
        self.runs += other.runs;
        self.deaths += other.deaths;
        self.orders += other.orders;
        self.poisoned += other.poisoned;
        for (kind, (count, failed)) in other.failed {
            self.failed.entry(kind).or_insert((0, failed)).0 += count;
        }
    }

    fn add(&mut self, played: Result<Played, Box<Failed>>) {
        self.runs += 1;
        match played {
            Ok(played) => {
                self.deaths += played.deaths;
                self.orders += played.ordered;
                self.poisoned += usize::from(played.log.contains(POISONED));
            }
            Err(failed) => {
                let kind = (failed.wrong.kind(), failed.log.contains(POISONED));
                self.failed.entry(kind).or_insert((0, failed)).0 += 1;
            }
        }
    }
}

impl fmt::Display for Sweep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (count, failed) in self.failed.values() {
            writeln!(f, "{count} like this: {failed}")?;
        }
        let failures: usize = self.failed.values().map(|(count, _)| count).sum();
        write!(
            f,
            "{} runs with {} deaths and {} orders: {failures} went wrong",
            self.runs, self.deaths, self.orders
        )
    }
}

/// What rs has not done as it was ordered.
fn refused(played: &Played) -> Option<String> {
    let answers = played.outcome.notes.get(ORDERS);
    let answers = answers.map_or(&[][..], Vec::as_slice);
    if answers.len() != played.ordered {
        return Some(format!("{} orders, {answers:?}", played.ordered));
    }
    answers.iter().find_map(|answer| {
        let Noted::Bytes(bytes) = answer else {
            return Some("an answer that is a number".to_owned());
        };
        let response = match control::decode_state(bytes) {
            Ok(StateAnswer::Shown(json)) if json.ends_with('}') => return None,
            Ok(StateAnswer::Response(response)) => Ok(response),
            other => Err(format!("{other:?}")),
        };
        match response {
            Ok(Response::Updated(_) | Response::Status(_)) => None,
            // Who dies in the middle of its own update, or prepares for it, goes on as before.
            Ok(Response::Refused(refused))
                if played.deaths > 0
                    && refused[..]
                        .iter()
                        .all(|one| one.reason == Reason::RolledBack) =>
            {
                None
            }
            other => Some(format!("rs answers {other:?}")),
        }
    })
}
