//! The process manager's and the scheduler's calls about processes.

use abi::call::ProcessUsage;
use abi::layout::USER_TOP;
use abi::process::{FloatingPoint, Registers, ThreadState};
use abi::{Call, CallError, Caller, Endpoint, Pid, SpaceId};

use super::{Maker, number};
use crate::kernel::Kernel;
use crate::machine::Machine;
use crate::process::{FRESH_FLOATING_POINT, ProcessIndex};
use crate::request::{Origin, RequestState};
use crate::schedule::{DEFAULT_PRIORITY, PRIORITIES};
use crate::thread::{Kind, State, Thread};

/// Flags of `rflags` that a program may set: carry, parity, adjust, zero, sign, trap, direction,
/// overflow, alignment check and identification (Intel SDM volume 1, section 3.4.3).
const PROGRAM_FLAGS: u64 = 0x24_0dd5;
/// The flags that every program runs with: interrupts on, and the bit that is always set.
const FIXED_FLAGS: u64 = 0x202;
/// The bits of MXCSR that exist everywhere; others make FXRSTOR fault (SDM volume 1, 11.6.6).
const MXCSR_BITS: [u8; 4] = [0xbf, 0xff, 0, 0];
/// The priorities that programs can have.
const PROGRAM_PRIORITIES: core::ops::Range<u64> = 16..PRIORITIES as u64;
/// The longest time slice, in nanoseconds.
const LONGEST_QUANTUM: u64 = 1_000_000_000;

impl<M: Machine> Kernel<M> {
    pub(super) fn process_call(
        &mut self,
        maker: &Maker,
        call: Call,
        a: [u64; 6],
    ) -> Result<u64, CallError> {
        let pid = Pid(number(a[0])?);
        match call {
            Call::ProcessCreate => {
                self.process_create(pid, Pid(number(a[1])?), SpaceId(number(a[2])?), a[3])?;
            }
            Call::ProcessExecute => {
                self.process_execute(pid, SpaceId(number(a[1])?), a[2], a[3])?;
            }
            Call::ProcessDestroy => self.process_destroy(pid),
            Call::ProcessInterrupt => self.process_interrupt(pid, a[1])?,
            Call::ProcessRun => self.process_run(pid, a[1] != 0)?,
            Call::RegistersRead => {
                let state = self.registers_read(pid)?;
                self.give(maker, a[1], &state)?;
            }
            Call::RegistersWrite => {
                let state: ThreadState = self.take(maker, a[1])?;
                self.registers_write(pid, &state)?;
            }
            Call::ProcessIdentity => {
                let identity: Caller = self.take(maker, a[1])?;
                self.process_identity(pid, &identity)?;
            }
            Call::ProcessUsage => {
                let usage = self.process_usage(pid)?;
                self.give(maker, a[1], &usage)?;
            }
            _ => self.process_schedule(pid, a[1], a[2])?,
        }
        Ok(0)
    }

    /// Makes a stopped process in a space; one of this name that is there stays as it is.
    ///
    /// # Errors
    /// `BadArgument` for the pid that names none or a stack outside of user memory; `NoProcess`
    /// for the parent; `NoSpace`; `NoMemory` when the table is full.
    pub fn process_create(
        &mut self,
        pid: Pid,
        parent: Pid,
        space: SpaceId,
        stack: u64,
    ) -> Result<(), CallError> {
        if pid == Pid::NONE || stack >= USER_TOP {
            return Err(CallError::BadArgument);
        }
        if self.processes.find(pid).is_ok() {
            return Ok(());
        }
        let parent = match parent {
            Pid::NONE => None,
            parent => Some(self.processes.find(parent)?),
        };
        let handle = self.memory.space(space)?;
        let index = self.processes.make(pid, (space, handle))?;
        self.memory.hold_space(handle);
        let mut thread = Thread {
            kind: Kind::Program,
            state: State::Ready,
            priority: DEFAULT_PRIORITY,
            call_number: -1,
            quantum_left: self.processes.items[index as usize].quantum,
            ..Thread::default()
        };
        thread.registers.rflags = FIXED_FLAGS;
        if let Some(parent) = parent {
            self.inherit(parent, index, &mut thread);
        }
        if stack != 0 {
            thread.registers.rsp = stack;
        }
        self.threads[index as usize] = thread;
        Ok(())
    }

