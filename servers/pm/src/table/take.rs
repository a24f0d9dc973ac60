//! A process takes its signals.

use super::effects::Effects;
use crate::State;
use crate::process::{Life, Process};
use abi::Errno;
use linux::process::action::{Action, AlternateStack};
use linux::process::information::Information;
use linux::process::signal::{DefaultAction, Signal, SignalSet};
use linux::process::wait::Change;
use minicbor::{Decode, Encode};
use protocol::inspect::Fate;
use shape::Shape;

/// A signal that a handler is to be run for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Shape)]
pub struct Handled {
    /// Which.
    #[n(0)]
    pub signal: Signal,
    /// Who sent it and why.
    #[n(1)]
    pub information: Information,
    /// What the process does with it.
    #[n(2)]
    pub action: Action,
    /// The signals blocked before, to be blocked again afterwards.
    #[n(3)]
    pub mask: SignalSet,
    /// Where handlers may run.
    #[n(4)]
    pub alternate: AlternateStack,
}

/// What a process does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Shape)]
pub enum Next {
    /// It goes on.
    #[n(0)]
    GoesOn,
    /// It ends.
    #[n(1)]
    Ends(#[n(0)] Change),
    /// It has stopped.
    #[n(2)]
    Stops,
    /// A handler runs.
    #[n(3)]
    Handles(#[n(0)] Handled),
}

impl State {
    /// Takes the next signal of a process that does something.
    pub fn take_next(&mut self, pid: u32) -> (Next, Effects) {
        loop {
            let Some(process) = self.process(pid).filter(|process| process.is_alive()) else {
                return (Next::GoesOn, Effects::default());
            };
            let due = process.deliverable();
            let signal = if process.is_killed() {
                Some(Signal::KILL)
            } else {
                due.first()
            };
            let taken = signal
                .and_then(|signal| self.change(pid, |process| process.take(signal)))
                .flatten();
            let Some(pending) = taken else {
                return (Next::GoesOn, Effects::default());
            };
            if let Some(timer) = pending.timer {
                self.signal_taken(pid, timer);
            }
            if let Some(next) = self.act(pid, pending.signal, pending.information) {
                return next;
            }
        }
    }

    fn act(
        &mut self,
        pid: u32,
        signal: Signal,
        information: Information,
    ) -> Option<(Next, Effects)> {
        let action = self.action(pid, signal);
        if action.is_handler() && !signal.is_absolute() {
            return self.handle(pid, signal, information, action);
        }
        // What an instruction raises ends even the first process, unless it chose to ignore it.
        let is_forced = signal.is_synchronous() && !action.is_ignore();
        if !is_forced && self.drops(pid, signal) {
            return None;
        }
        match signal.default_action() {
            DefaultAction::Ignore | DefaultAction::Continue => None,
            DefaultAction::Terminate | DefaultAction::Core => {
                Some((Next::Ends(Change::Killed(signal)), Effects::default()))
            }
            DefaultAction::Stop => self.stop(pid, signal).map(|effects| (Next::Stops, effects)),
        }
    }

    fn handle(
        &mut self,
        pid: u32,
        signal: Signal,
        information: Information,
        action: Action,
    ) -> Option<(Next, Effects)> {
        if action.resets() {
            self.actions_mut().remove(&(pid, signal.number()));
        }
        let (mask, alternate) = self.change(pid, |process| {
            let before = process.suspended.take().unwrap_or(process.blocked);
            process.blocked = process.blocked.union(action.mask);
            if !action.unblocked() {
                process.blocked = process.blocked.with(signal);
            }
            process.sleeps_until = None;
            (before, process.alternate)
        })?;
        let handled = Handled {
            signal,
            information,
            action,
            mask,
            alternate,
        };
        Some((Next::Handles(handled), Effects::default()))
    }

    /// Stops a process, unless its group is orphaned and the stop comes from a terminal.
    fn stop(&mut self, pid: u32, signal: Signal) -> Option<Effects> {
        let group = self.process(pid)?.group;
        if signal != Signal::STOP && self.is_orphaned(group) {
            return None;
        }
        self.change(pid, |process| {
            process.life = Life::Stopped(signal);
            process.news = Some(Change::Stopped(signal));
        });
        Some(self.tell_parent(pid, Change::Stopped(signal)))
    }

    /// What would become of a signal that stops a process.
    ///
    /// # Errors
    /// `SRCH`.
    pub fn stop_fate(&self, pid: u32, signal: Signal) -> Result<Fate, Errno> {
        let process = self.process(pid).ok_or(Errno::SRCH)?;
        let action = self.action(pid, signal);
        Ok(match () {
            () if process.blocked.contains(signal) || self.drops(pid, signal) => Fate::Ignored,
            // A handler runs whoever could let the group go on.
            () if !action.is_handler() && self.is_orphaned(process.group) => Fate::Orphaned,
            () => Fate::Delivered,
        })
    }

    /// Whether a process is stopped and not killed.
    #[must_use]
    pub fn is_stopped(&self, pid: u32) -> bool {
        self.process(pid)
            .is_some_and(|process| matches!(process.life, Life::Stopped(_)))
    }

    /// The mask that rt_sigsuspend replaced is back, when no handler has run.
    pub fn end_suspension(&mut self, pid: u32) {
        self.change(pid, |process| {
            if let Some(mask) = process.suspended.take() {
                process.blocked = mask;
            }
        });
    }

    /// Blocks signals; those already pending that are no longer blocked interrupt the process.
    ///
    /// # Errors
    /// `SRCH`.
    pub fn set_blocked(&mut self, pid: u32, blocked: SignalSet) -> Result<Effects, Errno> {
        let blocked = blocked.minus(SignalSet::ABSOLUTE);
        self.change(pid, |process: &mut Process| process.blocked = blocked)
            .ok_or(Errno::SRCH)?;
        Ok(self.interrupt_if_due(pid))
    }

    /// Sets what a process does with a signal. Pending ones that it now drops are forgotten.
    pub fn set_action(&mut self, pid: u32, signal: Signal, action: Action) {
        if action == Action::default() {
            self.actions_mut().remove(&(pid, signal.number()));
        } else {
            self.actions_mut().insert((pid, signal.number()), action);
        }
        if self.drops(pid, signal) {
            self.change(pid, |process| {
                process.pending.retain(|pending| pending.signal != signal);
            });
        }
    }
}
