//! Signals are sent.

use super::effects::{Effects, key};
use crate::State;
use crate::process::{Life, Pending, Process};
use alloc::vec::Vec;
use linux::process::action::Action;
use linux::process::information::{Detail, Information};
use linux::process::limit::Resource;
use linux::process::signal::{DefaultAction, Signal, SignalSet};
use linux::process::time::ticks;
use linux::process::usage::Usage;
use linux::process::wait::Change;

/// The first process, which signals it has no handler for do not reach.
const INIT: u32 = 1;

impl State {
    /// What a process does with a signal.
    #[must_use]
    pub fn action(&self, pid: u32, signal: Signal) -> Action {
        self.actions()
            .get(&(pid, signal.number()))
            .copied()
            .unwrap_or_default()
    }

    /// Whether a process drops a signal: it ignores it, by choice or by default.
    #[must_use]
    pub fn drops(&self, pid: u32, signal: Signal) -> bool {
        let action = self.action(pid, signal);
        let default = signal.default_action();
        match () {
            () if action.is_handler() && !signal.is_absolute() => false,
            () if action.is_ignore() && !signal.is_absolute() => true,
            () if pid == INIT => true,
            () => matches!(default, DefaultAction::Ignore),
        }
    }

    /// Sends a signal to a process. One that has ended, or that drops it, is not told.
    pub fn post(&mut self, pid: u32, signal: Signal, information: Information) -> Effects {
        self.post_pending(
            pid,
            Pending {
                signal,
                information,
                timer: None,
            },
        )
    }

    /// Sends a signal to a process, of a timer or not.
    pub fn post_pending(&mut self, pid: u32, pending: Pending) -> Effects {
        let mut effects = Effects::default();
        let signal = pending.signal;
        if !self.process(pid).is_some_and(|process| process.is_alive()) {
            return effects;
        }
        if signal == Signal::CONT || signal == Signal::KILL {
            effects = effects.and(self.resume(pid, signal));
        } else if SignalSet::STOPS.contains(signal) {
            self.change(pid, |process| {
                process.pending.retain(|other| other.signal != Signal::CONT);
            });
        }
        if self.enqueue(pid, pending) {
            effects = effects.and(self.interrupt_if_due(pid));
        }
        effects
    }

    /// Lets a stopped process go on, and forgets stops that are pending.
    fn resume(&mut self, pid: u32, signal: Signal) -> Effects {
        let mut effects = Effects::default();
        let is_stop = |pending: &Pending| SignalSet::STOPS.contains(pending.signal);
        let has_to = self.process(pid).is_some_and(|process| {
            matches!(process.life, Life::Stopped(_)) || process.pending.iter().any(is_stop)
        });
        if !has_to {
            return effects;
        }
        let was_stopped = self
            .change(pid, |process| {
                process.pending.retain(|other| !is_stop(other));
                let was_stopped = matches!(process.life, Life::Stopped(_));
                if was_stopped {
                    process.life = Life::Running;
                    process.news = (signal == Signal::CONT).then_some(Change::Continued);
                }
                was_stopped
            })
            .unwrap_or(false);
        if was_stopped {
            effects.wake(key::stopped(pid));
            if signal == Signal::CONT {
                effects = effects.and(self.tell_parent(pid, Change::Continued));
            }
        }
        effects
    }

    /// Puts a signal among the pending ones; whether it is there for the process to see.
    fn enqueue(&mut self, pid: u32, pending: Pending) -> bool {
        let signal = pending.signal;
        let Some(process) = self.process(pid) else {
            return false;
        };
        if self.drops_now(process, pid, signal) {
            return false;
        }
        let is_pending = process.pending.iter().any(|other| other.signal == signal);
        if is_pending && (!signal.queues() || self.is_full(process, pid)) {
            return true;
        }
        self.change(pid, |process| process.pending.push(pending));
        true
    }

