//! Version 2: numbers and names in a table each, memory as one value, and no index of timers, of
//! which there are few.

use super::family::{Family, Member};
use super::{Counter, Kin, Memory, Name};
use crate::process::{Command, Making, Process, Timer};
use abi::SpaceId;
use alloc::vec::Vec;
use linux::process::action::Action;
use linux::process::limit::Limit;
use minicbor::{Decode, Encode};
use service::container::Map;
use shape::Shape;

/// The memory of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Shape)]
pub(super) enum Held {
    /// None: it has ended.
    #[n(0)]
    None,
    /// Its own.
    #[n(1)]
    Own(#[n(0)] SpaceId),
    /// Its parent's.
    #[n(2)]
    Borrowed(#[n(0)] SpaceId),
}

/// A process and its memory.
#[derive(Clone, Debug, Encode, Decode, Shape)]
pub(super) struct Entry {
    #[n(0)]
    pub(super) memory: Held,
    #[n(1)]
    pub(super) process: Process,
}

/// What pm knows.
#[derive(Debug, Default, Encode, Decode, Shape)]
pub struct State {
    #[n(1)]
    pub(super) table: Family<Entry>,
    #[n(2)]
    pub(super) actions: Map<(u32, u8), Action>,
    #[n(3)]
    pub(super) limits: Map<u32, Vec<Limit>>,
    #[n(4)]
    pub(super) commands: Map<u32, Command>,
    #[n(5)]
    pub(super) timers: Map<(u32, u32), Timer>,
    #[n(6)]
    pub(super) counters: Map<Counter, u64>,
    #[n(7)]
    pub(super) names: Map<Name, Vec<u8>>,
    #[n(8)]
    pub(super) makings: Map<u32, Making>,
}

impl From<Memory> for Held {
    fn from(memory: Memory) -> Held {
        match memory {
            Memory {
                space: SpaceId::NONE,
                ..
            } => Held::None,
            Memory {
                space,
                is_borrowed: true,
            } => Held::Borrowed(space),
            Memory {
                space,
                is_borrowed: false,
            } => Held::Own(space),
        }
    }
}

impl From<Held> for Memory {
    fn from(held: Held) -> Memory {
        match held {
            Held::None => Memory::default(),
            Held::Own(space) => Memory {
                space,
                is_borrowed: false,
            },
            Held::Borrowed(space) => Memory {
                space,
                is_borrowed: true,
            },
        }
    }
}

impl Member for Entry {
    fn process(&self) -> &Process {
        &self.process
    }

    fn space(&self) -> SpaceId {
        Memory::from(self.memory).space
    }
}

impl State {
    /// A process.
    #[must_use]
    pub fn process(&self, pid: u32) -> Option<&Process> {
        self.table.get(pid).map(|entry| &entry.process)
    }

    /// Changes a process.
    pub fn change<R>(&mut self, pid: u32, change: impl FnOnce(&mut Process) -> R) -> Option<R> {
        self.table.update(pid, |entry| change(&mut entry.process))
    }

    /// Adds a process.
    pub fn insert(&mut self, pid: u32, process: Process, memory: Memory) {
        self.table.insert(
            pid,
            Entry {
                memory: memory.into(),
                process,
            },
        );
    }

    /// Forgets a process, not what else is kept for its number.
    pub fn remove(&mut self, pid: u32) {
        self.table.remove(pid);
    }

    /// All processes, in order of their numbers, from the first number above `after`.
    pub fn after(&self, after: u32) -> impl Iterator<Item = (u32, &Process)> {
        let all = self.table.after(after);
        all.map(|(pid, entry)| (pid, &entry.process))
    }

    /// The processes that have something in common, in order of their numbers.
    pub fn with(&self, kin: Kin) -> impl Iterator<Item = (u32, &Process)> {
        let all = self.table.with(kin);
        all.map(|(pid, entry)| (pid, &entry.process))
    }

    /// How many processes there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.table.len()
    }

    /// The memory of a process.
    #[must_use]
    pub fn memory(&self, pid: u32) -> Memory {
        self.table
            .get(pid)
            .map_or_else(Memory::default, |entry| entry.memory.into())
    }

    /// Gives a process other memory.
    pub fn set_memory(&mut self, pid: u32, memory: Memory) {
        self.table.update(pid, |entry| entry.memory = memory.into());
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
        match timer {
            Some(timer) => self.timers.insert((pid, number), timer),
            None => self.timers.remove(&(pid, number)),
        };
    }

    /// Drops timers of processes that are not there; returns how many.
    pub fn drop_stray_timers(&mut self, known: impl Fn(&u32) -> bool) -> usize {
        let before = self.timers.len();
        self.timers.retain(|(pid, _), _| known(pid));
        before - self.timers.len()
    }

    /// The first deadline of all timers, with process and timer.
    #[must_use]
    pub fn first_deadline(&self) -> Option<(u64, u32, u32)> {
        let keys = self
            .timers
            .iter()
            .map(|((pid, number), timer)| (timer.deadline, *pid, *number));
        keys.min()
    }

    /// A number that is kept.
    #[must_use]
    pub fn counter(&self, counter: Counter) -> u64 {
        self.counters.get(&counter).copied().unwrap_or(0)
    }

    /// Keeps a number.
    pub fn set_counter(&mut self, counter: Counter, value: u64) {
        self.counters.insert(counter, value);
    }

    /// A name.
    #[must_use]
    pub fn name(&self, name: Name) -> &[u8] {
        let known = self.names.get(&name).map(Vec::as_slice);
        known.unwrap_or(match name {
            Name::Host => super::HOST_NAME,
            Name::Domain => super::DOMAIN_NAME,
        })
    }

    /// Sets a name.
    pub fn set_name(&mut self, name: Name, value: Vec<u8>) {
        self.names.insert(name, value);
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
    const VERSION: u32 = 2;
    type Other = super::version_1::State;
    const OTHER_VERSION: u32 = 1;

    fn fresh(start: &service::Start) -> Self {
        let mut state = State::default();
        state.set_counter(Counter::Random, start.seed[0]);
        state
    }

    #[cfg(feature = "next")]
    fn check(&mut self) -> usize {
        self.drop_strays()
    }
}
