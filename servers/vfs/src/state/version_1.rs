//! Version 1: one record for each process, references apart from the opens.

use crate::tables::{
    Descriptor, LockTable, Mount, Open, OpenId, Places, Program, Settings, Tables,
};
use abi::Pid;
use alloc::vec::Vec;
use minicbor::{Decode, Encode};
use service::container::{Map, Value};
use shape::Shape;

/// A process.
#[derive(Clone, Debug, Encode, Decode, Shape)]
pub(super) struct Process {
    #[n(0)]
    pub(super) places: Places,
    #[n(1)]
    pub(super) settings: Settings,
    #[n(2)]
    pub(super) program: Program,
    #[n(3)]
    pub(super) groups: Vec<u32>,
}

/// What vfs knows.
#[derive(Debug, Default, Encode, Decode, Shape)]
pub struct State {
    #[n(0)]
    pub(super) processes: Map<Pid, Process>,
    #[n(1)]
    pub(super) descriptors: Map<(Pid, u32), Descriptor>,
    #[n(2)]
    pub(super) opens: Map<OpenId, Open>,
    #[n(3)]
    pub(super) references: Map<OpenId, u32>,
    #[n(4)]
    pub(super) last_open: Value<u64>,
    #[n(5)]
    pub(super) mounts: Map<u32, Mount>,
    #[n(6)]
    pub(super) last_mount: Value<u32>,
    #[n(7)]
    pub(super) locks: LockTable,
}

impl Tables for State {
    fn places(&self, process: Pid) -> Option<Places> {
        self.processes.get(&process).map(|found| found.places)
    }

    fn set_places(&mut self, process: Pid, places: Places) {
        self.processes
            .update(&process, |found| found.places = places);
    }

    fn settings(&self, process: Pid) -> Option<Settings> {
        self.processes.get(&process).map(|found| found.settings)
    }

    fn set_settings(&mut self, process: Pid, settings: Settings) {
        self.processes
            .update(&process, |found| found.settings = settings);
    }

    fn program(&self, process: Pid) -> Option<&Program> {
        self.processes.get(&process).map(|found| &found.program)
    }

    fn set_program(&mut self, process: Pid, program: Program) {
        self.processes
            .update(&process, |found| found.program = program);
    }

    fn groups(&self, process: Pid) -> Vec<u32> {
        let found = self.processes.get(&process);
        found.map_or_else(Vec::new, |found| found.groups.clone())
    }

    fn set_groups(&mut self, process: Pid, groups: Vec<u32>) {
        self.processes
            .update(&process, |found| found.groups = groups);
    }

    fn add_process(&mut self, process: Pid, places: Places, settings: Settings, program: Program) {
        let record = Process {
            places,
            settings,
            program,
            groups: Vec::new(),
        };
        self.processes.insert(process, record);
    }

    fn drop_process(&mut self, process: Pid) {
        self.processes.remove(&process);
    }

    fn processes(&self) -> Vec<Pid> {
        self.processes.iter().map(|(process, _)| *process).collect()
    }

    fn all_descriptors(&self) -> Vec<(Pid, u32, Descriptor)> {
        let all = self.descriptors.iter();
        all.map(|((process, number), descriptor)| (*process, *number, *descriptor))
            .collect()
    }

    fn descriptor(&self, process: Pid, number: u32) -> Option<Descriptor> {
        self.descriptors.get(&(process, number)).copied()
    }

    fn set_descriptor(&mut self, process: Pid, number: u32, descriptor: Descriptor) {
        self.descriptors.insert((process, number), descriptor);
    }

    fn take_descriptor(&mut self, process: Pid, number: u32) -> Option<Descriptor> {
        self.descriptors.remove(&(process, number))
    }

    fn descriptors_from(
        &self,
        process: Pid,
        number: u32,
    ) -> impl Iterator<Item = (u32, Descriptor)> {
        let all = self
            .descriptors
            .range((process, number)..=(process, u32::MAX));
        all.map(|((_, number), descriptor)| (*number, *descriptor))
    }

    fn open(&self, id: OpenId) -> Option<&Open> {
        self.opens.get(&id)
    }

    fn add_open(&mut self, open: Open, references: u32) -> OpenId {
        let id = self.last_open.change(|last| {
            *last += 1;
            OpenId(*last)
        });
        self.opens.insert(id, open);
        self.set_references(id, references);
        id
    }

    fn take_open(&mut self, id: OpenId) -> Option<Open> {
        self.references.remove(&id);
        self.opens.remove(&id)
    }

    fn references(&self, id: OpenId) -> u32 {
        self.references.get(&id).copied().unwrap_or(0)
    }

    fn set_references(&mut self, id: OpenId, references: u32) {
        self.references.insert(id, references);
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
        self.last_mount.change(|last| {
            *last = (*last).max(crate::tables::ROOT_MOUNT) + 1;
            *last
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
    const VERSION: u32 = 1;
    type Other = super::version_2::State;
    const OTHER_VERSION: u32 = 2;

    fn fresh(_: &service::Start) -> Self {
        Self::default()
    }

    fn check(&mut self) -> usize {
        crate::tables::check(self)
    }
}