    fn inherit(&mut self, parent: ProcessIndex, child: ProcessIndex, thread: &mut Thread) {
        self.settle_floating_point(parent);
        let area = self.processes.floating_point[parent as usize];
        self.processes.floating_point[child as usize] = area;
        self.processes.routes[child as usize] = self.processes.routes[parent as usize];
        let from = self.processes.items[parent as usize];
        let to = &mut self.processes.items[child as usize];
        to.identity = Caller {
            pid: to.identity.pid,
            space: to.identity.space,
            ..from.identity
        };
        to.quantum = from.quantum;
        let of_parent = &self.threads[parent as usize];
        thread.registers = Registers {
            rax: 0,
            ..of_parent.registers
        };
        thread.priority = of_parent.priority;
        thread.quantum_left = from.quantum;
    }

    /// Brings the saved floating point registers of a process up to date.
    fn settle_floating_point(&mut self, process: ProcessIndex) {
        if self.processes.floating_owner == Some(process) {
            let area = &mut self.processes.floating_point[process as usize];
            self.machine.save_floating_point(area);
        }
    }

    /// Puts a process into a space at an entry, with fresh registers.
    ///
    /// # Errors
    /// `NoProcess`, `NoSpace`; `BadArgument` for addresses outside of user memory.
    pub fn process_execute(
        &mut self,
        pid: Pid,
        space: SpaceId,
        entry: u64,
        stack: u64,
    ) -> Result<(), CallError> {
        let index = self.processes.find(pid)?;
        let handle = self.memory.space(space)?;
        if entry >= USER_TOP || stack >= USER_TOP {
            return Err(CallError::BadArgument);
        }
        self.memory.hold_space(handle);
        let process = &mut self.processes.items[index as usize];
        process.identity.space = space;
        if let Some(old) = process.space.replace(handle) {
            self.memory.release_space(old);
        }
        self.processes.floating_point[index as usize] = FRESH_FLOATING_POINT;
        if self.processes.floating_owner == Some(index) {
            self.processes.floating_owner = None;
        }
        self.threads[index as usize].registers = Registers {
            rip: entry,
            rsp: stack,
            rflags: FIXED_FLAGS,
            ..Registers::default()
        };
        Ok(())
    }

    /// Ends a process; one that is not there has ended already.
    pub fn process_destroy(&mut self, pid: Pid) {
        let Ok(index) = self.processes.find(pid) else {
            return;
        };
        if let State::Waiting(id) = self.threads[index as usize].state
            && let Some(request) = self.requests.find(id)
        {
            self.orphan(request);
        }
        self.block(index, State::Stopped);
        while let Some(copy) = self.processes.items[index as usize].copies.first() {
            self.give_up_copy(index, copy);
        }
        self.threads[index as usize] = Thread::default();
        if let Some(space) = self.processes.items[index as usize].space {
            self.memory.release_space(space);
        }
        self.processes.release(index);
    }

    /// Ends any one process, or frees a space that is left. Whether there was one.
    pub(super) fn end_any_program(&mut self) -> bool {
        let mut identities = self.processes.items.iter().map(|process| process.identity);
        if let Some(identity) = identities.find(|identity| identity.pid != Pid::NONE) {
            self.process_destroy(identity.pid);
            return true;
        }
        let left = self.memory.any_space();
        left.is_some_and(|id| self.memory.destroy_space(&mut self.machine, id).is_ok())
    }

    /// vm's answer to a copy in the name of a process that is no more helps nobody.
    fn give_up_copy(&mut self, process: ProcessIndex, copy: u16) {
        let copies = &mut self.processes.items[process as usize].copies;
        copies.remove(&mut self.requests.items, crate::list::Chain::Maker, copy);
        let origin = self.requests.items[copy as usize].origin;
        self.orphan(copy);
        if let Origin::Copy { held, .. } = origin {
            self.finish_copy(held, abi::Errno::FAULT.result());
        }
    }

    /// Raises the level that asks pm before the program goes on; cancels the call it waits in.
    ///
    /// # Errors
    /// `NoProcess`.
    pub fn process_interrupt(&mut self, pid: Pid, number: u64) -> Result<(), CallError> {
        let index = self.processes.find(pid)?;
        let process = &mut self.processes.items[index as usize];
        if number <= process.interrupts {
            return Ok(());
        }
        process.interrupts = number;
        process.interrupted = true;
        if let State::Waiting(id) = self.threads[index as usize].state
            && let Some(request) = self.requests.find(id)
            && matches!(
                self.requests.items[request as usize].origin,
                Origin::Call(_)
            )
        {
            self.cancel(request);
        }
        Ok(())
    }

