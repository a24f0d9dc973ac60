//! Version 2: what belongs to the line is one value, signals are a queue, and received bytes are
//! counted. How often bytes were lost is not kept.

use crate::opening::Opening;
use crate::transmit::Transmit;
use abi::Time;
use alloc::vec::Vec;
use minicbor::{Decode, Encode};
use service::container::Value;
use service::description::Descriptions;
use shape::Shape;
use terminal::{Signal, Terminal};

/// A line with its terminal.
#[derive(Clone, Debug, Default, Encode, Decode, Shape)]
pub(super) struct Line {
    #[n(0)]
    pub(super) terminal: Terminal,
    #[n(1)]
    pub(super) transmit: Transmit,
    #[n(2)]
    pub(super) heard: Time,
    /// How often it was hung up.
    #[n(3)]
    pub(super) hang_ups: u32,
    #[n(4)]
    pub(super) breaks: Breaks,
    /// Times at which a byte was received.
    #[n(5)]
    pub(super) bytes_heard: u64,
}

/// Whether the line is held in a break.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, Shape)]
#[cbor(index_only)]
pub(super) enum Breaks {
    #[n(0)]
    #[default]
    Released,
    #[n(1)]
    Held,
}

/// Signals that pm has not sent yet.
#[derive(Clone, Debug, Default, Encode, Decode, Shape)]
pub(super) struct Errands {
    /// How many came before these.
    #[n(0)]
    pub(super) done: u64,
    /// In order: the signal and its group.
    #[n(1)]
    pub(super) waiting: Vec<(u32, u32)>,
}

/// What the driver knows.
#[derive(Debug, Default, Encode, Decode, Shape)]
pub struct State {
    #[n(0)]
    pub(super) open: Descriptions<Opening>,
    #[n(10)]
    pub(super) line: Value<Line>,
    #[n(11)]
    pub(super) errands: Value<Errands>,
}

impl State {
    /// The openings.
    #[must_use]
    pub fn descriptions(&self) -> &Descriptions<Opening> {
        &self.open
    }

    /// The openings, to change.
    pub fn descriptions_mut(&mut self) -> &mut Descriptions<Opening> {
        &mut self.open
    }

    /// The terminal.
    #[must_use]
    pub fn terminal(&self) -> &Terminal {
        &self.line.get().terminal
    }

    /// What waits to be sent.
    #[must_use]
    pub fn transmit(&self) -> &Transmit {
        &self.line.get().transmit
    }

    /// Changes the terminal and what waits to be sent.
    pub fn with<R>(&mut self, change: impl FnOnce(&mut Terminal, &mut Transmit) -> R) -> R {
        self.line
            .change(|line| change(&mut line.terminal, &mut line.transmit))
    }

    /// Keeps a signal for pm.
    pub fn want(&mut self, signal: Signal) {
        self.errands
            .change(|errands| errands.waiting.push((signal.number, signal.group)));
    }

    /// The signal with a running number, if there was one and it was not sent.
    #[must_use]
    pub fn wanted(&self, number: u64) -> Option<Signal> {
        let errands = self.errands.get();
        let index = number.checked_sub(errands.done)?.checked_sub(1)?;
        let (number, group) = *errands.waiting.get(abi::word::index(index))?;
        Some(Signal { number, group })
    }

    /// Forgets signals that were sent.
    pub fn forget_signals_before(&mut self, number: u64) {
        let before = number.saturating_sub(1);
        let sent = before.saturating_sub(self.errands.get().done);
        if sent == 0 {
            return;
        }
        self.errands.change(|errands| {
            let sent = abi::word::index(sent).min(errands.waiting.len());
            errands.waiting.drain(..sent);
            errands.done += sent as u64;
        });
    }

    /// When the last byte came.
    #[must_use]
    pub fn last_byte(&self) -> Time {
        self.line.get().heard
    }

    /// A byte came.
    pub fn set_last_byte(&mut self, now: Time) {
        self.line.change(|line| {
            line.heard = now;
            line.bytes_heard += 1;
        });
    }

    /// How often the line was hung up.
    #[must_use]
    pub fn hang_ups(&self) -> u32 {
        self.line.get().hang_ups
    }

    pub(super) fn count_hang_up(&mut self) {
        self.line
            .change(|line| line.hang_ups = line.hang_ups.wrapping_add(1));
    }

    /// Whether a program has turned the break condition on.
    #[must_use]
    pub fn break_condition(&self) -> bool {
        self.line.get().breaks == Breaks::Held
    }

    /// A program turns the break condition on or off.
    pub fn set_break_condition(&mut self, on: bool) {
        let breaks = if on { Breaks::Held } else { Breaks::Released };
        self.line.change(|line| line.breaks = breaks);
    }

    /// Received bytes were lost, which this version does not keep.
    pub fn count_overrun(&mut self) {}
}

impl service::State for State {
    const VERSION: u32 = 2;
    type Other = super::version_1::State;
    const OTHER_VERSION: u32 = 1;

    fn fresh(start: &service::Start) -> Self {
        let line = Line {
            terminal: super::console(),
            ..Line::default()
        };
        State {
            line: Value::new(line),
            open: Descriptions::fresh(start),
            ..State::default()
        }
    }

    fn check(&mut self) -> usize {
        self.open.check(|_| true)
    }
}
