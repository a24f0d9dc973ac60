//! What could happen next, and how an instance begins and ends.

use alloc::vec;
use alloc::vec::Vec;

use abi::event::Holding;
use abi::layout::{PAGE_SIZE, SERVICE_INBOX};
use abi::slot::{Failure, Phase, Refusal};
use abi::word::{index, low_16, low_32};
use abi::{Call, CallError, Endpoint, Event, Pid, Reply, RequestId};

use super::{Host, InstanceId};
use crate::instance::InstanceIndex;
use crate::memory::Place;
use crate::program::ProgramState;
use crate::thread::{Kind, State, ThreadIndex};

/// Bytes of inbox that one call asks for at most.
const STEP: usize = 1 << 20;

/// Something that could happen next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Turn {
    /// A candidate begins: [`Host::start`], [`Host::inbox`], [`Host::ready`].
    Start(InstanceId),
    /// The predecessor of this candidate is exported for it: [`Host::export`].
    Export(InstanceId),
    /// An instance goes on after its commit: [`Host::take_over`].
    TakeOver(InstanceId),
    /// An instance calls `receive`: [`Host::receive`].
    Event(InstanceId),
    /// A program runs in user mode.
    Program(Pid),
}

/// The answer of `Call::StartInformation`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StartInformation {
    /// Bytes in the inbox; 0 when it starts fresh.
    pub bytes: u64,
    /// The version of the State in the inbox.
    pub state_version: u32,
    /// Random words, its own.
    pub seed: [u64; 3],
    /// The generation that it has or will have.
    pub generation: u32,
    /// Its slot.
    pub slot: Endpoint,
    /// Bytes of the boot archive that it sees.
    pub archive: u64,
}

impl Host {
    /// All that could happen next, in a fixed order. Nothing may: then only time can pass.
    pub fn turns(&mut self) -> Vec<Turn> {
        let pids: Vec<Pid> = self.pids().collect();
        // First, because a program that is about to run may ask pm instead.
        let programs: Vec<Turn> = pids
            .into_iter()
            .filter(|pid| matches!(self.kernel.program(*pid), Ok(ProgramState::Runs(_))))
            .map(Turn::Program)
            .collect();
        let count = InstanceIndex::try_from(self.kernel.instances.items.len()).unwrap_or(0);
        let mut turns: Vec<Turn> = (0..count).filter_map(|at| self.turn_of(at)).collect();
        turns.extend(programs);
        turns
    }

    fn turn_of(&self, at: InstanceIndex) -> Option<Turn> {
        let id = self.name(at)?;
        let phase = self.instance(id)?.phase;
        match (phase, self.state(self.kernel.instances.thread(at))) {
            (Phase::Importing, State::Ready) => Some(Turn::Start(id)),
            (Phase::Exporting, _) => Some(Turn::Export(id)),
            (Phase::Running, State::Ready) => Some(Turn::TakeOver(id)),
            (Phase::Running, State::ReadyToReceive | State::Running) => Some(Turn::Event(id)),
            _ => None,
        }
    }

    pub(super) fn state(&self, thread: ThreadIndex) -> State {
        self.kernel.threads[thread as usize].state
    }

    /// What a candidate is told about its start.
    ///
    /// # Errors
    /// `BadState` when it does not run.
    pub fn start(&mut self, id: InstanceId) -> Result<StartInformation, CallError> {
        let bytes = self.call(id, Call::StartInformation, &[])?;
        let [version, first, second, third, identity, archive] = self.reply_words(id)?;
        Ok(StartInformation {
            bytes,
            state_version: low_32(version),
            seed: [first, second, third],
            generation: low_32(identity),
            slot: Endpoint(low_16(identity >> 32)),
            archive,
        })
    }

    /// What the predecessor has exported for a candidate; empty when it starts fresh.
    #[must_use]
    pub fn inbox(&self, id: InstanceId) -> Vec<u8> {
        let length = self.instance(id).map_or(0, |instance| instance.start.bytes);
        let mut bytes = vec![0; index(length)];
        match self.read_memory(id, SERVICE_INBOX, &mut bytes) {
            Ok(()) => bytes,
            Err(_) => Vec::new(),
        }
    }

