//! Kernel calls: who may make which, and a table of what each does. One file per group of calls.

mod device;
mod information;
mod memory;
mod process;
mod request;
mod slot;
mod space;

use abi::event::{EventPage, Holding};
use abi::slot::Failure;
use abi::word::{index, low_16};
use abi::{Call, CallError, Endpoint};

use crate::instance::InstanceIndex;
use crate::kernel::Kernel;
use crate::machine::{Frame, Machine};
use crate::memory::plain::Plain;
use crate::memory::{InstanceHandle, Place};
use crate::thread::{Kind, ThreadIndex};

/// Who makes a call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Maker {
    /// The slot.
    pub(crate) slot: Endpoint,
    /// The thread.
    pub(crate) thread: ThreadIndex,
    /// The memory that addresses are in.
    pub(crate) root: Frame,
    /// The instance's memory; of an exporter, that of the instance it exports for.
    pub(crate) memory: InstanceHandle,
    /// The event page of that.
    pub(crate) event: Frame,
    /// The instance.
    pub(crate) instance: InstanceIndex,
}

impl Maker {
    /// An address in its memory.
    pub(crate) const fn place(&self, address: u64) -> Place {
        Place {
            root: self.root,
            address,
        }
    }
}

/// What a call answers; `None` when the thread does not go on with a result.
type Answer = Result<Option<u64>, CallError>;

/// What a thread of a service is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    Current,
    Candidate,
    Exporter,
}

impl<M: Machine> Kernel<M> {
    /// A kernel call of a service's thread.
    pub(crate) fn kernel_call(&mut self, thread: ThreadIndex, number: u64, arguments: [u64; 6]) {
        let Some((maker, role)) = self.maker(thread) else {
            return self.thread_failed(thread, Failure::Killed, 0);
        };
        if self.pass_point(maker.slot, thread, number, true) {
            return;
        }
        let answer = match Call::from_number(number) {
            None => Err(CallError::UnknownCall),
            Some(call) if !self.may_call(maker.slot, role, call) => {
                self.refuse_call(&maker, call);
                Err(CallError::NotPermitted)
            }
            Some(call) => self.carry_out(&maker, call, arguments),
        };
        let result = match answer {
            Ok(None) => return self.pass_point_after(maker.slot, thread, number),
            Ok(Some(value)) => Ok(value),
            Err(error) => Err(error),
        };
        let register = CallError::to_register(result).cast_unsigned();
        self.threads[thread as usize].registers.rax = register;
        self.pass_point_after(maker.slot, thread, number);
    }

    fn maker(&self, thread: ThreadIndex) -> Option<(Maker, Role)> {
        let kind = self.threads[thread as usize].kind;
        let (Kind::Instance(index) | Kind::Exporter(index)) = kind else {
            return None;
        };
        let instance = self.instances.get(index)?;
        let (slot, memory, event) = (instance.slot, instance.memory, instance.event);
        let (role, root) = match kind {
            Kind::Exporter(_) => (Role::Exporter, self.memory.view_root(instance.view?)),
            _ if self.slot(slot).current == Some(index) => (Role::Current, instance.root),
            _ => (Role::Candidate, instance.root),
        };
        Some((
            Maker {
                slot,
                thread,
                root,
                memory,
                event,
                instance: index,
            },
            role,
        ))
    }

    /// A candidate and an exporter may do nothing that can be seen outside the transaction.
    fn may_call(&self, slot: Endpoint, role: Role, call: Call) -> bool {
        match role {
            // These would speak for the candidate.
            Role::Current if matches!(call, Call::Ready | Call::InboxGrow | Call::ExportDone) => {
                false
            }
            Role::Current => call.permitted(self.slot(slot).declaration.calls),
            Role::Candidate => matches!(
                call,
                Call::Grow
                    | Call::Clock
                    | Call::Log
                    | Call::StartInformation
                    | Call::Ready
                    | Call::Abort
            ),
            Role::Exporter => matches!(
                call,
                Call::InboxGrow | Call::ExportDone | Call::Clock | Call::Log | Call::Abort
            ),
        }
    }

    fn refuse_call(&mut self, maker: &Maker, call: Call) {
        let name = self.slot(maker.slot).name();
        self.log(format_args!("kernel: {name} may not call {call:?}"));
    }

