//! The binary interface's structures as bytes, for copies from and to the memory of services.

use abi::call::{MachineStatistics, MemoryStatistics, ProcessUsage};
use abi::crash::{CrashRecord, RECENT_REQUESTS, RecentRequest, STACK_DEPTH};
use abi::declaration::{Declaration, PortRange};
use abi::image::ImageHeader;
use abi::process::{FloatingPoint, Registers, ThreadState};
use abi::slot::{SlotStatus, TransactionStatus};
use abi::{Caller, Pid, RequestId, SpaceId, Time};

use super::Memory;
use super::copy::{Missing, Place};
use crate::machine::Machine;

/// A structure of numbers whose every bit pattern means something, little endian, without padding.
pub trait Plain: Sized {
    /// Its bytes.
    const SIZE: usize = size_of::<Self>();

    /// Writes it to the first [`Plain::SIZE`] bytes.
    fn store(&self, bytes: &mut [u8]);

    /// Reads it from the first [`Plain::SIZE`] bytes; bytes that are not there read as 0.
    fn load(bytes: &[u8]) -> Self;
}

macro_rules! numbers {
    ($($number:ty),*) => { $(
        impl Plain for $number {
            fn store(&self, bytes: &mut [u8]) {
                for (to, from) in bytes.iter_mut().zip(self.to_le_bytes()) {
                    *to = from;
                }
            }

            fn load(bytes: &[u8]) -> Self {
                let mut number = [0; size_of::<$number>()];
                for (to, from) in number.iter_mut().zip(bytes) {
                    *to = *from;
                }
                <$number>::from_le_bytes(number)
            }
        }
    )* };
}

numbers!(u8, u16, u32, u64, i64);

impl<T: Plain + Copy, const N: usize> Plain for [T; N] {
    fn store(&self, bytes: &mut [u8]) {
        for (to, from) in bytes.chunks_mut(T::SIZE).zip(self) {
            from.store(to);
        }
    }

    fn load(bytes: &[u8]) -> Self {
        core::array::from_fn(|i| T::load(bytes.get(i * T::SIZE..).unwrap_or_default()))
    }
}

/// As a whole, not byte by byte: each signal stores and loads it.
impl Plain for FloatingPoint {
    fn store(&self, bytes: &mut [u8]) {
        let length = Self::SIZE.min(bytes.len());
        bytes[..length].copy_from_slice(&self.0[..length]);
    }

    fn load(bytes: &[u8]) -> Self {
        let mut area = [0; Self::SIZE];
        let length = Self::SIZE.min(bytes.len());
        area[..length].copy_from_slice(&bytes[..length]);
        FloatingPoint(area)
    }
}

/// Bytes from which fields are taken one after the other.
struct Fields<'a>(&'a [u8]);

impl Fields<'_> {
    fn take<T: Plain>(&mut self) -> T {
        let value = T::load(self.0);
        self.0 = self.0.get(T::SIZE..).unwrap_or_default();
        value
    }
}

macro_rules! structures {
    ($($structure:ident { $($field:tt: $type:ty),* $(,)? })*) => { $(
        impl Plain for $structure {
            fn store(&self, bytes: &mut [u8]) {
                let at = 0;
                $(
                    if let Some(rest) = bytes.get_mut(at..) {
                        self.$field.store(rest);
                    }
                    let at = at + <$type as Plain>::SIZE;
                )*
                debug_assert_eq!(at, Self::SIZE);
            }

            fn load(bytes: &[u8]) -> Self {
                let mut fields = Fields(bytes);
                $structure { $($field: fields.take()),* }
            }
        }

        const _: () = assert!(0 $(+ <$type as Plain>::SIZE)* == size_of::<$structure>());
    )* };
}

