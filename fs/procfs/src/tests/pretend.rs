//! A kernel that keeps what procfs submits, writes and replies.

use abi::call::{MachineStatistics, MemoryStatistics, ProcessUsage};
use abi::declaration::Declaration;
use abi::lease::LeaseDescriptor;
use abi::process::ThreadState;
use abi::slot::{SlotStatus, TransactionStatus};
use abi::{Call, CallError, Caller, Endpoint, Message, Pid, Reply, RequestId, Tag, Time};
use service::System;
use service::system::LogPart;
use std::cell::RefCell;

type Unused = Result<(), CallError>;
const UNUSED: Unused = Err(CallError::UnknownCall);

#[derive(Default)]
pub(super) struct Pretend {
    /// What is asked: of whom, under which tag, what.
    pub(super) asked: RefCell<Vec<(Endpoint, Tag, Message)>>,
    pub(super) reply: RefCell<Option<Reply>>,
    /// The path that is lent as lease 0.
    pub(super) path: RefCell<Vec<u8>>,
    pub(super) written: RefCell<Vec<u8>>,
}

impl System for Pretend {
    fn submit(&self, to: Endpoint, tag: Tag, of: &Message, _: &[LeaseDescriptor]) -> Unused {
        self.asked.borrow_mut().push((to, tag, *of));
        Ok(())
    }
    fn reply(&self, _: RequestId, reply: &Reply) -> Unused {
        *self.reply.borrow_mut() = Some(*reply);
        Ok(())
    }
    fn forward(&self, _: RequestId, _: Endpoint, _: &Message, _: &[LeaseDescriptor]) -> Unused {
        UNUSED
    }
    fn cancel_children(&self, _: RequestId) {}
    fn cancel_submission(&self, _: Tag) {}
    fn is_live(&self, _: RequestId) -> bool {
        true
    }
    fn lease_read(&self, _: RequestId, index: u64, offset: u64, bytes: &mut [u8]) -> Unused {
        assert_eq!((index, offset), (0, 0));
        bytes.copy_from_slice(&self.path.borrow()[..bytes.len()]);
        Ok(())
    }
    fn lease_write(&self, _: RequestId, _: u64, _: u64, bytes: &[u8]) -> Unused {
        *self.written.borrow_mut() = bytes.to_vec();
        Ok(())
    }
    fn set_timer(&self, _: Time) {}
    fn clock(&self) -> Time {
        Time(0)
    }
    fn notify(&self, _: Endpoint) -> Unused {
        UNUSED
    }
    fn log(&self, _: &[u8]) {}
    fn call(&self, call: Call, _: &[u64]) -> Result<u64, CallError> {
        match call {
            Call::RealTime => Ok(5_000_000_000),
            _ => Err(CallError::UnknownCall),
        }
    }
    fn kept_read(&self, _: u64, _: &mut [u8]) {}
    fn kept_write(&self, _: u64, _: &[u8]) {}
    fn lease_to_kept(&self, _: RequestId, _: u64, _: u64, _: u64, _: u64) -> Unused {
        UNUSED
    }
    fn kept_to_lease(&self, _: RequestId, _: u64, _: u64, _: u64, _: u64) -> Unused {
        UNUSED
    }
    fn archive(&self) -> &'static [u8] {
        &[]
    }
    fn port_write(&self, _: u16, _: &[u8]) -> Unused {
        UNUSED
    }
    fn port_read_bytes(&self, _: u16, _: &mut [u8]) -> Unused {
        UNUSED
    }
    fn registers_read(&self, _: Pid) -> Result<ThreadState, CallError> {
        Err(CallError::UnknownCall)
    }
    fn registers_write(&self, _: Pid, _: &ThreadState) -> Unused {
        UNUSED
    }
    fn process_identity(&self, _: Pid, _: &Caller) -> Unused {
        UNUSED
    }
    fn process_usage(&self, _: Pid) -> Result<ProcessUsage, CallError> {
        Err(CallError::UnknownCall)
    }
    fn memory_statistics(&self) -> MemoryStatistics {
        MemoryStatistics {
            total: 1024,
            free: 512,
            ..MemoryStatistics::default()
        }
    }
    fn machine_statistics(&self) -> MachineStatistics {
        MachineStatistics::default()
    }
    fn log_read(&self, _: u64, _: &mut [u8]) -> Result<LogPart, CallError> {
        Err(CallError::UnknownCall)
    }
    fn slot_declare(&self, _: &Declaration) -> Unused {
        UNUSED
    }
    fn slot_status(&self, _: Endpoint) -> Result<SlotStatus, CallError> {
        Err(CallError::UnknownCall)
    }
    fn transaction_status(&self) -> TransactionStatus {
        TransactionStatus::default()
    }
    fn instance_create_from(&self, _: Endpoint, _: &[u8]) -> Unused {
        UNUSED
    }
}
