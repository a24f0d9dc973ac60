//! The kernel's calls with typed arguments.
#![expect(
    unsafe_code,
    reason = "the kept area and the archive are ranges of addresses"
)]

use super::kernel_call::{call, outgoing_words, set_outgoing};
use crate::System;
use crate::system::{LogPart, Route};
use abi::call::{MachineStatistics, MemoryStatistics, ProcessUsage};
use abi::crash::CrashRecord;
use abi::declaration::Declaration;
use abi::lease::LeaseDescriptor;
use abi::process::{FloatingPoint, Registers, ThreadState};
use abi::slot::{SlotStatus, TransactionStatus};
use abi::word::index;
use abi::{Call, CallError, Caller, Endpoint, Message, Pid, Reply, RequestId, Tag, Time, layout};

/// The real kernel.
pub(super) struct Kernel {
    /// Bytes of the boot archive that are mapped.
    pub(super) archive: usize,
}

fn call_0(which: Call) -> Result<u64, CallError> {
    call(which, [0; 6])
}

fn address<T: ?Sized>(of: &T) -> u64 {
    core::ptr::from_ref(of).cast::<u8>().expose_provenance() as u64
}

fn address_mut<T: ?Sized>(of: &mut T) -> u64 {
    core::ptr::from_mut(of).cast::<u8>().expose_provenance() as u64
}

fn numbers(arguments: &[u64]) -> [u64; 6] {
    let mut all = [0; 6];
    for (slot, argument) in all.iter_mut().zip(arguments) {
        *slot = *argument;
    }
    all
}

fn send(message: &Message, leases: &[LeaseDescriptor]) {
    set_outgoing(|outgoing| {
        outgoing.message = *message;
        outgoing.leases = Default::default();
        for (slot, lease) in outgoing.leases.iter_mut().zip(leases) {
            *slot = *lease;
        }
    });
}

/// Has the kernel fill in a structure.
fn filled<T: Default>(which: Call, first: &[u64]) -> Result<T, CallError> {
    let mut value = T::default();
    let mut arguments = numbers(first);
    arguments[first.len()] = address_mut(&mut value);
    call(which, arguments)?;
    Ok(core::hint::black_box(value))
}

impl System for Kernel {
    fn submit(
        &self,
        to: Endpoint,
        tag: Tag,
        message: &Message,
        leases: &[LeaseDescriptor],
    ) -> Result<(), CallError> {
        send(message, leases);
        set_outgoing(|outgoing| outgoing.tag = tag);
        call(Call::Submit, numbers(&[u64::from(to.0)])).map(drop)
    }

    fn reply(&self, request: RequestId, reply: &Reply) -> Result<(), CallError> {
        set_outgoing(|outgoing| outgoing.reply = *reply);
        call(Call::Reply, numbers(&[request.0])).map(drop)
    }

    fn forward(
        &self,
        request: RequestId,
        to: Endpoint,
        message: &Message,
        leases: &[LeaseDescriptor],
    ) -> Result<(), CallError> {
        send(message, leases);
        call(Call::Forward, numbers(&[request.0, u64::from(to.0)])).map(drop)
    }

    fn route(&self, route: &Route) -> Result<(), CallError> {
        let lease = LeaseDescriptor {
            access: route.access as u32,
            ..LeaseDescriptor::default()
        };
        send(&route.message, &[lease]);
        call(Call::Route, numbers(&route.arguments())).map(drop)
    }

    fn cancel_children(&self, parent: RequestId) {
        // A parent without children is success; nothing else can be refused.
        let _ = call(Call::CancelChildren, numbers(&[parent.0]));
    }

    fn cancel_submission(&self, tag: Tag) {
        set_outgoing(|outgoing| outgoing.tag = tag);
        // A tag that is not live is success; nothing else can be refused.
        let _ = call_0(Call::CancelSubmission);
    }

    fn is_live(&self, request: RequestId) -> bool {
        call(Call::IsLive, numbers(&[request.0])) == Ok(1)
    }

    fn lease_read(
        &self,
        request: RequestId,
        index: u64,
        offset: u64,
        bytes: &mut [u8],
    ) -> Result<(), CallError> {
        let (length, at) = (bytes.len() as u64, address_mut(bytes));
        call(Call::LeaseRead, [request.0, index, offset, at, length, 0])?;
        core::hint::black_box(bytes);
        Ok(())
    }

    fn lease_write(
        &self,
        request: RequestId,
        index: u64,
        offset: u64,
        bytes: &[u8],
    ) -> Result<(), CallError> {
        let (length, at) = (bytes.len() as u64, address(bytes));
        call(Call::LeaseWrite, [request.0, index, offset, at, length, 0]).map(drop)
    }

    fn set_timer(&self, deadline: Time) {
        // Every deadline is good.
        let _ = call(Call::SetTimer, numbers(&[deadline.0]));
    }

    fn clock(&self) -> Time {
        Time(call_0(Call::Clock).unwrap_or_default())
    }

    fn notify(&self, to: Endpoint) -> Result<(), CallError> {
        call(Call::Notify, numbers(&[u64::from(to.0)])).map(drop)
    }

    fn log(&self, line: &[u8]) {
        let line = &line[..line.len().min(512)];
        // A line that cannot be logged is lost; there is nobody to tell.
        let _ = call(Call::Log, numbers(&[address(line), line.len() as u64]));
    }

