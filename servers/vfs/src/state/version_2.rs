//! Version 2: what a process has is in tables of their own, a descriptor says what exec does to it,
//! references stand with the opens, and opens are counted.

use crate::tables::{
    Descriptor, LockTable, Mount, Open, OpenId, Places, Program, Settings, Tables,
};
use abi::Pid;
use alloc::vec::Vec;
use minicbor::{Decode, Encode};
use service::container::{Map, Value};
use shape::Shape;

/// A descriptor, by what exec does to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Shape)]
pub(super) enum Slot {
    /// It stays.
    #[n(0)]
    Kept(#[n(0)] OpenId),
    /// It is closed.
    #[n(1)]
    ClosedByExec(#[n(0)] OpenId),
}

impl From<Descriptor> for Slot {
    fn from(descriptor: Descriptor) -> Self {
        if descriptor.close_on_exec {
            Slot::ClosedByExec(descriptor.open)
        } else {
            Slot::Kept(descriptor.open)
        }
    }
}

impl From<Slot> for Descriptor {
    fn from(slot: Slot) -> Self {
        let (open, close_on_exec) = match slot {
            Slot::Kept(open) => (open, false),
            Slot::ClosedByExec(open) => (open, true),
        };
        Descriptor {
            open,
            close_on_exec,
        }
    }
}

/// Numbers that are given out, and how often.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, Shape)]
pub(super) struct Counters {
    #[n(0)]
    pub(super) last_open: u64,
    #[n(1)]
    pub(super) last_mount: u32,
    /// The most opens there ever were at a time.
    #[n(2)]
    pub(super) most_open: u64,
}

/// What vfs knows.
#[derive(Debug, Default, Encode, Decode, Shape)]
pub struct State {
    #[n(10)]
    pub(super) places: Map<Pid, Places>,
    #[n(11)]
    pub(super) settings: Map<Pid, Settings>,
    #[n(12)]
    pub(super) programs: Map<Pid, Program>,
    /// Only of processes that have any.
    #[n(13)]
    pub(super) groups: Map<Pid, Vec<u32>>,
    #[n(14)]
    pub(super) slots: Map<(Pid, u32), Slot>,
    #[n(15)]
    pub(super) opens: Map<OpenId, Open>,
    /// References beyond the first, of opens that have more than one.
    #[n(16)]
    pub(super) shared: Map<OpenId, u32>,
    #[n(17)]
    pub(super) mounts: Map<u32, Mount>,
    #[n(18)]
    pub(super) locks: LockTable,
    #[n(19)]
    pub(super) counters: Value<Counters>,
}

impl Tables for State {
    fn places(&self, process: Pid) -> Option<Places> {
        self.places.get(&process).copied()
    }

    fn set_places(&mut self, process: Pid, places: Places) {
        self.places.update(&process, |found| *found = places);
    }

    fn settings(&self, process: Pid) -> Option<Settings> {
        self.settings.get(&process).copied()
    }

    fn set_settings(&mut self, process: Pid, settings: Settings) {
        self.settings.update(&process, |found| *found = settings);
    }

    fn program(&self, process: Pid) -> Option<&Program> {
        self.programs.get(&process)
    }

    fn set_program(&mut self, process: Pid, program: Program) {
        self.programs.update(&process, |found| *found = program);
    }

    fn groups(&self, process: Pid) -> Vec<u32> {
        self.groups.get(&process).cloned().unwrap_or_default()
    }

    fn set_groups(&mut self, process: Pid, groups: Vec<u32>) {
        if groups.is_empty() {
            self.groups.remove(&process);
        } else {
            self.groups.insert(process, groups);
        }
    }

    fn add_process(&mut self, process: Pid, places: Places, settings: Settings, program: Program) {
        self.places.insert(process, places);
        self.settings.insert(process, settings);
        self.programs.insert(process, program);
    }

    fn drop_process(&mut self, process: Pid) {
        self.places.remove(&process);
        self.settings.remove(&process);
        self.programs.remove(&process);
        self.groups.remove(&process);
    }

    fn processes(&self) -> Vec<Pid> {
        self.places.iter().map(|(process, _)| *process).collect()
    }

    fn all_descriptors(&self) -> Vec<(Pid, u32, Descriptor)> {
        let all = self.slots.iter();
        all.map(|((process, number), slot)| (*process, *number, (*slot).into()))
            .collect()
    }

    fn descriptor(&self, process: Pid, number: u32) -> Option<Descriptor> {
        self.slots.get(&(process, number)).copied().map(Into::into)
    }

    fn set_descriptor(&mut self, process: Pid, number: u32, descriptor: Descriptor) {
        self.slots.insert((process, number), descriptor.into());
    }

    fn take_descriptor(&mut self, process: Pid, number: u32) -> Option<Descriptor> {
        self.slots.remove(&(process, number)).map(Into::into)
    }

    fn descriptors_from(
        &self,
        process: Pid,
        number: u32,
    ) -> impl Iterator<Item = (u32, Descriptor)> {
        let all = self.slots.range((process, number)..=(process, u32::MAX));
        all.map(|((_, number), slot)| (*number, (*slot).into()))
    }

    fn open(&self, id: OpenId) -> Option<&Open> {
        self.opens.get(&id)
    }

    fn add_open(&mut self, open: Open, references: u32) -> OpenId {
        let now = self.opens.len() as u64 + 1;
        let id = self.counters.change(|counters| {
            counters.last_open += 1;
            counters.most_open = counters.most_open.max(now);
            OpenId(counters.last_open)
        });
        self.opens.insert(id, open);
        self.set_references(id, references);
        id
    }

    fn take_open(&mut self, id: OpenId) -> Option<Open> {
        self.shared.remove(&id);
        self.opens.remove(&id)
    }

    fn references(&self, id: OpenId) -> u32 {
        match self.shared.get(&id) {
            Some(others) => others + 1,
            None => 1,
        }
    }

    fn set_references(&mut self, id: OpenId, references: u32) {
        if references < 2 {
            self.shared.remove(&id);
        } else {
            self.shared.insert(id, references - 1);
        }
    }

    fn opens(&self) -> impl Iterator<Item = (OpenId, &Open)> {
        self.opens.iter().map(|(id, open)| (*id, open))
    }

    fn open_count(&self) -> usize {
        self.opens.len()
    }

    fn mount(&self, number: u32) -> Option<&Mount> {
        self.mounts.get(&number)
    }

    fn set_mount(&mut self, number: u32, mount: Mount) {
        self.mounts.insert(number, mount);
    }

    fn take_mount(&mut self, number: u32) -> Option<Mount> {
        self.mounts.remove(&number)
    }

    fn mounts(&self) -> impl Iterator<Item = (u32, &Mount)> {
        self.mounts.iter().map(|(number, mount)| (*number, mount))
    }

    fn new_mount_number(&mut self) -> u32 {
        self.counters.change(|counters| {
            counters.last_mount = counters.last_mount.max(crate::tables::ROOT_MOUNT) + 1;
            counters.last_mount
        })
    }

    fn locks(&self) -> &LockTable {
        &self.locks
    }

    fn locks_mut(&mut self) -> &mut LockTable {
        &mut self.locks
    }
}

impl service::State for State {
    const VERSION: u32 = 2;
    type Other = super::version_1::State;
    const OTHER_VERSION: u32 = 1;

    fn fresh(_: &service::Start) -> Self {
        Self::default()
    }

    fn check(&mut self) -> usize {
        crate::tables::check(self)
    }
}
