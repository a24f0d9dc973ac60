//! Programs: their system calls, faults and signals become requests.

use abi::layout::USER_TOP;
use abi::message::{PROTOCOL_KERNEL, PROTOCOL_LINUX, kernel_kind};
use abi::slot::Failure;
use abi::trace::Record;
use abi::{Access, CallError, Endpoint, Errno, Message, Pid, RequestId};

use crate::kernel::Kernel;
use crate::machine::Machine;
use crate::memory::Missing;
use crate::process::Carried;
use crate::request::{Lease, Origin, Owner, Report, RequestIndex};
use crate::schedule::Next;
use crate::slot::{LINUX_CALLS, Owner as CallOwner};
use crate::thread::{Kind, State, ThreadIndex};

/// The page-fault bits of the processor's error code (Intel SDM volume 3, section 4.7).
mod error_code {
    pub(super) const PRESENT: u64 = 1;
    pub(super) const WRITE: u64 = 2;
    pub(super) const USER: u64 = 4;
    pub(super) const FETCH: u64 = 16;
    /// A program's store into a page that is there.
    pub(super) const STORE: u64 = PRESENT | WRITE | USER;
}

/// The vector of page faults.
const PAGE_FAULT: u64 = 14;

/// What a program does, as the simulation sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProgramState {
    /// It runs in user mode, with this in rax.
    Runs(u64),
    /// It waits for a request.
    Waits(RequestId),
    /// pm does not let it run, or nobody could answer for it.
    Stopped,
}

impl<M: Machine> Kernel<M> {
    /// A `syscall` instruction of the running thread, whose registers have been saved.
    pub fn system_call(&mut self) -> Next {
        self.enter();
        self.schedule.caller = self.schedule.running;
        if let Some(thread) = self.schedule.running {
            let record = &self.threads[thread as usize];
            let registers = &record.registers;
            let number = registers.rax;
            let arguments = [
                registers.rdi,
                registers.rsi,
                registers.rdx,
                registers.r10,
                registers.r8,
                registers.r9,
            ];
            match record.kind {
                Kind::Program => self.linux_call(thread, number, arguments),
                Kind::Instance(_) | Kind::Exporter(_) => {
                    self.kernel_call(thread, number, arguments);
                    if let Some(next) = self.goes_on(thread) {
                        return next;
                    }
                }
                Kind::Free => self.schedule.running = None,
            }
        }
        self.schedule()
    }

    /// An exception of the running thread, whose registers have been saved.
    pub fn exception(&mut self, vector: u64, error_code: u64, address: u64) -> Next {
        self.enter();
        if let Some(thread) = self.schedule.running {
            match self.threads[thread as usize].kind {
                Kind::Program if vector == PAGE_FAULT => {
                    self.page_fault(thread, error_code, address);
                }
                Kind::Program => self.report_exception(thread, [vector, error_code, address, 0]),
                Kind::Instance(_) | Kind::Exporter(_) => {
                    self.service_exception(thread, vector, error_code, address);
                }
                Kind::Free => self.schedule.running = None,
            }
        }
        self.schedule()
    }

    /// Makes a system call in the name of a program: what the simulation does for `syscall`.
    ///
    /// # Errors
    /// `NoProcess`; `BadState` when it does not run.
    pub fn program_call(
        &mut self,
        pid: Pid,
        number: u64,
        arguments: [u64; 6],
    ) -> Result<(), CallError> {
        match self.program(pid)? {
            ProgramState::Runs(_) => {
                let thread = self.processes.find(pid)?;
                self.linux_call(thread, number, arguments);
                Ok(())
            }
            _ => Err(CallError::BadState),
        }
    }

    /// A page fault in the name of a program: what the simulation does for memory that does not
    /// allow an access. `access` holds the bits of [`Access`], 4 for a fetch.
    ///
    /// # Errors
    /// `NoProcess`; `BadState` when it does not run.
    pub fn program_fault(
        &mut self,
        pid: Pid,
        missing: Missing,
        access: u64,
    ) -> Result<(), CallError> {
        match self.program(pid)? {
            ProgramState::Runs(_) => {
                let thread = self.processes.find(pid)?;
                let write = if access & 2 != 0 {
                    error_code::WRITE
                } else {
                    0
                };
                let fetch = if access & 4 != 0 {
                    error_code::FETCH
                } else {
                    0
                };
                let present = u64::from(missing.present) * error_code::PRESENT;
                let code = error_code::USER | present | write | fetch;
                self.page_fault(thread, code, missing.address);
                Ok(())
            }
            _ => Err(CallError::BadState),
        }
    }

