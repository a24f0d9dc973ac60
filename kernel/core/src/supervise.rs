//! What rs decides about slots: declarations, candidates, taking down, faults on request.

use abi::declaration::Declaration;
use abi::limits::SLOTS;
use abi::slot::{Fault, Phase, SlotStatus, TransactionStatus};
use abi::{CallError, Endpoint, Errno, Reply, Time};

use crate::instance::{Instance, Start};
use crate::kernel::Kernel;
use crate::machine::Machine;
use crate::memory::ImageSource;
use crate::request::RequestIndex;
use crate::slot::Unacknowledged;
use abi::trace::Record;

impl<M: Machine> Kernel<M> {
    /// States what a service may do. A level.
    ///
    /// # Errors
    /// `BadArgument` for a slot or a priority out of range.
    pub fn slot_declare(&mut self, declaration: &Declaration) -> Result<(), CallError> {
        if usize::from(declaration.slot) >= SLOTS || declaration.priority >= 16 {
            return Err(CallError::BadArgument);
        }
        self.slots.declare(declaration);
        Ok(())
    }

    /// Makes a candidate from an image, instead of one that is only loaded.
    ///
    /// # Errors
    /// `NoSlot` if it is not declared; `BadState` if a candidate is being prepared; `BadImage`,
    /// `BadAddress`, `NoMemory`.
    pub fn create_candidate(
        &mut self,
        slot: Endpoint,
        source: ImageSource,
    ) -> Result<(), CallError> {
        self.slots.declared(slot)?;
        if !matches!(self.candidate_phase(slot), Phase::Absent | Phase::Loaded) {
            return Err(CallError::BadState);
        }
        let began = self.machine.now();
        let index = self.instances.vacant().ok_or(CallError::NoMemory)?;
        let declaration = &self.slots[slot].declaration;
        let (pages, archive) = (declaration.pages, declaration.archive == 1);
        let memory = self
            .memory
            .create_instance(&mut self.machine, source, pages, archive)?;
        let seed = [
            self.machine.random(),
            self.machine.random(),
            self.machine.random(),
        ];
        let number = self.instances.next_number();
        self.instances.items[index as usize] = Some(Instance {
            number,
            slot,
            memory,
            root: self.memory.instance_root(memory),
            event: self.memory.event_frame(memory),
            phase: Phase::Loaded,
            version: self.memory.instance_layout(memory).version,
            lent: 0,
            ended: false,
            stored: matches!(source, ImageSource::Archive { .. }).then_some(source),
            load: self.machine.now().since(began),
            start: Start {
                seed,
                ..Start::default()
            },
            view: None,
        });
        let base = self.memory.instance_layout(memory).base;
        self.record(Record::Loaded(slot, base));
        // The old one went on being there while it was not sure that there would be a new one.
        self.drop_candidate(slot);
        self.slots[slot].candidate = Some(index);
        Ok(())
    }

    /// Drops a candidate that no transaction prepares.
    ///
    /// # Errors
    /// `NoSlot`; `BadState`.
    pub fn destroy_candidate(&mut self, slot: Endpoint) -> Result<(), CallError> {
        self.slots.declared(slot)?;
        if self.is_member(slot) {
            return Err(CallError::BadState);
        }
        self.drop_candidate(slot);
        Ok(())
    }

    /// What the current instance of a slot does.
    pub(crate) fn current_phase(&self, slot: Endpoint) -> Phase {
        let record = self.slot(slot);
        match record.current.and_then(|index| self.instances.get(index)) {
            Some(instance) => instance.phase,
            None if record.down => Phase::Down,
            None => Phase::Absent,
        }
    }

    /// What the candidate of a slot does.
    pub(crate) fn candidate_phase(&self, slot: Endpoint) -> Phase {
        let candidate = self
            .slot(slot)
            .candidate
            .and_then(|index| self.instances.get(index));
        candidate.map_or(Phase::Absent, |instance| instance.phase)
    }

