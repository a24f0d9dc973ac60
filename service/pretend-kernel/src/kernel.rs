//! Kernel calls.

use abi::call::{MachineStatistics, MemoryStatistics, ProcessUsage};
use abi::declaration::Declaration;
use abi::lease::LeaseDescriptor;
use abi::process::ThreadState;
use abi::slot::{SlotStatus, TransactionStatus};
use abi::word::index;
use abi::{Call, CallError, Caller, Endpoint, Message, Pid, Reply, RequestId, Tag, Time};
use service::System;
use service::system::LogPart;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use uart::pretend::Chip;
use uart::{Ports, Register};

type Done = Result<(), CallError>;

/// A question that the driver has asked.
#[derive(Clone, Copy, Debug)]
pub struct Asked {
    /// Of whom.
    pub to: Endpoint,
    /// Its name.
    pub tag: Tag,
    /// What.
    pub message: Message,
}

/// The panic of a crash that was asked for.
pub(crate) struct Crash;

/// What the driver has done, and what it is lent.
#[derive(Debug, Default)]
pub struct Kernel {
    /// The serial port.
    pub chip: Chip,
    /// Its first port.
    pub base: u16,
    /// The memory lent with each live request.
    pub(crate) live: RefCell<BTreeMap<RequestId, Vec<u8>>>,
    pub(crate) replies: RefCell<BTreeMap<RequestId, (Reply, Vec<u8>)>>,
    pub(crate) asked: RefCell<Vec<Asked>>,
    /// Whom the driver has notified.
    pub notified: RefCell<Vec<Endpoint>>,
    pub(crate) now: Cell<Time>,
    pub(crate) timer: Cell<Time>,
    pub(crate) enabled: Cell<bool>,
    /// Copies that answer `Absent` before one is made.
    pub absent: Cell<u32>,
    pub(crate) withdrawn: Cell<Option<RequestId>>,
    pub(crate) crash_in: Cell<Option<u32>>,
}

impl Kernel {
    fn may_crash(&self) {
        match self.crash_in.get() {
            Some(0) => {
                self.crash_in.set(None);
                std::panic::resume_unwind(Box::new(Crash));
            }
            left => self.crash_in.set(left.map(|calls| calls - 1)),
        }
    }

    fn register(&self, port: u64) -> Result<Register, CallError> {
        let offset = port.checked_sub(self.base.into());
        let offset = offset.and_then(|offset| u8::try_from(offset).ok());
        let register = offset.and_then(Register::from_offset);
        register.ok_or(CallError::NotPermitted)
    }

    fn copy(
        &self,
        request: RequestId,
        offset: u64,
        length: usize,
        copy: impl FnOnce(&mut [u8]),
    ) -> Done {
        self.may_crash();
        if self.absent.get() > 0 {
            self.absent.set(self.absent.get() - 1);
            self.withdrawn.set(Some(request));
            return Err(CallError::Absent);
        }
        let mut live = self.live.borrow_mut();
        let memory = live.get_mut(&request).ok_or(CallError::NoRequest)?;
        let part = memory.get_mut(index(offset)..index(offset) + length);
        copy(part.ok_or(CallError::BadLease)?);
        Ok(())
    }
}

impl System for Kernel {
    fn submit(&self, to: Endpoint, tag: Tag, message: &Message, _: &[LeaseDescriptor]) -> Done {
        self.may_crash();
        let mut asked = self.asked.borrow_mut();
        if asked.iter().all(|known| known.tag != tag) {
            asked.push(Asked {
                to,
                tag,
                message: *message,
            });
        }
        Ok(())
    }

    fn reply(&self, request: RequestId, reply: &Reply) -> Done {
        self.may_crash();
        let memory = self.live.borrow_mut().remove(&request);
        let memory = memory.ok_or(CallError::NoRequest)?;
        self.replies.borrow_mut().insert(request, (*reply, memory));
        Ok(())
    }

    fn forward(&self, _: RequestId, _: Endpoint, _: &Message, _: &[LeaseDescriptor]) -> Done {
        Err(CallError::UnknownCall)
    }