    /// What a program does; one that is about to return to user mode asks pm first if it must.
    ///
    /// # Errors
    /// `NoProcess`.
    pub fn program(&mut self, pid: Pid) -> Result<ProgramState, CallError> {
        let thread = self.processes.find(pid)?;
        let stopped = self.processes.items[thread as usize].stopped;
        let runnable = matches!(
            self.threads[thread as usize].state,
            State::Ready | State::Running
        );
        if runnable && !stopped && !self.report_interruption(thread) {
            self.block(thread, State::Running);
            self.threads[thread as usize].call_number = -1;
        }
        let record = &self.threads[thread as usize];
        Ok(match record.state {
            State::Waiting(id) => ProgramState::Waits(id),
            State::Running if !stopped => ProgramState::Runs(record.registers.rax),
            _ => ProgramState::Stopped,
        })
    }

    fn linux_call(&mut self, thread: ThreadIndex, number: u64, arguments: [u64; 6]) {
        self.threads[thread as usize].call_number = number.cast_signed();
        match self.slots.owner(number) {
            CallOwner::Service(owner) => {
                if !self.follow_route(thread, number, arguments) {
                    self.ask_for(thread, number, arguments, owner);
                }
            }
            CallOwner::Identity => {
                let pid = self.processes.items[thread as usize].identity.pid;
                self.threads[thread as usize].registers.rax = pid.0.into();
            }
            CallOwner::Yield => {
                self.threads[thread as usize].registers.rax = 0;
                self.give_way(thread);
            }
            CallOwner::None => {
                self.log_unowned(thread, number);
                self.answer(thread, Errno::NOSYS);
            }
        }
    }

    /// Asks a service in the name of a program.
    fn ask_for(&mut self, thread: ThreadIndex, number: u64, arguments: [u64; 6], owner: Endpoint) {
        let mut words = [0; 7];
        words[..6].copy_from_slice(&arguments);
        let kind = u32::try_from(number).unwrap_or(u32::MAX);
        let message = Message {
            protocol: PROTOCOL_LINUX,
            version: 0,
            kind,
            words,
        };
        match self.make_for(thread, Origin::Call(thread), message) {
            Some(index) => self.wait_for(thread, index, owner),
            None => self.answer(thread, Errno::NOMEM),
        }
    }

    fn answer(&mut self, thread: ThreadIndex, errno: Errno) {
        self.threads[thread as usize].registers.rax = errno.result().cast_unsigned();
    }

    fn log_unowned(&mut self, thread: ThreadIndex, number: u64) {
        // All numbers beyond the table share its last bit, so that they cannot flood the log.
        let bit = usize::try_from(number)
            .unwrap_or(usize::MAX)
            .min(LINUX_CALLS - 1);
        let word = &mut self.unowned_logged[bit / 64];
        if *word >> (bit % 64) & 1 == 0 {
            *word |= 1 << (bit % 64);
            let pid = self.processes.items[thread as usize].identity.pid.0;
            self.log(format_args!(
                "kernel: pid {pid}: call {number} is not implemented"
            ));
        }
    }

    /// Makes a request for a program's thread, its whole space lent as lease 0. `None` when all
    /// records but those kept for services are in use.
    pub(crate) fn make_for(
        &mut self,
        thread: ThreadIndex,
        origin: Origin,
        message: Message,
    ) -> Option<RequestIndex> {
        let reserve = (self.requests.items.len() / 8).min(256);
        if self.requests.free_count() as usize <= reserve {
            return None;
        }
        let index = self.requests.make()?;
        let caller = self.processes.items[thread as usize].identity;
        let request = &mut self.requests.items[index as usize];
        request.origin = origin;
        request.caller = caller;
        request.message = message;
        request.leases[0] = Lease {
            owner: Owner::Space(caller.space),
            address: 0,
            length: USER_TOP,
            access: Access::Both as u32,
            root: request.id,
        };
        Some(index)
    }

    /// Has a program's thread wait for a request, which goes to a service.
    pub(crate) fn wait_for(&mut self, thread: ThreadIndex, index: RequestIndex, to: Endpoint) {
        let id = self.requests.items[index as usize].id;
        self.block(thread, State::Waiting(id));
        if !self.give_directly(index, to) {
            self.queue_new(index, to);
        }
    }

