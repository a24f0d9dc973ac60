//! The transaction that replaces instances: freeze, export, import, commit or roll back.

use abi::event::notification;
use abi::layout::SERVICE_STACK_SIZE;
use abi::limits::SLOTS;
use abi::process::Registers;
use abi::slot::{Failure, Phase, Refusal, TransactionStatus};
use abi::trace::Record;
use abi::{CallError, Endpoint, Time};

use crate::instance::InstanceIndex;
use crate::kernel::Kernel;
use crate::machine::Machine;
use crate::memory::Memory;
use crate::slot::Part;
use crate::thread::{Kind, State, Thread, ThreadIndex};

/// The longest that a transaction may take, in nanoseconds.
const LONGEST: u64 = 60_000_000_000;
/// How long the kernel gives rs to come back.
const RECOVERY: u64 = 10_000_000_000;
/// Attempts at bringing rs back before the machine is ended.
const RECOVERY_ATTEMPTS: u32 = 4;
/// The interrupt flag, and the bit that is always set.
const USER_FLAGS: u64 = 0x202;

/// Who started a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Starter {
    /// rs, which is told of the end.
    Rs,
    /// The kernel, to bring rs back.
    Kernel,
}

/// A transaction under way. What each member does is the phase of its instances.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Transaction {
    members: u64,
    fresh: u64,
    deadline: Time,
    starter: Starter,
    /// Whether it is not to be committed.
    trial: bool,
}

impl<M: Machine> Kernel<M> {
    /// Replaces the instances of the slots in `members` by their candidates, all or none; those
    /// also in `fresh` start without the State of their predecessor. A `trial` ends when it could
    /// be committed, with the old instances going on.
    ///
    /// A number that is not larger than the last one is a call made again: nothing happens.
    ///
    /// # Errors
    /// `BadArgument`: no member, or one that does not exist, or `fresh` names others. `NoSlot`: one
    /// is not declared. `BadState`: a transaction is under way, or a member has no loaded
    /// candidate, or has nothing to export. Nothing has changed then.
    pub fn replace(
        &mut self,
        members: u64,
        fresh: u64,
        deadline: Time,
        number: u64,
        trial: bool,
    ) -> Result<(), CallError> {
        if number <= self.transaction_status.number {
            return Ok(());
        }
        if members == 0 || members >> SLOTS != 0 || fresh & !members != 0 {
            return Err(CallError::BadArgument);
        }
        if self.transaction.is_some() {
            return Err(CallError::BadState);
        }
        for slot in Self::members(members) {
            self.slots.declared(slot)?;
            let loaded = self.candidate_phase(slot) == Phase::Loaded;
            let exports = fresh >> slot.0 & 1 == 0;
            if !loaded || (exports && self.slot(slot).current.is_none()) {
                return Err(CallError::BadState);
            }
        }
        let now = self.machine.now();
        self.transaction_status = TransactionStatus {
            number,
            members,
            started: now,
            ..TransactionStatus::default()
        };
        let deadline = deadline.min(now.after(LONGEST));
        self.begin(Transaction {
            members,
            fresh,
            deadline,
            starter: Starter::Rs,
            trial,
        });
        Ok(())
    }

    fn begin(&mut self, transaction: Transaction) {
        self.transaction = Some(transaction);
        for slot in Self::members(transaction.members) {
            let candidate = self.slot(slot).candidate;
            let load = candidate.and_then(|index| self.instances.get(index));
            let part = Part {
                load: load.map_or(0, |instance| instance.load),
                ..Part::NONE
            };
            let record = self.slot_mut(slot);
            record.freezing = true;
            record.part = part;
        }
        for slot in Self::members(transaction.members) {
            if self.transaction.is_none() {
                return;
            }
            let at_receive = self.current_thread(slot).is_none_or(|thread| {
                matches!(
                    self.threads[thread as usize].state,
                    State::Receiving | State::ReadyToReceive | State::Stopped
                )
            });
            if at_receive {
                self.freeze(slot);
            }
        }
    }

    /// Stops the current instance of a slot, which is at `receive`, if a transaction wants it.
    /// Whether it is stopped.
    pub(crate) fn stop_at_receive(&mut self, slot: Endpoint) -> bool {
        if self.slot(slot).freezing {
            self.freeze(slot);
            return true;
        }
        match self.current_thread(slot) {
            Some(thread) => {
                matches!(
                    self.threads[thread as usize].state,
                    State::Frozen | State::Stopped
                )
            }
            None => true,
        }
    }

