//! Processes end.

use super::effects::{Effects, key};
use super::post::child_information;
use crate::State;
use crate::process::{Departure, Life, Process};
use crate::state::Kin;
use abi::RequestId;
use alloc::vec::Vec;
use linux::process::information::Information;
use linux::process::signal::Signal;
use linux::process::usage::Usage;
use linux::process::wait::Change;

/// The process that adopts orphans.
const INIT: u32 = 1;

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ended {
    /// Its number.
    pub pid: u32,
    /// How.
    pub change: Change,
    /// What it used.
    pub usage: Usage,
}

impl State {
    /// A process begins to end, in a request: it takes no more signals and has no more timers.
    /// `None` when it is ending already or is none.
    pub fn begin_end(&mut self, pid: u32, request: RequestId, change: Change) -> Option<Departure> {
        let process = self.process(pid).filter(|process| process.is_alive())?;
        let session = if process.session == pid { pid } else { 0 };
        let shares = self.memory(pid).is_borrowed;
        let cleared = if shares { process.cleared } else { 0 };
        let space = self.leave_memory(pid);
        let departure = Departure {
            request,
            change,
            space,
            session,
            cleared,
        };
        self.change(pid, |process| {
            process.life = Life::Ending(departure);
            process.pending = Vec::new();
            process.suspended = None;
        });
        let timers: Vec<u32> = self.timers_of(pid).map(|(number, _)| number).collect();
        for number in timers {
            self.set_timer(pid, number, None);
        }
        Some(departure)
    }

    /// The processes that are ending.
    pub fn departures(&self) -> impl Iterator<Item = (u32, Departure)> {
        self.after(0)
            .filter_map(|(pid, process)| match process.life {
                Life::Ending(departure) => Some((pid, departure)),
                _ => None,
            })
    }

    /// A process has ended and all of it is gone: its parent hears of it, its children get
    /// another parent, and groups that nobody controls any more are let go.
    pub fn finish_end(&mut self, ended: &Ended) -> Effects {
        let Ended { pid, change, usage } = *ended;
        let mut effects = Effects::default();
        let Some(process) = self
            .process(pid)
            .filter(|process| matches!(process.life, Life::Ending(_)))
        else {
            return effects;
        };
        let parent = process.parent;
        let exit_signal = process.exit_signal;
        let user = process.credentials.users.real;
        let orphans = self.groups_orphaned_by(pid);
        self.change(pid, |process| {
            process.life = Life::Zombie(change, usage);
            process.news = None;
            if core::mem::take(&mut process.parent_waits) {
                effects.wake(key::vfork(pid));
            }
        });
        effects = effects.and(self.give_away_children(pid));
        for orphan in orphans {
            effects = effects.and(self.hang_up(orphan));
        }
        let information = child_information(pid, user, change, usage);
        effects.and(self.tell_of_end(pid, parent, exit_signal, information))
    }

    /// Tells a parent that a child has ended, or forgets the child if it does not care.
    fn tell_of_end(
        &mut self,
        pid: u32,
        parent: u32,
        signal: Option<Signal>,
        information: Information,
    ) -> Effects {
        let mut effects = Effects::default();
        effects.wake(key::children(parent));
        let action = self.action(parent, Signal::CHLD);
        let is_told = self.process(parent).is_some_and(|parent| parent.is_alive());
        let unwanted = signal == Some(Signal::CHLD) && (action.is_ignore() || action.no_zombies());
        if let Some(signal) = signal
            && !(signal == Signal::CHLD && action.is_ignore())
        {
            effects = effects.and(self.post(parent, signal, information));
        }
        if unwanted || !is_told && self.process(parent).is_none() {
            self.forget(pid);
        }
        effects
    }

    /// The children of a process become those of the next ancestor that adopts, or of init.
    fn give_away_children(&mut self, pid: u32) -> Effects {
        let mut effects = Effects::default();
        let heir = self.heir(pid);
        let children: Vec<_> = self
            .with(Kin::Parent(pid))
            .map(|(child, process)| {
                (
                    child,
                    process.life,
                    process.attributes.parent_end_signal,
                    process.exit_signal,
                )
            })
            .collect();
        for (child, life, signal, exit_signal) in children {
            let user = self
                .process(child)
                .map_or(0, |process| process.credentials.users.real);
            self.change(child, |process| {
                process.parent = heir;
                if process.exit_signal.is_some() {
                    process.exit_signal = Some(Signal::CHLD);
                }
            });
            if let Some(signal) = signal {
                effects = effects.and(self.post(child, signal, Information::user(pid, user)));
            }
            if let Life::Zombie(change, usage) = life {
                let information = child_information(child, user, change, usage);
                let signal = exit_signal.map(|_| Signal::CHLD);
                effects = effects.and(self.tell_of_end(child, heir, signal, information));
            }
        }
        effects
    }

    fn heir(&self, pid: u32) -> u32 {
        let mut at = pid;
        // The chain of parents is shorter than the table.
        for _ in 0..self.count() {
            let Some(process) = self.process(at) else {
                break;
            };
            at = process.parent;
            let adopts = |process: &Process| process.attributes.adopts && process.is_alive();
            if self.process(at).is_some_and(adopts) {
                return at;
            }
        }
        INIT
    }

    /// Groups that only this process kept from being orphaned, and in which somebody is stopped.
    /// It is what keeps a group when it or its parent is a member, and the other one stands in
    /// another group of the session.
    fn groups_orphaned_by(&self, pid: u32) -> Vec<u32> {
        let Some(own) = self.process(pid) else {
            return Vec::new();
        };
        let keeps = |other: &Process| other.session == own.session && other.group != own.group;
        let mut groups: Vec<u32> = self
            .with(Kin::Parent(pid))
            .filter(|(_, child)| keeps(child))
            .map(|(_, child)| child.group)
            .collect();
        if own.parent != INIT && self.process(own.parent).is_some_and(keeps) {
            groups.push(own.group);
        }
        groups.sort_unstable();
        groups.dedup();
        groups.retain(|group| {
            let stopped = |(_, other): (u32, &Process)| matches!(other.life, Life::Stopped(_));
            self.with(Kin::Group(*group)).any(stopped) && self.is_orphaned_without(*group, pid)
        });
        groups
    }

    /// Lets a stopped group go on with SIGHUP and SIGCONT (POSIX, exit).
    fn hang_up(&mut self, group: u32) -> Effects {
        let effects = self.signal_group(group, Signal::HUP);
        effects.and(self.signal_group(group, Signal::CONT))
    }
}