    fn call(&self, which: Call, arguments: &[u64]) -> Result<u64, CallError> {
        call(which, numbers(arguments))
    }

    fn kept_read(&self, offset: u64, bytes: &mut [u8]) {
        let from: *const u8 =
            core::ptr::with_exposed_provenance(index(layout::SERVICE_KEPT + offset));
        // SAFETY: the caller has mapped these kept pages (a bad offset is a fault, and the
        // service is restarted); nothing else writes them while the service runs.
        unsafe { from.copy_to_nonoverlapping(bytes.as_mut_ptr(), bytes.len()) };
    }

    fn kept_write(&self, offset: u64, bytes: &[u8]) {
        let to: *mut u8 =
            core::ptr::with_exposed_provenance_mut(index(layout::SERVICE_KEPT + offset));
        // SAFETY: as for `kept_read`.
        unsafe { to.copy_from_nonoverlapping(bytes.as_ptr(), bytes.len()) };
    }

    fn lease_to_kept(
        &self,
        request: RequestId,
        index: u64,
        offset: u64,
        kept_offset: u64,
        length: u64,
    ) -> Result<(), CallError> {
        let at = layout::SERVICE_KEPT + kept_offset;
        call(Call::LeaseRead, [request.0, index, offset, at, length, 0]).map(drop)
    }

    fn kept_to_lease(
        &self,
        request: RequestId,
        index: u64,
        offset: u64,
        kept_offset: u64,
        length: u64,
    ) -> Result<(), CallError> {
        let at = layout::SERVICE_KEPT + kept_offset;
        call(Call::LeaseWrite, [request.0, index, offset, at, length, 0]).map(drop)
    }

    fn archive(&self) -> &'static [u8] {
        if self.archive == 0 {
            return &[];
        }
        let start = core::ptr::with_exposed_provenance(index(layout::SERVICE_ARCHIVE));
        // SAFETY: the kernel maps this many bytes of the archive for the instance's life, and
        // nobody ever writes them.
        unsafe { core::slice::from_raw_parts(start, self.archive) }
    }

    fn port_write(&self, port: u16, bytes: &[u8]) -> Result<(), CallError> {
        let arguments = [u64::from(port), address(bytes), bytes.len() as u64];
        call(Call::PortWrite, numbers(&arguments)).map(drop)
    }

    fn port_read_bytes(&self, port: u16, bytes: &mut [u8]) -> Result<(), CallError> {
        let arguments = [u64::from(port), address_mut(bytes), bytes.len() as u64];
        call(Call::PortReadBytes, numbers(&arguments)).map(drop)
    }

    fn registers_read(&self, process: Pid) -> Result<ThreadState, CallError> {
        let mut state = ThreadState {
            registers: Registers::default(),
            call_number: 0,
            reserved: 0,
            floating_point: FloatingPoint([0; 512]),
        };
        let at = address_mut(&mut state);
        call(Call::RegistersRead, numbers(&[u64::from(process.0), at]))?;
        Ok(core::hint::black_box(state))
    }

    fn registers_write(&self, process: Pid, state: &ThreadState) -> Result<(), CallError> {
        call(
            Call::RegistersWrite,
            numbers(&[u64::from(process.0), address(state)]),
        )
        .map(drop)
    }

    fn process_identity(&self, process: Pid, identity: &Caller) -> Result<(), CallError> {
        call(
            Call::ProcessIdentity,
            numbers(&[u64::from(process.0), address(identity)]),
        )
        .map(drop)
    }

    fn process_usage(&self, process: Pid) -> Result<ProcessUsage, CallError> {
        filled(Call::ProcessUsage, &[u64::from(process.0)])
    }

    fn memory_statistics(&self) -> MemoryStatistics {
        filled(Call::MemoryStatistics, &[]).unwrap_or_default()
    }

    fn machine_statistics(&self) -> MachineStatistics {
        filled(Call::MachineStatistics, &[]).unwrap_or_default()
    }

    fn log_read(&self, position: u64, bytes: &mut [u8]) -> Result<LogPart, CallError> {
        let arguments = [position, address_mut(bytes), bytes.len() as u64];
        let length = call(Call::LogRead, numbers(&arguments))?;
        core::hint::black_box(bytes);
        let [start, end, ..] = outgoing_words();
        Ok(LogPart {
            length: usize::try_from(length).unwrap_or(0),
            start,
            end,
        })
    }

    fn slot_declare(&self, declaration: &Declaration) -> Result<(), CallError> {
        call(Call::SlotDeclare, numbers(&[address(declaration)])).map(drop)
    }

    fn slot_status(&self, slot: Endpoint) -> Result<SlotStatus, CallError> {
        filled(Call::SlotStatus, &[u64::from(slot.0)])
    }

    fn transaction_status(&self) -> TransactionStatus {
        filled(Call::TransactionStatus, &[]).unwrap_or_default()
    }

    fn crash_read(&self, number: u64) -> (u64, Option<CrashRecord>) {
        let last = call(Call::CrashRead, [0; 6]).unwrap_or(0);
        (last, filled(Call::CrashRead, &[number.max(1)]).ok())
    }

    fn instance_create_from(&self, slot: Endpoint, image: &[u8]) -> Result<(), CallError> {
        let arguments = [u64::from(slot.0), 1, address(image), image.len() as u64];
        call(Call::InstanceCreate, numbers(&arguments)).map(drop)
    }
}