    fn page_fault(&mut self, thread: ThreadIndex, code: u64, address: u64) {
        let process = &mut self.processes.items[thread as usize];
        process.faults += 1;
        let pid = process.identity.pid;
        self.record(Record::Faulted(pid, address));
        let manager = self.slots.memory_manager;
        // An instruction that touches user memory as the system would, such as a wrong `iretq`, is
        // refused a page that is there: no page can help.
        let as_system = code & error_code::PRESENT != 0 && code & error_code::USER == 0;
        if address >= USER_TOP || as_system || manager == Endpoint::NONE {
            let errno = u64::from(Errno::FAULT.0);
            return self.report_exception(thread, [PAGE_FAULT, code, address, errno]);
        }
        if code & error_code::STORE == error_code::STORE && self.copy_on_write(thread, address) {
            return;
        }
        let access = match code {
            code if code & error_code::FETCH != 0 => 4,
            code if code & error_code::WRITE != 0 => Access::Write as u64,
            _ => Access::Read as u64,
        };
        let words = [address, 1, access, code & error_code::PRESENT, 0, 0, 0];
        let message = Message {
            protocol: PROTOCOL_KERNEL,
            version: 0,
            kind: kernel_kind::PAGE_FAULT,
            words,
        };
        let origin = Origin::Fault {
            thread,
            error_code: code,
            address,
        };
        if let Some(index) = self.make_for(thread, origin, message) {
            self.wait_for(thread, index, manager);
        }
        // Without a record the thread goes on and faults again, until records are free.
    }

    /// Gives a program the page of its own that its store needs, if that is all. Whether it goes on.
    fn copy_on_write(&mut self, thread: ThreadIndex, address: u64) -> bool {
        let Some(space) = self.processes.items[thread as usize].space else {
            return false;
        };
        self.memory
            .copy_on_write(&mut self.machine, space, address, address + 1)
    }

    /// Asks pm about an exception: vector, error code, address, errno of vm.
    pub(crate) fn report_exception(&mut self, thread: ThreadIndex, what: [u64; 4]) {
        let manager = self.slots.process_manager;
        if manager == Endpoint::NONE {
            return self.halt(thread);
        }
        let mut words = [0; 7];
        words[..4].copy_from_slice(&what);
        let message = Message {
            protocol: PROTOCOL_KERNEL,
            version: 0,
            kind: kernel_kind::EXCEPTION,
            words,
        };
        match self.make_for(thread, Origin::Report(thread, Report::Exception), message) {
            Some(index) => self.wait_for(thread, index, manager),
            // The instruction is executed, and traps, again.
            None if self.schedule.running == Some(thread) => {}
            None => self.make_ready(thread, State::Ready),
        }
    }

    /// Asks pm before a thread returns to user mode, if a signal is due. Whether it was asked.
    pub(crate) fn report_interruption(&mut self, thread: ThreadIndex) -> bool {
        let process = &self.processes.items[thread as usize];
        let manager = self.slots.process_manager;
        let due = process.interrupted || process.carried.signal != 0;
        if !due || manager == Endpoint::NONE {
            return false;
        }
        let carried = process.carried;
        let result = self.threads[thread as usize].registers.rax;
        let (signal, group) = (u64::from(carried.signal), u64::from(carried.group));
        let message = Message {
            protocol: PROTOCOL_KERNEL,
            version: 0,
            kind: kernel_kind::INTERRUPTED,
            words: [signal, group, result, 0, 0, 0, 0],
        };
        let origin = Origin::Report(thread, Report::Interrupted);
        let Some(index) = self.make_for(thread, origin, message) else {
            return false;
        };
        let process = &mut self.processes.items[thread as usize];
        process.interrupted = false;
        process.carried = Carried::default();
        self.wait_for(thread, index, manager);
        true
    }

    /// Stops a thread for which nobody can answer.
    pub(crate) fn halt(&mut self, thread: ThreadIndex) {
        let pid = self.processes.items[thread as usize].identity.pid.0;
        self.log(format_args!("kernel: pid {pid} cannot go on"));
        self.block(thread, State::Halted);
    }

    fn service_exception(&mut self, thread: ThreadIndex, vector: u64, code: u64, address: u64) {
        let failure = match vector {
            PAGE_FAULT if code & error_code::FETCH != 0 => Failure::WildBranch,
            PAGE_FAULT if self.is_guard(thread, address) => Failure::StackOverflow,
            // Stack, protection and alignment exceptions are accesses too.
            PAGE_FAULT | 12 | 13 | 17 => Failure::BadMemoryAccess,
            _ => Failure::BadInstruction,
        };
        self.thread_failed(thread, failure, address);
    }

    fn is_guard(&self, thread: ThreadIndex, address: u64) -> bool {
        match self.threads[thread as usize].kind {
            Kind::Instance(index) => self
                .instances
                .get(index)
                .is_some_and(|instance| self.memory.is_stack_guard(instance.memory, address)),
            Kind::Exporter(_) => {
                let first = abi::layout::EXPORT_STACK;
                (first..first + abi::layout::PAGE_SIZE).contains(&address)
            }
            Kind::Program | Kind::Free => false,
        }
    }
}
