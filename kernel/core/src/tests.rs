//! Tests of the kernel as a whole, on the pretend machine: small worlds of services that do what
//! the test says.

mod absent;
mod cancel;
mod carried;
mod crash;
mod frozen;
mod holding;
mod leases;
mod lifecycle;
mod limits;
mod notify;
mod processes;
mod random;
mod replace;
mod rights;
mod routes;
mod rs;
mod threads;
mod traps;

use alloc::vec::Vec;

use abi::call::{MemoryStatistics, Protection};
use abi::declaration::{Declaration, PortRange};
use abi::event::Holding;
use abi::layout::PAGE_SIZE;
use abi::limits::SLOTS;
use abi::slot::{Refusal, SlotStatus};
use abi::{Call, CallError, Endpoint, Event, EventKind, LeaseDescriptor, Message, Pid, Reply};
use abi::{RequestId, Tag};

use crate::host::{self, Host, InstanceId, Setup, Turn};
use crate::memory::Memory;
use crate::thread::State;

const RS: Endpoint = Endpoint::RS;
const PM: Endpoint = Endpoint(1);
const VM: Endpoint = Endpoint(2);
const VFS: Endpoint = Endpoint(3);
const FS: Endpoint = Endpoint(4);
const DRIVER: Endpoint = Endpoint(5);
const ALL: [Endpoint; 6] = [RS, PM, VM, VFS, FS, DRIVER];

/// The Linux call that the file server owns.
const CALL: u64 = 0;
/// The protocol that services speak.
const PROTOCOL: u16 = 5;
/// Where programs have memory.
const PROGRAM_DATA: u64 = 0x40_0000;
const READ_WRITE: u64 = Protection::READ.0 | Protection::WRITE.0;

/// A service that may do everything, but owns nothing.
fn declaration(name: &str, slot: Endpoint) -> Declaration {
    let mut declaration = Declaration {
        slot: slot.0,
        priority: slot.0 + 1,
        submissions: 8,
        pages: 256,
        hang_ticks: 3,
        archive: 1,
        calls: u64::MAX,
        protocols: [u64::MAX; SLOTS],
        notifies: (1 << SLOTS) - 1,
        ..Declaration::NONE
    };
    for (byte, letter) in declaration.name.iter_mut().zip(name.bytes()) {
        *byte = letter;
    }
    declaration
}

fn declarations() -> Vec<Declaration> {
    let names = ["rs", "pm", "vm", "vfs", "fs", "driver"];
    let mut all: Vec<Declaration> = names
        .iter()
        .zip(ALL)
        .map(|(name, slot)| declaration(name, slot))
        .collect();
    all[PM.index()].process_manager = 1;
    all[VM.index()].memory_manager = 1;
    all[VFS.index()].linux_calls[0] = 1 << CALL;
    let driver = &mut all[DRIVER.index()];
    driver.calls = 1 << Call::PortRead as u64
        | 1 << Call::PortWrite as u64
        | 1 << Call::PortReadBytes as u64
        | 1 << Call::InterruptEnable as u64;
    driver.protocols = [0; SLOTS];
    driver.notifies = 1 << VFS.0;
    driver.ports[0] = PortRange {
        first: 0x60,
        count: 4,
    };
    driver.interrupts[1] = 12;
    all
}

/// A system under test.
struct World {
    host: Host,
    transactions: u64,
}

impl World {
    /// Only rs, which is about to start.
    fn boot() -> World {
        let archive = host::archive(&declarations(), &[1, 2]).unwrap();
        let setup = Setup {
            frames: 4096,
            ..Setup::default()
        };
        World {
            host: Host::boot(setup, archive).unwrap(),
            transactions: 0,
        }
    }

    /// All services serve, and have nothing to receive.
    fn new() -> World {
        let mut world = World::boot();
        world.prepare();
        for declaration in &declarations()[1..] {
            let rs = world.busy(RS);
            world
                .host
                .call_given(rs, Call::SlotDeclare, &[], declaration)
                .unwrap();
        }
        let others = 0b11_1110;
        world.load(others, 1);
        world.replace(others, others).unwrap();
        world.prepare();
        world.drain();
        world
    }

    fn id(&self, slot: Endpoint) -> InstanceId {
        self.host.current(slot).unwrap()
    }

    /// The current instance of a slot, busy with something of its own if it has no event.
    fn busy(&mut self, slot: Endpoint) -> InstanceId {
        let id = self.id(slot);
        let thread = self.host.kernel.current_thread(slot).unwrap();
        let state = self.host.kernel.threads[thread as usize].state;
        if matches!(state, State::Receiving | State::ReadyToReceive) {
            self.host.kernel.block(thread, State::Running);
        }
        id
    }

    /// The memory, once all that is to be freed has been.
    fn settled(&mut self) -> MemoryStatistics {
        let kernel = &mut self.host.kernel;
        while Memory::reclaim(&mut kernel.memory, &mut kernel.machine) {}
        kernel.memory.statistics()
    }

    fn call(&mut self, slot: Endpoint, call: Call, arguments: &[u64]) -> Result<u64, CallError> {
        let id = self.busy(slot);
        self.host.call(id, call, arguments)
    }

    /// Has rs make candidates from the boot archive.
    fn load(&mut self, members: u64, version: u32) {
        for slot in ALL.into_iter().filter(|slot| members >> slot.0 & 1 == 1) {
            let name = declarations()[slot.index()];
            let name = core::str::from_utf8(name.name()).unwrap();
            let path = alloc::format!("system/services/{name}/{version}");
            let archive = archive::Archive::read(self.host.archive()).unwrap();
            let found = archive.find(path.as_bytes()).unwrap();
            let arguments = [slot.0.into(), 0, found.offset, found.data.len() as u64];
            self.call(RS, Call::InstanceCreate, &arguments).unwrap();
        }
    }