    fn carry_out(&mut self, maker: &Maker, call: Call, a: [u64; 6]) -> Answer {
        let done = |result: Result<(), CallError>| result.map(|()| Some(0));
        match call {
            Call::Receive => {
                let holding = Holding {
                    requests: a[1],
                    questions: a[2],
                    waiting: a[3],
                };
                self.call_receive(maker, abi::RequestId(a[0]), holding)
            }
            Call::Submit => self.call_submit(maker, a[0]),
            Call::Reply => done(self.call_reply(maker, a[0])),
            Call::Forward => done(self.call_forward(maker, a[0], a[1])),
            Call::CancelChildren => done(self.cancel_children(maker.slot, abi::RequestId(a[0]))),
            Call::CancelSubmission => done(self.call_cancel_submission(maker)),
            Call::IsLive => Ok(Some(self.is_live(maker.slot, abi::RequestId(a[0])).into())),
            Call::LeaseRead => self.call_lease_read(maker, a),
            Call::LeaseWrite => self.call_lease_write(maker, a),
            Call::SetTimer => done(self.set_timer(maker.slot, abi::Time(a[0]))),
            Call::Clock => Ok(Some(self.now().0)),
            Call::Notify => done(self.notify(maker.slot, endpoint(a[0])?)),
            Call::Grow => self
                .memory
                .grow(&mut self.machine, maker.memory, a[0])
                .map(Some),
            Call::Log => done(self.call_log(maker, a[0], a[1])),
            Call::Ready => self.call_ready(maker, a[0], a[1]),
            Call::InboxGrow => self.inbox_grow(maker.slot, a[0]).map(Some),
            Call::ExportDone => self.call_export_done(maker, a[0], a[1]),
            Call::StartInformation => self.call_start_information(maker),
            Call::Abort => {
                let failure = if a[0] == 1 {
                    Failure::NoMemory
                } else {
                    Failure::Panic
                };
                self.thread_failed(maker.thread, failure, 0);
                Ok(None)
            }
            _ => self.carry_out_declared(maker, call, a),
        }
    }

    fn carry_out_declared(&mut self, maker: &Maker, call: Call, a: [u64; 6]) -> Answer {
        let done = |result: Result<(), CallError>| result.map(|()| Some(0));
        match call {
            Call::KeepMap => {
                done(
                    self.memory
                        .keep_map(&mut self.machine, maker.memory, a[0], a[1]),
                )
            }
            Call::KeepUnmap => {
                done(
                    self.memory
                        .keep_unmap(&mut self.machine, maker.memory, a[0], a[1]),
                )
            }
            Call::ReplyPages => done(self.call_reply_pages(maker.slot, a)),
            Call::Route => done(self.call_route(maker, a)),
            Call::PortRead => self.call_port_read(maker, a[0], a[1]).map(Some),
            Call::PortWrite => done(self.call_port_write(maker, a[0], a[1], a[2])),
            Call::PortReadBytes => done(self.call_port_read_bytes(maker, a[0], a[1], a[2])),
            Call::InterruptEnable => done(self.call_interrupt_enable(maker, a[0])),
            Call::SpaceCreate
            | Call::SpaceDestroy
            | Call::MapAnonymous
            | Call::Protect
            | Call::Unmap
            | Call::CloneRange
            | Call::Unshare
            | Call::CopyIn
            | Call::MapVdso
            | Call::SpaceStatistics => self.space_call(maker, call, a).map(Some),
            Call::ProcessCreate
            | Call::ProcessExecute
            | Call::ProcessDestroy
            | Call::ProcessInterrupt
            | Call::ProcessRun
            | Call::RegistersRead
            | Call::RegistersWrite
            | Call::ProcessIdentity
            | Call::ProcessUsage
            | Call::ProcessSchedule => self.process_call(maker, call, a).map(Some),
            Call::SlotDeclare
            | Call::InstanceCreate
            | Call::InstanceDestroy
            | Call::Replace
            | Call::SlotStatus
            | Call::TransactionStatus
            | Call::SlotDown
            | Call::SlotFault
            | Call::CrashRead
            | Call::ProgramEnd
            | Call::SlotsCrashed
            | Call::PowerOff => self.slot_call(maker, call, a).map(Some),
            Call::MemoryStatistics
            | Call::MachineStatistics
            | Call::LogRead
            | Call::SetRealTime
            | Call::RealTime => self.information_call(maker, call, a).map(Some),
            _ => Err(CallError::UnknownCall),
        }
    }

    /// The event page of the one who calls. An exporter has none of its own.
    fn event_page(&mut self, maker: &Maker) -> &mut EventPage {
        self.machine.event_page(maker.event)
    }

    /// Writes a structure to the memory of the one who calls.
    fn give<T: Plain>(&mut self, maker: &Maker, address: u64, value: &T) -> Result<(), CallError> {
        self.memory
            .write_plain(&mut self.machine, maker.place(address), value)
            .map_err(|_| CallError::BadArgument)
    }

    /// Reads a structure from the memory of the one who calls.
    fn take<T: Plain>(&self, maker: &Maker, address: u64) -> Result<T, CallError> {
        self.memory
            .read_plain(&self.machine, maker.place(address))
            .map_err(|_| CallError::BadArgument)
    }
}

/// A slot's number in an argument.
fn endpoint(word: u64) -> Result<Endpoint, CallError> {
    if index(word) < abi::limits::SLOTS {
        Ok(Endpoint(low_16(word)))
    } else {
        Err(CallError::NoSlot)
    }
}

/// A 32-bit number in an argument.
fn number(word: u64) -> Result<u32, CallError> {
    u32::try_from(word).map_err(|_| CallError::BadArgument)
}