    /// A member has stopped, crashed before, or was never there: the next step begins.
    fn freeze(&mut self, slot: Endpoint) {
        let now = self.machine.now();
        let record = self.slot_mut(slot);
        record.freezing = false;
        record.part.frozen = now;
        if let Some(index) = self.slot(slot).current
            && let Some(instance) = self.instances.get_mut(index)
            && instance.phase == Phase::Running
        {
            instance.phase = Phase::Frozen;
            self.block(self.instances.thread(index), State::Frozen);
        }
        self.record(Record::Frozen(slot));
        if self.is_reported() {
            self.transaction_status.frozen = now;
        }
        let fresh = self
            .transaction
            .is_some_and(|running| running.fresh >> slot.0 & 1 == 1);
        if fresh {
            self.start_import(slot)
        } else {
            self.start_export(slot)
        }
    }

    fn start_export(&mut self, slot: Endpoint) {
        let (Some(old), Some(new)) = (self.slot(slot).current, self.slot(slot).candidate) else {
            return self.roll_back(slot, Failure::Killed, Refusal::None);
        };
        let Some(memory) = self.instances.get(old).map(|instance| instance.memory) else {
            return self.roll_back(slot, Failure::Killed, Refusal::None);
        };
        let Ok(view) = self.memory.create_view(&mut self.machine, memory) else {
            return self.roll_back(slot, Failure::NoMemory, Refusal::None);
        };
        if let Some(instance) = self.instances.get_mut(new) {
            instance.view = Some(view);
            instance.phase = Phase::Exporting;
        }
        let entry = self.memory.instance_layout(memory).export_entry;
        let thread = self.instances.exporter(new);
        self.start_thread(
            slot,
            thread,
            Kind::Exporter(new),
            entry,
            Memory::export_stack_top(),
        );
    }

    fn start_import(&mut self, slot: Endpoint) {
        let Some(new) = self.slot(slot).candidate else {
            return self.roll_back(slot, Failure::Killed, Refusal::None);
        };
        let Some(instance) = self.instances.get_mut(new) else {
            return self.roll_back(slot, Failure::Killed, Refusal::None);
        };
        instance.phase = Phase::Importing;
        let layout = self.memory.instance_layout(instance.memory);
        debug_assert!(layout.stack_top > SERVICE_STACK_SIZE);
        let thread = self.instances.thread(new);
        self.start_thread(
            slot,
            thread,
            Kind::Instance(new),
            layout.entry,
            layout.stack_top,
        );
    }

    /// Starts a thread of a service as if it had been called: the stack is 8 bytes off a multiple
    /// of 16 (System V ABI, section 3.2.2).
    fn start_thread(
        &mut self,
        slot: Endpoint,
        thread: ThreadIndex,
        kind: Kind,
        entry: u64,
        stack: u64,
    ) {
        let registers = Registers {
            rip: entry,
            rsp: stack - 8,
            rflags: USER_FLAGS,
            ..Registers::default()
        };
        let priority = (self.slot(slot).declaration.priority & 15) as u8;
        self.threads[thread as usize] = Thread {
            registers,
            kind,
            priority,
            call_number: -1,
            ..Thread::default()
        };
        self.make_ready(thread, State::Ready);
    }

    /// Makes the inbox of the export that runs for a slot at least `bytes` long.
    ///
    /// # Errors
    /// `BadState` when none runs; `BadArgument`, `NoMemory`.
    pub fn inbox_grow(&mut self, slot: Endpoint, bytes: u64) -> Result<u64, CallError> {
        let (_, view) = self.exporting(slot)?;
        self.memory.inbox_grow(&mut self.machine, view, bytes)
    }

    fn exporting(
        &self,
        slot: Endpoint,
    ) -> Result<(InstanceIndex, crate::memory::ViewHandle), CallError> {
        self.slots.declared(slot)?;
        let index = self.slots[slot].candidate.ok_or(CallError::BadState)?;
        let view = self.instances.get(index).and_then(|instance| instance.view);
        Ok((index, view.ok_or(CallError::BadState)?))
    }

