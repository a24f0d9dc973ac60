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

/// Called by machine code: an exception in the kernel itself.
pub(crate) extern "C" fn on_defect(vector: u64, error_code: u64, rip: u64, rsp: u64) -> ! {
    let _ = writeln!(
        Writer,
        "kernel: exception {vector}, error code {error_code:#x}, at {rip:#x}, stack {rsp:#x}, \
         address {:#x}",
        fault_address()
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