    fn replace(&mut self, members: u64, fresh: u64) -> Result<u64, CallError> {
        self.transactions += 1;
        let deadline = self.host.now().after(1_000_000_000);
        let arguments = [members, fresh, deadline.0, self.transactions];
        self.call(RS, Call::Replace, &arguments)
    }

    /// Runs transactions to their end, all members willing: their State is the slot's number.
    fn prepare(&mut self) {
        loop {
            let turns = self.host.turns();
            let found = turns.into_iter().find_map(|turn| match turn {
                Turn::Start(id) => Some(self.host.ready(id, Refusal::None)),
                Turn::Export(id) => Some(self.host.export(id, 1, &id.slot.0.to_le_bytes())),
                Turn::TakeOver(id) => {
                    self.host.take_over(id);
                    Some(Ok(()))
                }
                Turn::Event(_) | Turn::Program(_) => None,
            });
            match found {
                Some(result) => result.unwrap(),
                None => return self.host.check().unwrap(),
            }
        }
    }

    /// Replaces services, with their State, by version 2.
    fn update(&mut self, members: u64) {
        self.load(members, 2);
        self.replace(members, 0).unwrap();
        for slot in ALL.into_iter().filter(|slot| members >> slot.0 & 1 == 1) {
            self.receive(slot);
        }
        self.prepare();
    }

    /// Brings crashed services back, with their State.
    fn recover(&mut self, members: u64) {
        self.load(members, 1);
        self.replace(members, 0).unwrap();
        self.prepare();
    }

    fn receive(&mut self, slot: Endpoint) -> Option<Event> {
        let id = self.id(slot);
        self.receive_as(id)
    }

    /// An instance receives, and knows what it has in hand.
    fn receive_as(&mut self, id: InstanceId) -> Option<Event> {
        let held = self.host.kernel.slot(id.slot).delivered.len();
        let holding = Holding {
            requests: held.into(),
            questions: 0,
            waiting: held.into(),
        };
        self.host.receive(id, None, holding)
    }

    /// Receives until nothing is left, at every service; at rs last, which is told of the others.
    fn drain(&mut self) {
        for slot in ALL.into_iter().rev() {
            while self.receive(slot).is_some() {}
        }
        self.host.check().unwrap();
    }

    /// The next event of a service, which is a request.
    fn request(&mut self, slot: Endpoint) -> Event {
        let event = self.receive(slot).unwrap();
        assert_eq!(event.kind, EventKind::Request as u32);
        event
    }

    fn reply(&mut self, slot: Endpoint, request: RequestId, result: i64) -> Result<(), CallError> {
        let id = self.busy(slot);
        self.host.reply(id, request, &Reply::value(result))
    }

    fn submit(&mut self, slot: Endpoint, to: Endpoint, tag: Tag) -> Result<(), CallError> {
        self.submit_leases(slot, to, tag, &[])
    }

    fn submit_leases(
        &mut self,
        slot: Endpoint,
        to: Endpoint,
        tag: Tag,
        leases: &[LeaseDescriptor],
    ) -> Result<(), CallError> {
        let id = self.busy(slot);
        self.host.submit(id, to, tag, &message(tag.index), leases)
    }

    fn forward(
        &mut self,
        slot: Endpoint,
        request: RequestId,
        to: Endpoint,
        leases: &[LeaseDescriptor],
    ) -> Result<(), CallError> {
        let id = self.busy(slot);
        self.host.forward(id, request, to, &message(77), leases)
    }

    fn status(&mut self, slot: Endpoint) -> SlotStatus {
        let rs = self.busy(RS);
        self.host
            .call_filled(rs, Call::SlotStatus, &[slot.0.into()])
            .unwrap()
    }

    /// Makes a process with an empty space of the same number, and lets it run.
    fn spawn(&mut self, pid: u32) -> Pid {
        let number = u64::from(pid);
        self.call(VM, Call::SpaceCreate, &[number]).unwrap();
        self.call(PM, Call::ProcessCreate, &[number, 0, number, 0])
            .unwrap();
        self.call(PM, Call::ProcessRun, &[number, 1]).unwrap();
        Pid(pid)
    }

    /// Gives a process pages of memory.
    fn map(&mut self, pid: Pid, pages: u64) {
        let arguments = [pid.0.into(), PROGRAM_DATA, pages, READ_WRITE];
        let done = self.call(VM, Call::MapAnonymous, &arguments);
        assert_eq!(done, Ok(pages));
    }

    /// A process makes the call that the file server owns.
    fn program_call(&mut self, pid: Pid) {
        let arguments = [PROGRAM_DATA, PAGE_SIZE, 0, 0, 0, 0];
        self.host.program_call(pid, CALL, arguments).unwrap();
    }

    /// The same, received by the file server.
    fn program_request(&mut self, pid: Pid) -> Event {
        self.program_call(pid);
        self.request(VFS)
    }
}

fn message(kind: u32) -> Message {
    Message {
        protocol: PROTOCOL,
        version: 1,
        kind,
        words: [u64::from(kind); 7],
    }
}

/// The tag of a question asked for a request.
fn child(parent: RequestId, index: u32) -> Tag {
    Tag {
        parent,
        index,
        generation: 0,
    }
}

/// The tag of a question that a service asks on its own behalf.
fn own(index: u32) -> Tag {
    child(RequestId::NONE, index)
}