    /// The export for a slot has ended with `bytes` in the inbox, of a State of `version`: the
    /// import begins.
    ///
    /// # Errors
    /// `BadState` when none runs; `BadArgument` when the inbox is shorter, or empty.
    pub fn export_done(
        &mut self,
        slot: Endpoint,
        bytes: u64,
        version: u64,
    ) -> Result<(), CallError> {
        let (index, view) = self.exporting(slot)?;
        let memory = self.instances.get(index).ok_or(CallError::BadState)?.memory;
        if bytes == 0 {
            return Err(CallError::BadArgument);
        }
        self.memory
            .hand_inbox(&mut self.machine, view, memory, bytes)?;
        self.end_view(index);
        if let Some(instance) = self.instances.get_mut(index) {
            instance.start.bytes = bytes;
            instance.start.state_version = version;
        }
        let now = self.machine.now();
        let part = &mut self.slot_mut(slot).part;
        part.exported = now;
        part.bytes = bytes;
        part.from = u32::try_from(version).unwrap_or(0);
        if self.is_reported() {
            self.transaction_status.exported = now;
            self.transaction_status.state_bytes += bytes;
        }
        self.start_import(slot);
        Ok(())
    }

    /// The candidate of a slot has prepared itself, or refuses. The last one to be ready commits.
    ///
    /// # Errors
    /// `BadState` when it does not import.
    pub fn candidate_ready(&mut self, slot: Endpoint, refusal: Refusal) -> Result<(), CallError> {
        self.slots.declared(slot)?;
        let index = self.slots[slot].candidate.ok_or(CallError::BadState)?;
        let instance = self.instances.get_mut(index);
        let instance = instance.filter(|instance| instance.phase == Phase::Importing);
        let instance = instance.ok_or(CallError::BadState)?;
        if refusal == Refusal::None {
            instance.phase = Phase::Ready;
        }
        self.block(self.instances.thread(index), State::Committing);
        if refusal != Refusal::None {
            self.roll_back(slot, Failure::Refused, refusal);
            return Ok(());
        }
        self.record(Record::Ready(slot));
        self.slot_mut(slot).part.ready = self.machine.now();
        let members = self.transaction.map_or(0, |running| running.members);
        if Self::members(members).all(|member| self.candidate_phase(member) == Phase::Ready) {
            self.conclude(members);
        }
        Ok(())
    }

    /// All members are ready.
    fn conclude(&mut self, members: u64) {
        if self.transaction.is_some_and(|running| running.trial) {
            let first = Self::members(members).next().unwrap_or(Endpoint::RS);
            self.roll_back(first, Failure::None, Refusal::None);
        } else {
            self.commit(members);
        }
    }

    /// The current instance of a slot asks for an event.
    pub(crate) fn attached(&mut self, slot: Endpoint) {
        let part = &self.slot(slot).part;
        if part.attached == Time::NEVER && part.ready != Time::NEVER {
            self.slot_mut(slot).part.attached = self.machine.now();
            // rs sees that of itself when it looks.
            if slot != Endpoint::RS {
                self.raise(Endpoint::RS, notification::SLOT_CHANGED);
            }
        }
    }

    fn commit(&mut self, members: u64) {
        let Some(running) = self.transaction.take() else {
            return;
        };
        for slot in Self::members(members) {
            self.swap(slot, running.fresh >> slot.0 & 1 == 1);
        }
        self.record(Record::Committed(self.number_of(running.starter)));
        if running.starter == Starter::Rs {
            self.transaction_status.outcome = 1;
            self.transaction_status.ended = self.machine.now();
        }
        self.raise(Endpoint::RS, notification::SLOT_CHANGED);
        self.recover_rs();
    }

    /// Ends the transaction for the failure of one member: the candidates go, the others carry on.
    pub(crate) fn roll_back(&mut self, slot: Endpoint, failure: Failure, refusal: Refusal) {
        let Some(running) = self.transaction.take() else {
            return;
        };
        let phase = self.candidate_phase(slot);
        for member in Self::members(running.members) {
            self.drop_candidate(member);
            self.thaw(member);
        }
        let number = self.number_of(running.starter);
        if failure == Failure::None {
            self.log(format_args!("kernel: transaction {number} was tried"));
        } else {
            self.log(format_args!(
                "kernel: transaction {number} rolled back: slot {}: {failure:?} {refusal:?}",
                slot.0
            ));
        }
        self.record(Record::RolledBack(number, slot, failure as u32));
        if running.starter == Starter::Rs {
            let status = &mut self.transaction_status;
            status.outcome = if failure == Failure::None { 3 } else { 2 };
            status.member = slot.0.into();
            status.phase = phase as u32;
            status.failure = failure as u32;
            status.refusal = refusal as u32;
            status.ended = self.machine.now();
        }
        self.raise(Endpoint::RS, notification::SLOT_CHANGED);
        self.recover_rs();
    }

