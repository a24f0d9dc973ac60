//! From a trap to the core and to the thread that runs next.
#![expect(unsafe_code, reason = "the one kernel is reached from machine code")]

use core::cell::UnsafeCell;

use abi::process::Registers;
use kernel_core::thread::Kind;
use kernel_core::{Kernel, Next};

use crate::entry;
use crate::hardware::clock::{ALARM_VECTOR, end_alarm};
use crate::hardware::interrupts::{FIRST_VECTOR, LINES, accept};
use crate::hardware::machine::Hardware;
use crate::hardware::processor;
use crate::panic::hardware_failed;

/// Exceptions by which the hardware says that it has failed (Intel SDM volume 3, 6.3.1): whoever runs
/// has nothing to do with them.
const NON_MASKABLE: u64 = 2;
const MACHINE_CHECK: u64 = 18;

struct Only(UnsafeCell<Option<Kernel<Hardware>>>);

// SAFETY: there is one processor, and interrupts are off in the kernel.
unsafe impl Sync for Only {}

static KERNEL: Only = Only(UnsafeCell::new(None));

/// Puts the kernel in its place.
pub(crate) fn set_kernel(kernel: Kernel<Hardware>) -> &'static mut Kernel<Hardware> {
    // SAFETY: called once, at boot, before any trap.
    unsafe { (*KERNEL.0.get()).insert(kernel) }
}

/// The kernel, where there is one: at a trap, or after a defect.
pub(crate) fn kernel() -> Option<&'static mut Kernel<Hardware>> {
    // SAFETY: one processor; every entry from user mode starts on an empty stack, so no other
    // reference is in use (after a defect nothing else runs any more).
    unsafe { (*KERNEL.0.get()).as_mut() }
}

/// Called by machine code: a system call of the running thread.
pub(crate) extern "C" fn on_system_call() -> *const Registers {
    match kernel() {
        Some(kernel) => {
            let next = kernel.system_call();
            resume(kernel, next)
        }
        None => processor::stop(),
    }
}

/// Called by machine code: an exception or interrupt in user mode.
pub(crate) extern "C" fn on_trap(vector: u64, error_code: u64) -> *const Registers {
    match kernel() {
        Some(kernel) => {
            let next = dispatch(kernel, vector, error_code);
            resume(kernel, next)
        }
        None => processor::stop(),
    }
}

fn dispatch(kernel: &mut Kernel<Hardware>, vector: u64, error_code: u64) -> Next {
    match vector {
        NON_MASKABLE | MACHINE_CHECK => hardware_failed(vector),
        ..32 => {
            let address = if vector == 14 {
                processor::fault_address()
            } else {
                0
            };
            kernel.exception(vector, error_code, address)
        }
        ALARM_VECTOR => {
            end_alarm();
            kernel.alarm()
        }
        vector if (FIRST_VECTOR..FIRST_VECTOR + LINES).contains(&vector) => {
            let line = (vector - FIRST_VECTOR).to_le_bytes()[0];
            match accept(line.into()) {
                Some(line) => kernel.interrupt(line),
                None => kernel.run(),
            }
        }
        _ => kernel.run(),
    }
}

/// Waits until there is a thread to run, and makes it the running one.
pub(crate) fn resume(kernel: &mut Kernel<Hardware>, mut next: Next) -> *const Registers {
    loop {
        match next {
            Next::Run { thread, root } => {
                kernel.machine.use_root(root);
                let record = kernel.thread_mut(thread);
                let registers = &mut record.registers;
                // Services have no use for them.
                if record.kind == Kind::Program {
                    processor::set_fs(registers.fs_base);
                    processor::set_gs(registers.gs_base);
                }
                entry::set_current(registers);
                return registers;
            }
            Next::Idle => {
                processor::wait();
                next = match entry::take_pending() {
                    Some(vector) => dispatch(kernel, vector, 0),
                    None => kernel.run(),
                };
            }
        }
    }
}
