//! The points at which a service can be disturbed: they are counted in every run, and at one of
//! them something may happen.

use abi::Endpoint;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::panic::resume_unwind;

/// Kinds of points of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// It asks for its next event: the one before is done and not acknowledged.
    Receive,
    /// An event has been handed over; or it goes on after its commit.
    Event,
    /// Before a kernel call and, with the next number, after it has taken effect.
    Call,
    /// In the middle of a closure over its State, at a change or at the end.
    Change,
    /// Its code exports its State for a candidate.
    Export,
    /// A candidate begins.
    Start,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Kind; 6] = [
        Kind::Receive,
        Kind::Event,
        Kind::Call,
        Kind::Change,
        Kind::Export,
        Kind::Start,
    ];
}

/// A point: the n-th of its kind that a service comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Point {
    /// The service.
    pub slot: Endpoint,
    /// The kind.
    pub kind: Kind,
    /// Counted from 0.
    pub number: u64,
}

/// How many points of each kind a service has come to.
pub type Counts = BTreeMap<(Endpoint, Kind), u64>;

/// What unwinds a service that dies at a point.
#[derive(Clone, Copy, Debug)]
pub struct Death;

/// What unwinds a service whose turn does not come to an end.
#[derive(Clone, Copy, Debug)]
pub struct Hang;

/// So many points in one turn are a handler that goes round in circles.
const MOST_IN_TURN: u64 = 50_000;

/// Counts points; some of them are deadly.
#[derive(Debug, Default)]
pub struct Probe {
    counts: RefCell<Counts>,
    /// Whose turn it is.
    running: Cell<Option<Endpoint>>,
    /// Points in this turn.
    in_turn: Cell<u64>,
    counts_now: Cell<bool>,
    deadly: Vec<Point>,
    /// Where something else is to happen, and whether it is due.
    signal: Option<Point>,
    due: Cell<bool>,
    deaths: RefCell<Vec<Point>>,
}

impl Probe {
    /// A probe for which some points are deadly, and that gives a signal at one.
    #[must_use]
    pub fn new(deadly: Vec<Point>, signal: Option<Point>) -> Probe {
        Probe {
            deadly,
            signal,
            ..Probe::default()
        }
    }

    /// From here on points are counted, from 0.
    pub fn begin(&self) {
        self.counts_now.set(true);
    }

    /// From here on nothing is counted and nobody dies.
    pub fn finish(&self) {
        self.counts_now.set(false);
    }

    /// Whether the point of the signal has just been passed.
    pub fn take_signal(&self) -> bool {
        self.due.take()
    }

    /// The points so far.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.counts.borrow().clone()
    }

    /// Where services died.
    #[must_use]
    pub fn deaths(&self) -> Vec<Point> {
        self.deaths.borrow().clone()
    }

    /// Counts a point; whether the service dies there.
    pub fn passes(&self, slot: Endpoint, kind: Kind) -> bool {
        if !self.counts_now.get() {
            return false;
        }
        let mut counts = self.counts.borrow_mut();
        let count = counts.entry((slot, kind)).or_default();
        let point = Point {
            slot,
            kind,
            number: *count,
        };
        *count += 1;
        if self.signal == Some(point) {
            self.due.set(true);
        }
        let dies = self.deadly.contains(&point);
        if dies {
            self.deaths.borrow_mut().push(point);
        }
        dies
    }

    /// Begins the turn of a service.
    pub fn enter(&self, slot: Endpoint) {
        self.running.set(Some(slot));
        self.in_turn.set(0);
    }

    /// Ends it.
    pub fn leave(&self) {
        self.running.set(None);
    }

    /// The service whose turn it is comes to a point. Does not return if it dies there, or if its
    /// turn has too many of them.
    pub fn point(&self, kind: Kind) {
        let Some(slot) = self.running.get() else {
            return;
        };
        self.in_turn.update(|before| before + 1);
        if self.in_turn.get() > MOST_IN_TURN {
            resume_unwind(Box::new(Hang));
        }
        if self.passes(slot, kind) {
            resume_unwind(Box::new(Death));
        }
    }
}
