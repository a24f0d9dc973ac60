//! The end of a kernel that cannot go on: what, where, and what it did last.

use core::fmt::Write;
use core::panic::PanicInfo;

use kernel_core::machine::PowerOff;

use crate::hardware::log::Writer;
use crate::hardware::machine::end;
use crate::hardware::processor::fault_address;
use crate::traps::kernel;

/// Records shown.
const SHOWN: usize = 40;

#[panic_handler]
fn panic(information: &PanicInfo<'_>) -> ! {
    // The log does not fail.
    let _ = writeln!(Writer, "kernel: {information}");
    show_and_end()
}

/// An exception in the kernel itself, as machine code and the processor pushed it.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Defect {
    /// rax, rbx, rcx, rdx, rbp, rsi, rdi, r8 to r15.
    general: [u64; 15],
    vector: u64,
    error_code: u64,
    rip: u64,
    code_segment: u64,
    rflags: u64,
    rsp: u64,
}

/// The names of `Defect::general`.
const NAMES: [&str; 15] = [
    "rax", "rbx", "rcx", "rdx", "rbp", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13", "r14",
    "r15",
];

/// Called by machine code.
pub(crate) extern "C" fn on_defect(defect: &Defect) -> ! {
    let _ = writeln!(
        Writer,
        "kernel: exception {}, error code {:#x}, at {:#x}, stack {:#x}, flags {:#x}, address {:#x}",
        defect.vector,
        defect.error_code,
        defect.rip,
        defect.rsp,
        defect.rflags,
        fault_address()
    );
    for (name, value) in NAMES.iter().zip(defect.general) {
        let _ = writeln!(Writer, "kernel: {name:<3} {value:#018x}");
    }
    show_and_end()
}

/// The hardware has failed while a program or a service was running.
pub(crate) fn hardware_failed(vector: u64) -> ! {
    let _ = writeln!(
        Writer,
        "kernel: the hardware has failed: exception {vector}"
    );
    show_and_end()
}

fn show_and_end() -> ! {
    if let Some(kernel) = kernel() {
        let _ = writeln!(Writer, "kernel: what it did last:");
        let ring = kernel.records();
        let skipped = ring.records().count().saturating_sub(SHOWN);
        for (time, record) in ring.records().skip(skipped) {
            let _ = writeln!(Writer, "{:>16} {record:x?}", time.0);
        }
    }
    end(PowerOff::Failure)
}
