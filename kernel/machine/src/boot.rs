//! From the loader's entry to the first thread.

use core::fmt::Write;

use kernel::paging::DIRECT;
use kernel::start::{Range, StartInformation};
use kernel_core::machine::{Frame, PowerOff};
use kernel_core::memory::{BootMemory, FrameRange};
use kernel_core::{Kernel, Limits};

use crate::hardware::clock::Clock;
use crate::hardware::direct::{self, Early};
use crate::hardware::log::Writer;
use crate::hardware::machine::{Hardware, end};
use crate::hardware::{heap, interrupts, processor, tables};
use crate::{entry, traps};

const PAGE: u64 = 4096;
/// The early tables map memory below this.
const EARLY_LIMIT: u64 = 1 << 32;

/// Called by machine code with the address of the loader's start information.
pub(crate) extern "C" fn boot(start: u64) -> ! {
    let features = processor::protect();
    let mut information = match StartInformation::read(&Early, start) {
        Ok(information) => information,
        Err(error) => fail(&error),
    };
    let megabytes = information.bytes() >> 20;
    information.reserve(Range {
        first: 0,
        end: PAGE,
    });
    information.reserve(tables::image());
    information.reserve(information.archive);
    // Three quarters of the largest piece for the tables; what they leave is given back.
    let largest = information.largest(EARLY_LIMIT);
    let quarter = (largest.bytes() / 4) & !(PAGE - 1);
    let lent = Range {
        first: largest.first,
        end: largest.end - quarter,
    };
    information.reserve(lent);
    heap::open(lent);
    let kernel_root = frame(tables::build(information.end().max(lent.end)));
    processor::load_root(u64::from(kernel_root.0) * PAGE);
    processor::load_descriptors();
    interrupts::set_up();
    let hardware = Hardware {
        clock: Clock::new(),
        features,
        kernel_root,
        current_root: kernel_root,
        pool: processor::counter(),
    };
    let kernel = match make_kernel(hardware, &information, lent) {
        Ok(kernel) => traps::set_kernel(kernel),
        Err(error) => fail(&error),
    };
    let rest = heap::close();
    kernel.memory.add(FrameRange {
        first: rest.frames().first,
        end: frame(lent.end).0,
    });
    kernel.log(format_args!(
        "Evernix {}: {megabytes} MiB of memory",
        env!("CARGO_PKG_VERSION")
    ));
    kernel.log(format_args!(
        "kernel: the processor protects by{}",
        processor::Protections
    ));
    if information.records > 0 {
        let ring = kernel.records();
        let (room, at) = (ring.room(), ring.start().addr() as u64 - DIRECT);
        kernel.log(format_args!("kernel: {room} records at {at:#x}"));
    }
    if let Err(error) = kernel.start(direct::archive(information.archive)) {
        fail(&error);
    }
    let next = kernel.run();
    let registers = traps::resume(kernel, next);
    entry::leave(registers)
}

fn frame(physical: u64) -> Frame {
    Frame(u32::try_from(physical / PAGE).unwrap_or(0))
}

fn make_kernel(
    hardware: Hardware,
    information: &StartInformation,
    lent: Range,
) -> Result<Kernel<Hardware>, abi::CallError> {
    let mut usable = [FrameRange::default(); kernel::start::RANGES];
    for (place, range) in usable.iter_mut().zip(information.ram()) {
        *place = range.frames();
    }
    // Those lent to the tables have a record too: they come back later.
    let frames = frame(information.end().max(lent.end)).0;
    let memory = BootMemory {
        frames,
        usable: &usable[..information.ram().len()],
        archive: frame(information.archive.first),
        archive_bytes: information.archive.bytes(),
    };
    let limits = Limits {
        records: information.records,
        ..Limits::for_frames(frames as usize)
    };
    Kernel::new(hardware, &memory, limits)
}

fn fail(error: &dyn core::fmt::Debug) -> ! {
    // The log does not fail.
    let _ = writeln!(Writer, "kernel: the system cannot start: {error:?}");
    end(PowerOff::Failure)
}
