//! Version 1: one container for each number, and an index of timers by deadline.

use super::family::{Family, Member};
use super::{Counter, Kin, Memory, Name};
use crate::process::{Command, Making, Process, Timer};
use abi::SpaceId;
use alloc::vec::Vec;
use linux::process::action::Action;
use linux::process::limit::Limit;
use minicbor::{Decode, Encode};
use service::container::{Map, Value};
use shape::Shape;

/// A process and its memory.
#[derive(Clone, Debug, Encode, Decode, Shape)]
pub(super) struct Entry {
    #[n(0)]
    pub(super) process: Process,
    #[n(1)]
    pub(super) space: u32,
    #[n(2)]
    pub(super) is_borrowed: bool,
}

/// What pm knows.
#[derive(Debug, Default, Encode, Decode, Shape)]
pub struct State {
    #[n(0)]
    pub(super) processes: Family<Entry>,
    #[n(1)]
    pub(super) actions: Map<(u32, u8), Action>,
    #[n(2)]
    pub(super) limits: Map<u32, Vec<Limit>>,
    #[n(3)]
    pub(super) commands: Map<u32, Command>,
    #[n(4)]
    pub(super) timers: Map<(u32, u32), Timer>,
    /// The timers by deadline.
    #[n(5)]
    pub(super) deadlines: Map<(u64, u32, u32), ()>,
    #[n(6)]
    pub(super) last_process: Value<u64>,
    #[n(7)]
    pub(super) terminal_signals: Value<u64>,
    #[n(8)]
    pub(super) log_start: Value<u64>,
    #[n(9)]
    pub(super) random: Value<u64>,
    #[n(10)]
    pub(super) host_name: Value<Vec<u8>>,
    #[n(11)]
    pub(super) domain_name: Value<Vec<u8>>,
    #[n(12)]
    pub(super) makings: Map<u32, Making>,
}

impl Member for Entry {
    fn process(&self) -> &Process {
        &self.process
    }

    fn space(&self) -> SpaceId {
        SpaceId(self.space)
    }
}

impl State {
    /// A process.
    #[must_use]
    pub fn process(&self, pid: u32) -> Option<&Process> {
        self.processes.get(pid).map(|entry| &entry.process)
    }

    /// Changes a process.
    pub fn change<R>(&mut self, pid: u32, change: impl FnOnce(&mut Process) -> R) -> Option<R> {
        self.processes
            .update(pid, |entry| change(&mut entry.process))
    }

    /// Adds a process.
    pub fn insert(&mut self, pid: u32, process: Process, memory: Memory) {
        let Memory { space, is_borrowed } = memory;
        self.processes.insert(
            pid,
            Entry {
                process,
                space: space.0,
                is_borrowed,
            },
        );
    }

    /// Forgets a process, not what else is kept for its number.
    pub fn remove(&mut self, pid: u32) {
        self.processes.remove(pid);
    }

    /// All processes, in order of their numbers, from the first number above `after`.
    pub fn after(&self, after: u32) -> impl Iterator<Item = (u32, &Process)> {
        let all = self.processes.after(after);
        all.map(|(pid, entry)| (pid, &entry.process))
    }

    /// The processes that have something in common, in order of their numbers.
    pub fn with(&self, kin: Kin) -> impl Iterator<Item = (u32, &Process)> {
        let all = self.processes.with(kin);
        all.map(|(pid, entry)| (pid, &entry.process))
    }