    /// A candidate has prepared itself, or refuses. The last one of a transaction commits it.
    ///
    /// # Errors
    /// `BadState` when it does not prepare.
    pub fn ready(&mut self, id: InstanceId, refusal: Refusal) -> Result<(), CallError> {
        self.call(id, Call::Ready, &[refusal as u64]).map(drop)
    }

    /// The instance whose State is exported for a candidate.
    #[must_use]
    pub fn predecessor(&self, id: InstanceId) -> Option<InstanceId> {
        self.current(id.slot)
    }

    /// The export for a candidate: what its predecessor's code writes, and of which State version.
    ///
    /// # Errors
    /// `BadState` when none runs; `NoMemory` (the real exporter then aborts: [`Host::crash_export`]).
    pub fn export(&mut self, id: InstanceId, version: u32, bytes: &[u8]) -> Result<(), CallError> {
        let thread = self.exporter(id).ok_or(CallError::BadState)?;
        let mut size = 0;
        for chunk in bytes.chunks(STEP) {
            size += chunk.len() as u64;
            let wanted = size.next_multiple_of(PAGE_SIZE);
            self.call_of(thread, Call::InboxGrow, &[wanted])?;
            let view = self.instance(id).and_then(|instance| instance.view);
            let place = Place {
                root: self
                    .kernel
                    .memory
                    .view_root(view.ok_or(CallError::BadState)?),
                address: SERVICE_INBOX + size - chunk.len() as u64,
            };
            self.kernel
                .memory
                .write(&mut self.kernel.machine, place, chunk)
                .map_err(|_| CallError::BadAddress)?;
        }
        self.call_of(thread, Call::ExportDone, &[size, version.into()])
            .map(drop)
    }

    fn exporter(&self, id: InstanceId) -> Option<ThreadIndex> {
        let thread = self.kernel.instances.exporter(id.index);
        self.instance(id)?.view?;
        (self.kernel.threads[thread as usize].kind == Kind::Exporter(id.index)).then_some(thread)
    }

    /// An instance goes on after its commit: from here on it may make all its calls.
    pub fn take_over(&mut self, id: InstanceId) {
        if let Some(Turn::TakeOver(_)) = self.instance(id).and(self.turn_of(id.index)) {
            let thread = self.kernel.instances.thread(id.index);
            self.kernel.block(thread, State::Running);
        }
    }

    /// An instance acknowledges its event and takes the next. `None` when there is none (it gets a
    /// turn when there is), when it is frozen now, when it does not serve, or when it is ended
    /// because it does not know what it has in hand. A request may be ended first.
    pub fn receive(
        &mut self,
        id: InstanceId,
        answer: Option<(RequestId, Reply)>,
        holding: Holding,
    ) -> Option<Event> {
        let turn = self.instance(id).and(self.turn_of(id.index));
        let Some(Turn::Event(_) | Turn::TakeOver(_)) = turn else {
            return None;
        };
        if let Some((request, reply)) = answer {
            // One that is not its own is logged, as for the real one.
            let _ = self.kernel.reply(id.slot, request, reply);
        }
        if !self.kernel.check_holding(id.slot, holding) {
            return None;
        }
        self.kernel.receive(id.slot)
    }

    /// An instance fails: the current one crashes, a candidate that has started ends its transaction.
    pub fn crash(&mut self, id: InstanceId, failure: Failure) {
        if self.instance(id).is_some() {
            let thread = self.kernel.instances.thread(id.index);
            self.kernel.thread_failed(thread, failure, 0);
        }
    }

    /// The export for a candidate fails.
    pub fn crash_export(&mut self, id: InstanceId, failure: Failure) {
        if let Some(thread) = self.exporter(id) {
            self.kernel.thread_failed(thread, failure, 0);
        }
    }
}