    /// Whether a signal that its sender wants queued must be refused, because as many are pending
    /// as RLIMIT_SIGPENDING allows (sigqueue(3)). One of kill(2) only loses who sent it.
    #[must_use]
    pub fn lacks_room(&self, pid: u32, signal: Signal, information: Information) -> bool {
        self.process(pid).is_some_and(|process| {
            let is_queued = signal.queues() && information.code < 0;
            is_queued && self.is_full(process, pid) && !self.drops_now(process, pid, signal)
        })
    }

    /// Whether as many signals are pending as may be.
    fn is_full(&self, process: &Process, pid: u32) -> bool {
        process.pending.len() as u64 >= self.limit(pid, Resource::SIGNALS).soft
    }

    /// Whether a process drops a signal that it neither blocks nor waits for.
    fn drops_now(&self, process: &Process, pid: u32, signal: Signal) -> bool {
        let is_seen = process.blocked.contains(signal) || process.awaited.contains(signal);
        self.drops(pid, signal) && !is_seen
    }

    /// Has the kernel interrupt a process that has something to take.
    pub fn interrupt_if_due(&mut self, pid: u32) -> Effects {
        let mut effects = Effects::default();
        let is_due = self.process(pid).is_some_and(Process::is_due);
        if is_due
            && let Some(number) = self.change(pid, |process| {
                process.interrupts += 1;
                process.interrupts
            })
        {
            effects.interrupt(pid, number);
            effects.wake(key::asleep(pid));
            effects.wake(key::stopped(pid));
        }
        effects
    }

    /// The interrupts of all processes with something to take, as they were told before: told again
    /// when an instance takes over, because the last one may have died before it told the kernel.
    #[must_use]
    pub fn interrupts_due(&self) -> Vec<(u32, u64)> {
        let due = self
            .after(0)
            .filter(|(_, process)| process.interrupts > 0 && process.is_due());
        due.map(|(pid, process)| (pid, process.interrupts))
            .collect()
    }

    /// Raises a signal that the process cannot put off: if it is blocked or ignored, its default
    /// action is taken.
    pub fn force(&mut self, pid: u32, signal: Signal, information: Information) {
        let action = self.action(pid, signal);
        let is_blocked = self
            .process(pid)
            .is_some_and(|process| process.blocked.contains(signal));
        if is_blocked || action.is_ignore() {
            self.actions_mut().remove(&(pid, signal.number()));
        }
        self.change(pid, |process| {
            process.blocked = process.blocked.without(signal);
            process.pending.retain(|other| other.signal != signal);
            process.pending.insert(
                0,
                Pending {
                    signal,
                    information,
                    timer: None,
                },
            );
        });
    }

    /// Raises SIGSEGV because a signal's frame could not be made; the process cannot handle it by
    /// the handler that has just failed.
    pub fn force_bad_frame(&mut self, pid: u32, failed: Signal) {
        if failed == Signal::SEGV {
            self.actions_mut().remove(&(pid, Signal::SEGV.number()));
        }
        self.force(pid, Signal::SEGV, Information::kernel());
    }

    /// Tells the parent of a process that it has stopped or goes on.
    pub(super) fn tell_parent(&mut self, pid: u32, change: Change) -> Effects {
        let mut effects = Effects::default();
        let Some(process) = self.process(pid) else {
            return effects;
        };
        let (parent, user) = (process.parent, process.credentials.users.real);
        effects.wake(key::children(parent));
        if !self.action(parent, Signal::CHLD).no_stopped_children() {
            let information = child_information(pid, user, change, Usage::default());
            effects = effects.and(self.post(parent, Signal::CHLD, information));
        }
        effects
    }
}

/// What SIGCHLD and waitid tell of a child.
#[must_use]
pub(crate) fn child_information(pid: u32, user: u32, change: Change, usage: Usage) -> Information {
    let (code, status) = change.code_and_status();
    let detail = Detail::Child(pid, user, status, ticks(usage.user), ticks(usage.system));
    Information { code, detail }
}
