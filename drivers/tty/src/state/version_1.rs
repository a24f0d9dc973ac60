//! Version 1.

use crate::opening::Opening;
use crate::transmit::Transmit;
use abi::Time;
use minicbor::{Decode, Encode};
use service::container::{Map, Value};
use service::description::Descriptions;
use shape::Shape;
use terminal::{Signal, Terminal};

/// What the driver knows.
#[derive(Debug, Default, Encode, Decode, Shape)]
pub struct State {
    #[n(0)]
    pub(super) open: Descriptions<Opening>,
    #[n(1)]
    pub(super) terminal: Value<Terminal>,
    #[n(2)]
    pub(super) transmit: Value<Transmit>,
    /// Signals for pm by their running number: the signal and its group.
    #[n(3)]
    pub(super) signals: Map<u64, (u32, u32)>,
    #[n(4)]
    pub(super) last_signal: Value<u64>,
    #[n(5)]
    pub(super) last_byte: Value<Time>,
    #[n(6)]
    pub(super) hang_ups: Value<u32>,
    #[n(7)]
    pub(super) break_condition: Value<bool>,
    /// How often received bytes were lost.
    #[n(8)]
    pub(super) overruns: Value<u64>,
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
        self.terminal.get()
    }

    /// What waits to be sent.
    #[must_use]
    pub fn transmit(&self) -> &Transmit {
        self.transmit.get()
    }

    /// Changes the terminal and what waits to be sent.
    pub fn with<R>(&mut self, change: impl FnOnce(&mut Terminal, &mut Transmit) -> R) -> R {
        let transmit = &mut self.transmit;
        self.terminal
            .change(|terminal| transmit.change(|transmit| change(terminal, transmit)))
    }

    /// Keeps a signal for pm.
    pub fn want(&mut self, signal: Signal) {
        let number = self.last_signal.get() + 1;
        self.last_signal.set(number);
        self.signals.insert(number, (signal.number, signal.group));
    }

    /// The signal with a running number, if there was one and it was not sent.
    #[must_use]
    pub fn wanted(&self, number: u64) -> Option<Signal> {
        let (number, group) = *self.signals.get(&number)?;
        Some(Signal { number, group })
    }

    /// Forgets signals that were sent.
    pub fn forget_signals_before(&mut self, number: u64) {
        self.signals.retain(|of, _| *of >= number);
    }

    /// When the last byte came.
    #[must_use]
    pub fn last_byte(&self) -> Time {
        *self.last_byte.get()
    }

    /// A byte came.
    pub fn set_last_byte(&mut self, now: Time) {
        self.last_byte.set(now);
    }

    /// How often the line was hung up.
    #[must_use]
    pub fn hang_ups(&self) -> u32 {
        *self.hang_ups.get()
    }

    pub(super) fn count_hang_up(&mut self) {
        self.hang_ups.change(|count| *count = count.wrapping_add(1));
    }

    /// Whether a program has turned the break condition on.
    #[must_use]
    pub fn break_condition(&self) -> bool {
        *self.break_condition.get()
    }

    /// A program turns the break condition on or off.
    pub fn set_break_condition(&mut self, on: bool) {
        self.break_condition.set(on);
    }

    /// Received bytes were lost.
    pub fn count_overrun(&mut self) {
        self.overruns.change(|count| *count = count.wrapping_add(1));
    }
}

impl service::State for State {
    const VERSION: u32 = 1;
    type Other = super::version_2::State;
    const OTHER_VERSION: u32 = 2;

    fn fresh(start: &service::Start) -> Self {
        State {
            terminal: Value::new(super::console()),
            open: Descriptions::fresh(start),
            ..State::default()
        }
    }

    fn check(&mut self) -> usize {
        // Signals are forgotten in order: those that wait are the last ones, without a gap.
        let last = *self.last_signal.get();
        let mut first = last.saturating_add(1);
        while first > 1 && self.signals.contains(&(first - 1)) {
            first -= 1;
        }
        let before = self.signals.len();
        self.signals
            .retain(|number, _| (first..=last).contains(number));
        before - self.signals.len() + self.open.check(|_| true)
    }
}
