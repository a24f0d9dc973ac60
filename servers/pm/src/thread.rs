//! The state of a thread, as the journal keeps it.

use abi::process::{FloatingPoint, Registers, ThreadState};
use abi::{CallError, Pid};
use minicbor::{Decode, Encode};
use service::System;
use shape::Shape;

/// A thread's state that survives a crash between reading and writing it.
#[derive(Clone, Debug, Encode, Decode, Shape)]
pub(crate) struct KeptThread {
    #[n(0)]
    general: [u64; 20],
    #[n(1)]
    call_number: i64,
    #[cbor(n(2), with = "minicbor::bytes")]
    floating_point: [u8; 512],
}

impl KeptThread {
    /// Reads a thread's state from the kernel.
    ///
    /// # Errors
    /// When there is no such process.
    pub(crate) fn read(kernel: &dyn System, pid: u32) -> Result<KeptThread, CallError> {
        kernel
            .registers_read(Pid(pid))
            .map(|state| KeptThread::from(&state))
    }
}

impl From<&ThreadState> for KeptThread {
    fn from(state: &ThreadState) -> Self {
        let r = &state.registers;
        KeptThread {
            general: [
                r.r15, r.r14, r.r13, r.r12, r.rbp, r.rbx, r.r11, r.r10, r.r9, r.r8, r.rax, r.rcx,
                r.rdx, r.rsi, r.rdi, r.rip, r.rsp, r.rflags, r.fs_base, r.gs_base,
            ],
            call_number: state.call_number,
            floating_point: state.floating_point.0,
        }
    }
}

impl From<KeptThread> for ThreadState {
    fn from(kept: KeptThread) -> Self {
        let [
            r15,
            r14,
            r13,
            r12,
            rbp,
            rbx,
            r11,
            r10,
            r9,
            r8,
            rax,
            rcx,
            rdx,
            rsi,
            rdi,
            rip,
            rsp,
            rflags,
            fs_base,
            gs_base,
        ] = kept.general;
        ThreadState {
            registers: Registers {
                r15,
                r14,
                r13,
                r12,
                rbp,
                rbx,
                r11,
                r10,
                r9,
                r8,
                rax,
                rcx,
                rdx,
                rsi,
                rdi,
                rip,
                rsp,
                rflags,
                fs_base,
                gs_base,
            },
            call_number: kept.call_number,
            reserved: 0,
            floating_point: FloatingPoint(kept.floating_point),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_register_survives() {
        let registers = Registers {
            r15: 1,
            rip: 2,
            rsp: 3,
            rdi: 4,
            gs_base: 5,
            ..Registers::default()
        };
        let floating_point = FloatingPoint([7; 512]);
        let state = ThreadState {
            registers,
            call_number: -1,
            reserved: 0,
            floating_point,
        };
        let bytes = minicbor::to_vec(KeptThread::from(&state)).unwrap();
        let back = ThreadState::from(minicbor::decode::<KeptThread>(&bytes).unwrap());
        assert_eq!(back.registers, registers);
        assert_eq!((back.call_number, back.floating_point.0[511]), (-1, 7));
    }
}