    fn thaw(&mut self, slot: Endpoint) {
        self.slot_mut(slot).freezing = false;
        if let Some(index) = self.slot(slot).current
            && let Some(instance) = self.instances.get_mut(index)
            && instance.phase == Phase::Frozen
        {
            instance.phase = Phase::Running;
            self.make_ready(self.instances.thread(index), State::ReadyToReceive);
        }
    }

    /// Frees the candidate of a slot, if it has one.
    pub(crate) fn drop_candidate(&mut self, slot: Endpoint) {
        if let Some(index) = self.slot_mut(slot).candidate.take() {
            self.end_instance(index);
        }
    }

    /// Rolls back a transaction whose deadline has passed.
    pub(crate) fn check_deadline(&mut self, now: Time) {
        let Some(running) = self.transaction else {
            return;
        };
        if running.deadline <= now {
            let late = self.late_member(running.members);
            self.roll_back(
                late.unwrap_or(Endpoint::RS),
                Failure::Deadline,
                Refusal::None,
            );
        }
    }

    /// Who holds a transaction up: the member that runs now, which keeps the less urgent ones from
    /// getting ready; else the first that is not ready.
    fn late_member(&self, members: u64) -> Option<Endpoint> {
        let running = self.schedule.running;
        let running = running.and_then(|thread| match self.threads[thread as usize].kind {
            Kind::Instance(index) | Kind::Exporter(index) => self.instances.get(index),
            Kind::Program | Kind::Free => None,
        });
        let running = running.map(|instance| instance.slot);
        let is_late = |slot: &Endpoint| self.candidate_phase(*slot) != Phase::Ready;
        let late = || Self::members(members).filter(is_late);
        late()
            .find(|slot| Some(*slot) == running)
            .or_else(|| late().next())
    }

    /// When the transaction under way is rolled back.
    pub(crate) fn transaction_deadline(&self) -> Option<Time> {
        self.transaction.map(|running| running.deadline)
    }

    /// Whether a slot is a member of the transaction under way.
    pub(crate) fn is_member(&self, slot: Endpoint) -> bool {
        self.transaction
            .is_some_and(|running| running.members >> slot.0 & 1 == 1)
    }

    /// The number of a transaction of rs; the kernel's own have number 0.
    fn number_of(&self, starter: Starter) -> u64 {
        match starter {
            Starter::Rs => self.transaction_status.number,
            Starter::Kernel => 0,
        }
    }

    fn is_reported(&self) -> bool {
        self.transaction
            .is_some_and(|running| running.starter == Starter::Rs)
    }

    /// Starts rs for the first time, by its loaded candidate.
    pub(crate) fn begin_with_rs(&mut self) {
        let deadline = self.machine.now().after(RECOVERY);
        self.begin(Transaction {
            members: 1,
            fresh: 1,
            deadline,
            starter: Starter::Kernel,
            trial: false,
        });
    }

    /// Brings rs back if it has crashed: by its standing candidate, else from the boot archive;
    /// with its State, else fresh. The machine is ended when nothing helps.
    pub(crate) fn recover_rs(&mut self) {
        if self.transaction.is_some() {
            return;
        }
        match self.current_phase(Endpoint::RS) {
            Phase::Crashed => {}
            Phase::Absent => return self.lose_rs(),
            _ => return,
        }
        self.rs_attempts += 1;
        let attempt = self.rs_attempts;
        self.log(format_args!(
            "kernel: rs has crashed: attempt {attempt} to bring it back"
        ));
        let prepared = attempt == 1 && self.candidate_phase(Endpoint::RS) == Phase::Loaded;
        let possible = attempt <= RECOVERY_ATTEMPTS
            && (prepared
                || self
                    .rs_image
                    .is_some_and(|image| self.create_candidate(Endpoint::RS, image).is_ok()));
        if !possible {
            return self.lose_rs();
        }
        let fresh = u64::from(attempt > 2);
        let deadline = self.machine.now().after(RECOVERY);
        self.begin(Transaction {
            members: 1,
            fresh,
            deadline,
            starter: Starter::Kernel,
            trial: false,
        });
    }

    fn lose_rs(&mut self) {
        self.log(format_args!("kernel: rs is lost"));
        self.machine.power_off(crate::machine::PowerOff::Failure);
    }
}