structures! {
    Pid { 0: u32 }
    SpaceId { 0: u32 }
    RequestId { 0: u64 }
    Time { 0: u64 }
    Caller {
        pid: Pid, space: SpaceId, user: u32, group: u32, process_group: u32, session: u32,
    }
    PortRange { first: u16, count: u16 }
    Declaration {
        name: [u8; abi::image::NAME_BYTES], slot: u16, priority: u16, submissions: u32,
        pages: u64, hang_ticks: u32, archive: u32, calls: u64,
        protocols: [u64; abi::limits::SLOTS], notifies: u64,
        ports: [PortRange; abi::declaration::PORT_RANGES],
        interrupts: [u16; abi::declaration::INTERRUPTS], linux_calls: [u64; 8],
        identity_calls: [u64; 8], yield_calls: [u64; 8],
        process_manager: u32, memory_manager: u32, policy: u64,
    }
    ImageHeader {
        magic: [u8; 8], abi: u32, version: u32, name: [u8; abi::image::NAME_BYTES],
        file_size: u64, checksum: u32, relocations: u32, text_offset: u64, text_size: u64,
        read_only_size: u64, data_offset: u64, data_size: u64, data_memory: u64,
        relocation_offset: u64, entry: u64, export_entry: u64,
    }
    MemoryStatistics {
        total: u64, free: u64, reserved: u64, page_tables: u64, services: u64, programs: u64,
        archive: u64,
    }
    ProcessUsage {
        user: u64, system: u64, state: u32, waiting_for: u32, call_number: u64, faults: u64,
    }
    MachineStatistics {
        up: u64, idle: u64, user: u64, services: u64, kernel: u64, switches: u64,
        interrupts: u64, processes: u64,
    }
    SlotStatus {
        current: u32, candidate: u32, failure: u32, generation: u32, version: u32,
        candidate_version: u32, crashes: u32, queued: u32, delivered: u32, submitted: u32,
        pages: u64, candidate_pages: u64, crash_instruction: u64, crash_address: u64, base: u64,
        run_time: u64, served: u64, points: u64, load: u64, frozen: Time, exported: Time, ready: Time,
        attached: Time, state_bytes: u64, state_version: u32, own_version: u32,
    }
    TransactionStatus {
        number: u64, outcome: u32, member: u32, failure: u32, refusal: u32,
        phase: u32, reserved: u32, members: u64,
        started: Time, frozen: Time, exported: Time, ended: Time,
        state_bytes: u64,
    }
    RecentRequest { id: RequestId, pid: u32, protocol: u16, from: u16, kind: u32, again: u32 }
    CrashRecord {
        number: u64, time: Time, slot: u32, failure: u32, version: u32, generation: u32,
        address: u64, base: u64, call: u64, before: u32, event: u32, registers: Registers,
        stack: [u64; STACK_DEPTH], recent: [RecentRequest; RECENT_REQUESTS],
    }
    Registers {
        r15: u64, r14: u64, r13: u64, r12: u64, rbp: u64, rbx: u64, r11: u64, r10: u64, r9: u64,
        r8: u64, rax: u64, rcx: u64, rdx: u64, rsi: u64, rdi: u64, rip: u64, rsp: u64,
        rflags: u64, fs_base: u64, gs_base: u64,
    }
    ThreadState {
        registers: Registers, call_number: i64, reserved: u64, floating_point: FloatingPoint,
    }
}

/// Room for the largest structure.
const LARGEST: usize = 1024;

impl Memory {
    /// Writes a structure to user memory.
    ///
    /// # Errors
    /// The first address that may not be written.
    pub fn write_plain<M: Machine, T: Plain>(
        &self,
        machine: &mut M,
        to: Place,
        value: &T,
    ) -> Result<(), Missing> {
        const { assert!(T::SIZE <= LARGEST) };
        let mut bytes = [0; LARGEST];
        value.store(&mut bytes[..T::SIZE]);
        self.write(machine, to, &bytes[..T::SIZE])
    }

    /// Reads a structure from user memory.
    ///
    /// # Errors
    /// The first address that may not be read.
    pub fn read_plain<M: Machine, T: Plain>(&self, machine: &M, from: Place) -> Result<T, Missing> {
        const { assert!(T::SIZE <= LARGEST) };
        let mut bytes = [0; LARGEST];
        self.read(machine, from, &mut bytes[..T::SIZE])?;
        Ok(T::load(&bytes[..T::SIZE]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_structure_survives_its_bytes() {
        let usage = ProcessUsage {
            user: 1,
            system: u64::MAX,
            state: 2,
            waiting_for: 0x0102_0304,
            call_number: 5,
            faults: 6,
        };
        let mut bytes = [0xff; ProcessUsage::SIZE];
        usage.store(&mut bytes);
        assert_eq!(bytes[20..24], [4, 3, 2, 1]);
        assert_eq!(ProcessUsage::load(&bytes), usage);
    }

    #[test]
    fn bytes_that_are_not_there_read_as_zero() {
        assert_eq!(Registers::load(&[1]).r15, 1);
        assert_eq!(Registers::load(&[]), Registers::default());
    }
}