    /// Lets a process run or stops it.
    ///
    /// # Errors
    /// `NoProcess`.
    pub fn process_run(&mut self, pid: Pid, run: bool) -> Result<(), CallError> {
        let index = self.processes.find(pid)?;
        let was_stopped = self.processes.items[index as usize].stopped;
        self.processes.items[index as usize].stopped = !run;
        match self.threads[index as usize].state {
            State::Ready if run && was_stopped => self.make_ready(index, State::Ready),
            State::Ready | State::Running if !run => self.park(index),
            _ => {}
        }
        Ok(())
    }

    /// The registers of a process that is not on the processor.
    ///
    /// # Errors
    /// `NoProcess`.
    pub fn registers_read(&mut self, pid: Pid) -> Result<ThreadState, CallError> {
        let index = self.processes.find(pid)?;
        self.settle_floating_point(index);
        let thread = &self.threads[index as usize];
        Ok(ThreadState {
            registers: thread.registers,
            call_number: thread.call_number,
            reserved: 0,
            floating_point: self.processes.floating_point[index as usize],
        })
    }

    /// Sets the registers of a process, as far as a program may.
    ///
    /// # Errors
    /// `NoProcess`; `BadArgument` for an instruction, stack or segment outside of user memory.
    pub fn registers_write(&mut self, pid: Pid, state: &ThreadState) -> Result<(), CallError> {
        let index = self.processes.find(pid)?;
        let mut registers = state.registers;
        let addresses = [
            registers.rip,
            registers.rsp,
            registers.fs_base,
            registers.gs_base,
        ];
        if addresses.iter().any(|address| *address > USER_TOP) {
            return Err(CallError::BadArgument);
        }
        registers.rflags = registers.rflags & PROGRAM_FLAGS | FIXED_FLAGS;
        let thread = &mut self.threads[index as usize];
        thread.registers = registers;
        thread.call_number = state.call_number;
        self.processes.floating_point[index as usize] = sound(state.floating_point);
        if self.processes.floating_owner == Some(index) {
            self.processes.floating_owner = None;
        }
        Ok(())
    }

    /// Sets who a process is, all but pid and space.
    ///
    /// # Errors
    /// `NoProcess`.
    pub fn process_identity(&mut self, pid: Pid, identity: &Caller) -> Result<(), CallError> {
        let index = self.processes.find(pid)?;
        let own = &mut self.processes.items[index as usize].identity;
        *own = Caller {
            pid: own.pid,
            space: own.space,
            ..*identity
        };
        Ok(())
    }

    /// What a process has used, and what it waits for.
    ///
    /// # Errors
    /// `NoProcess`.
    pub fn process_usage(&self, pid: Pid) -> Result<ProcessUsage, CallError> {
        let index = self.processes.find(pid)?;
        let process = &self.processes.items[index as usize];
        let thread = &self.threads[index as usize];
        let (state, waiting_for) = match thread.state {
            _ if process.stopped => (2, Endpoint::NONE),
            State::Waiting(id) => (1, self.place_of(id)),
            State::Halted => (2, Endpoint::NONE),
            _ => (0, Endpoint::NONE),
        };
        Ok(ProcessUsage {
            user: process.user,
            system: process.system,
            state,
            waiting_for: waiting_for.0.into(),
            call_number: thread.call_number.cast_unsigned(),
            faults: process.faults,
        })
    }

    fn place_of(&self, id: abi::RequestId) -> Endpoint {
        let request = self
            .requests
            .find(id)
            .map(|index| self.requests.items[index as usize]);
        match request {
            Some(request) if request.state != RequestState::Ended => request.at,
            _ => Endpoint::NONE,
        }
    }

    /// Sets the priority and the time slice of a process; the slice it is in gets no longer.
    ///
    /// # Errors
    /// `NoProcess`; `BadArgument` out of range.
    pub fn process_schedule(
        &mut self,
        pid: Pid,
        priority: u64,
        quantum: u64,
    ) -> Result<(), CallError> {
        let index = self.processes.find(pid)?;
        if !PROGRAM_PRIORITIES.contains(&priority) || !(1..=LONGEST_QUANTUM).contains(&quantum) {
            return Err(CallError::BadArgument);
        }
        self.processes.items[index as usize].quantum = quantum;
        let left = &mut self.threads[index as usize].quantum_left;
        *left = quantum.min(*left);
        self.set_priority(index, priority.to_le_bytes()[0]);
        Ok(())
    }
}

/// Floating point registers that the processor accepts.
fn sound(mut area: FloatingPoint) -> FloatingPoint {
    for (byte, bits) in area.0[24..28].iter_mut().zip(MXCSR_BITS) {
        *byte &= bits;
    }
    area
}