    /// Takes a slot down: its instance ends, and so do all requests at it.
    ///
    /// # Errors
    /// `NoSlot`; `BadState` for rs, and while the slot is a member of a transaction.
    pub fn take_down(&mut self, slot: Endpoint) -> Result<(), CallError> {
        self.slots.declared(slot)?;
        if self.is_member(slot) || slot == Endpoint::RS {
            return Err(CallError::BadState);
        }
        self.slots[slot].down = true;
        self.drop_candidate(slot);
        if let Some(index) = self.slots[slot].current.take() {
            self.end_instance(index);
        }
        let record = &mut self.slots[slot];
        record.timer = Time::NEVER;
        record.notifications = 0;
        record.fault = None;
        self.clear_trap(slot);
        let record = &mut self.slots[slot];
        if let Unacknowledged::Completion(index) = core::mem::take(&mut record.unacknowledged) {
            self.forget_submission(index);
        }
        while let Some(index) = self.slots[slot].submitted.first() {
            self.abandon(slot, index);
        }
        while let Some(index) = self.next_request_at(slot) {
            self.finish(index, Reply::value(Errno::IO.result()));
        }
        Ok(())
    }

    fn next_request_at(&self, slot: Endpoint) -> Option<RequestIndex> {
        let record = &self.slots[slot];
        record
            .delivered
            .first()
            .or(record.queue.first())
            .or(record.held.first())
    }

    /// Makes a service crash, as [`Fault`] says. A number already seen does nothing.
    ///
    /// # Errors
    /// `NoSlot`.
    pub fn set_fault(
        &mut self,
        slot: Endpoint,
        fault: Fault,
        number: u64,
        count: u64,
    ) -> Result<(), CallError> {
        self.slots.declared(slot)?;
        let record = &mut self.slots[slot];
        if number > record.fault_number {
            record.fault_number = number;
            self.clear_trap(slot);
            self.set_trap(slot, fault, count);
        }
        Ok(())
    }

    /// What became of the last transaction.
    #[must_use]
    pub fn transaction_status(&self) -> TransactionStatus {
        self.transaction_status
    }

    /// The slots whose instance has crashed, one bit each.
    #[must_use]
    pub fn crashed_slots(&self) -> u64 {
        let crashed = |slot: &Endpoint| self.current_phase(*slot) == Phase::Crashed;
        let all = Self::members(u64::MAX).filter(crashed);
        all.map(|slot| 1 << slot.0).sum()
    }

    /// What a slot does.
    ///
    /// # Errors
    /// `NoSlot`.
    pub fn slot_status(&self, slot: Endpoint) -> Result<SlotStatus, CallError> {
        self.slots.declared(slot)?;
        let record = &self.slots[slot];
        let current = record.current.and_then(|index| self.instances.get(index));
        let candidate = record.candidate.and_then(|index| self.instances.get(index));
        let pages = |instance: Option<&Instance>| {
            instance.map_or(0, |instance| self.memory.instance_pages(instance.memory))
        };
        Ok(SlotStatus {
            current: self.current_phase(slot) as u32,
            candidate: self.candidate_phase(slot) as u32,
            failure: record.failure as u32,
            generation: record.generation,
            version: current.map_or(0, |instance| instance.version),
            candidate_version: candidate.map_or(0, |instance| instance.version),
            crashes: record.crashes,
            queued: record.queue.len(),
            delivered: record.delivered.len() + record.held.len(),
            submitted: record.submitted.len(),
            pages: pages(current),
            candidate_pages: pages(candidate),
            crash_instruction: record.crash_instruction,
            crash_address: record.crash_address,
            base: current.map_or(0, |instance| {
                self.memory.instance_layout(instance.memory).base
            }),
            run_time: record.run_time,
            served: record.served,
            points: record.points,
            load: record.part.load,
            frozen: record.part.frozen,
            exported: record.part.exported,
            ready: record.part.ready,
            attached: record.part.attached,
            state_bytes: record.part.bytes,
            state_version: record.part.from,
            own_version: record.part.to,
        })
    }
}