    fn cancel_children(&self, _: RequestId) {}

    fn cancel_submission(&self, tag: Tag) {
        self.asked.borrow_mut().retain(|asked| asked.tag != tag);
    }

    fn is_live(&self, request: RequestId) -> bool {
        self.live.borrow().contains_key(&request)
    }

    fn lease_read(&self, request: RequestId, _: u64, offset: u64, bytes: &mut [u8]) -> Done {
        let length = bytes.len();
        self.copy(request, offset, length, |part| bytes.copy_from_slice(part))
    }

    fn lease_write(&self, request: RequestId, _: u64, offset: u64, bytes: &[u8]) -> Done {
        let length = bytes.len();
        self.copy(request, offset, length, |part| part.copy_from_slice(bytes))
    }

    fn set_timer(&self, deadline: Time) {
        self.timer.set(deadline);
    }

    fn clock(&self) -> Time {
        self.now.get()
    }

    fn notify(&self, to: Endpoint) -> Done {
        self.may_crash();
        self.notified.borrow_mut().push(to);
        Ok(())
    }

    fn log(&self, _: &[u8]) {}

    fn call(&self, call: Call, arguments: &[u64]) -> Result<u64, CallError> {
        self.may_crash();
        match call {
            Call::PortRead => {
                let register = self.register(arguments[0])?;
                Ok(self.chip.clone().read(register).into())
            }
            Call::InterruptEnable => {
                // What rose while the line was masked is not seen.
                let _ = self.chip.take_edges();
                self.enabled.set(true);
                Ok(0)
            }
            _ => Err(CallError::UnknownCall),
        }
    }

    fn kept_read(&self, _: u64, _: &mut [u8]) {}
    fn kept_write(&self, _: u64, _: &[u8]) {}
    fn lease_to_kept(&self, _: RequestId, _: u64, _: u64, _: u64, _: u64) -> Done {
        Err(CallError::UnknownCall)
    }
    fn kept_to_lease(&self, _: RequestId, _: u64, _: u64, _: u64, _: u64) -> Done {
        Err(CallError::UnknownCall)
    }
    fn archive(&self) -> &'static [u8] {
        &[]
    }
    fn port_write(&self, port: u16, bytes: &[u8]) -> Done {
        self.may_crash();
        let register = self.register(port.into())?;
        for byte in bytes {
            self.chip.clone().write(register, *byte);
        }
        Ok(())
    }

    fn port_read_bytes(&self, port: u16, bytes: &mut [u8]) -> Done {
        self.may_crash();
        let register = self.register(port.into())?;
        bytes.fill_with(|| self.chip.clone().read(register));
        Ok(())
    }

    fn registers_read(&self, _: Pid) -> Result<ThreadState, CallError> {
        Err(CallError::UnknownCall)
    }
    fn registers_write(&self, _: Pid, _: &ThreadState) -> Done {
        Err(CallError::UnknownCall)
    }
    fn process_identity(&self, _: Pid, _: &Caller) -> Done {
        Err(CallError::UnknownCall)
    }
    fn process_usage(&self, _: Pid) -> Result<ProcessUsage, CallError> {
        Err(CallError::UnknownCall)
    }
    fn memory_statistics(&self) -> MemoryStatistics {
        MemoryStatistics::default()
    }
    fn machine_statistics(&self) -> MachineStatistics {
        MachineStatistics::default()
    }
    fn log_read(&self, _: u64, _: &mut [u8]) -> Result<LogPart, CallError> {
        Err(CallError::UnknownCall)
    }
    fn slot_declare(&self, _: &Declaration) -> Done {
        Err(CallError::UnknownCall)
    }
    fn slot_status(&self, _: Endpoint) -> Result<SlotStatus, CallError> {
        Err(CallError::UnknownCall)
    }
    fn transaction_status(&self) -> TransactionStatus {
        TransactionStatus::default()
    }
    fn instance_create_from(&self, _: Endpoint, _: &[u8]) -> Done {
        Err(CallError::UnknownCall)
    }
}