    /// How many processes there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.processes.len()
    }

    /// The memory of a process.
    #[must_use]
    pub fn memory(&self, pid: u32) -> Memory {
        self.processes
            .get(pid)
            .map_or_else(Memory::default, |entry| Memory {
                space: SpaceId(entry.space),
                is_borrowed: entry.is_borrowed,
            })
    }

    /// Gives a process other memory.
    pub fn set_memory(&mut self, pid: u32, memory: Memory) {
        self.processes.update(pid, |entry| {
            entry.space = memory.space.0;
            entry.is_borrowed = memory.is_borrowed;
        });
    }

    /// A timer.
    #[must_use]
    pub fn timer(&self, pid: u32, timer: u32) -> Option<&Timer> {
        self.timers.get(&(pid, timer))
    }

    /// The timers of a process.
    pub fn timers_of(&self, pid: u32) -> impl Iterator<Item = (u32, &Timer)> {
        self.timers
            .range((pid, 0)..=(pid, u32::MAX))
            .map(|((_, number), timer)| (*number, timer))
    }

    /// Puts a timer in, or takes it out.
    pub fn set_timer(&mut self, pid: u32, number: u32, timer: Option<Timer>) {
        let before = match timer {
            Some(timer) => self.timers.insert((pid, number), timer),
            None => self.timers.remove(&(pid, number)),
        };
        if let Some(before) = before {
            self.deadlines.remove(&(before.deadline, pid, number));
        }
        if let Some(timer) = timer {
            self.deadlines.insert((timer.deadline, pid, number), ());
        }
    }

    /// Drops timers of processes that are not there, and deadlines of timers that are not there;
    /// returns how many.
    pub fn drop_stray_timers(&mut self, known: impl Fn(&u32) -> bool) -> usize {
        let before = self.timers.len() + self.deadlines.len();
        self.timers.retain(|(pid, _), _| known(pid));
        let timers = &self.timers;
        self.deadlines.retain(|(deadline, pid, number), ()| {
            let timer = timers.get(&(*pid, *number));
            timer.is_some_and(|timer| timer.deadline == *deadline)
        });
        let missing: Vec<_> = self
            .timers
            .iter()
            .map(|((pid, number), timer)| (timer.deadline, *pid, *number))
            .filter(|key| !self.deadlines.contains(key))
            .collect();
        let dropped = before - self.timers.len() - self.deadlines.len();
        for key in &missing {
            self.deadlines.insert(*key, ());
        }
        dropped + missing.len()
    }

    /// The first deadline of all timers, with process and timer.
    #[must_use]
    pub fn first_deadline(&self) -> Option<(u64, u32, u32)> {
        self.deadlines.iter().next().map(|(key, ())| *key)
    }

    /// A number that is kept.
    #[must_use]
    pub fn counter(&self, counter: Counter) -> u64 {
        *match counter {
            Counter::LastProcess => &self.last_process,
            Counter::TerminalSignals => &self.terminal_signals,
            Counter::LogStart => &self.log_start,
            Counter::Random => &self.random,
        }
        .get()
    }

    /// Keeps a number.
    pub fn set_counter(&mut self, counter: Counter, value: u64) {
        match counter {
            Counter::LastProcess => self.last_process.set(value),
            Counter::TerminalSignals => self.terminal_signals.set(value),
            Counter::LogStart => self.log_start.set(value),
            Counter::Random => self.random.set(value),
        }
    }

    /// A name.
    #[must_use]
    pub fn name(&self, name: Name) -> &[u8] {
        match name {
            Name::Host => self.host_name.get(),
            Name::Domain => self.domain_name.get(),
        }
    }

    /// Sets a name.
    pub fn set_name(&mut self, name: Name, value: Vec<u8>) {
        match name {
            Name::Host => self.host_name.set(value),
            Name::Domain => self.domain_name.set(value),
        }
    }

    /// What processes do with signals.
    #[must_use]
    pub fn actions(&self) -> &Map<(u32, u8), Action> {
        &self.actions
    }

    /// What processes do with signals, to be changed.
    pub fn actions_mut(&mut self) -> &mut Map<(u32, u8), Action> {
        &mut self.actions
    }

    /// The limits of processes that differ from those of the system.
    #[must_use]
    pub fn limits(&self) -> &Map<u32, Vec<Limit>> {
        &self.limits
    }

    /// The limits, to be changed.
    pub fn limits_mut(&mut self) -> &mut Map<u32, Vec<Limit>> {
        &mut self.limits
    }

    /// What processes run.
    #[must_use]
    pub fn commands(&self) -> &Map<u32, Command> {
        &self.commands
    }

    /// What processes run, to be changed.
    pub fn commands_mut(&mut self) -> &mut Map<u32, Command> {
        &mut self.commands
    }

    /// Children that are being made, by their numbers.
    #[must_use]
    pub fn makings(&self) -> &Map<u32, Making> {
        &self.makings
    }

    /// Children that are being made, to be changed.
    pub fn makings_mut(&mut self) -> &mut Map<u32, Making> {
        &mut self.makings
    }
}

impl service::State for State {
    const VERSION: u32 = 1;
    type Other = super::version_2::State;
    const OTHER_VERSION: u32 = 2;

    fn fresh(start: &service::Start) -> Self {
        State {
            random: Value::new(start.seed[0]),
            host_name: Value::new(super::HOST_NAME.to_vec()),
            domain_name: Value::new(super::DOMAIN_NAME.to_vec()),
            ..State::default()
        }
    }

    #[cfg(not(feature = "next"))]
    fn check(&mut self) -> usize {
        self.drop_strays()
    }
}
