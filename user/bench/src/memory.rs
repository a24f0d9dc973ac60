//! Mappings and page faults.
#![expect(unsafe_code, reason = "mappings")]

use std::fs::File;
use std::hint::black_box;
use std::io::{self, Read};
use std::os::fd::AsFd;
use std::ptr::{NonNull, null_mut};

use rustix::mm::{MapFlags, ProtFlags, mmap, mmap_anonymous, munmap};

use crate::files::{BLOCK, Scratch};
use crate::meter::Meter;
use crate::processes::Child;

const PAGE: usize = 4096;
const MIB: usize = 1 << 20;
/// Pages of one mapping.
const PAGES: u64 = 256;

/// A mapping of whole pages.
struct Mapping {
    at: NonNull<u8>,
    length: usize,
}

impl Mapping {
    fn anonymous(length: usize) -> io::Result<Mapping> {
        let access = ProtFlags::READ | ProtFlags::WRITE;
        // SAFETY: a new mapping at a place that the system chooses.
        let at = unsafe { mmap_anonymous(null_mut(), length, access, MapFlags::PRIVATE) }?;
        Mapping::at(at.cast(), length)
    }

    fn of(file: impl AsFd, length: usize) -> io::Result<Mapping> {
        // SAFETY: as above.
        let at = unsafe {
            mmap(
                null_mut(),
                length,
                ProtFlags::READ,
                MapFlags::PRIVATE,
                file,
                0,
            )
        }?;
        Mapping::at(at.cast(), length)
    }

    fn at(address: *mut u8, length: usize) -> io::Result<Mapping> {
        let at = NonNull::new(address).ok_or_else(|| io::Error::other("a mapping at 0"))?;
        Ok(Mapping { at, length })
    }

    /// Writes to each page.
    fn write(&mut self) {
        for page in (0..self.length).step_by(PAGE) {
            // SAFETY: within the mapping, which is this value's alone and can be written: callers
            // write to anonymous ones only.
            unsafe { self.at.add(page).write_volatile(1) };
        }
    }

    /// Reads each page.
    fn read(&self) {
        for page in (0..self.length).step_by(PAGE) {
            // SAFETY: within the mapping.
            black_box(unsafe { self.at.add(page).read_volatile() });
        }
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: the mapping is this value's alone. That it cannot be removed harms nobody.
        let _ = unsafe { munmap(self.at.as_ptr().cast(), self.length) };
    }
}

/// Memory in use, in KiB (proc(5), `/proc/meminfo`).
///
/// # Errors
/// Those of reading that; that it does not tell.
pub(crate) fn in_use() -> io::Result<u64> {
    let text = std::fs::read_to_string("/proc/meminfo")?;
    let number = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name))?;
        line.split_whitespace().next()?.parse::<u64>().ok()
    };
    let free = number("MemFree:");
    let used = number("MemTotal:").and_then(|total| total.checked_sub(free?));
    used.ok_or_else(|| io::Error::other("/proc/meminfo does not tell what is free"))
}

/// The first store to a page of a new mapping.
pub(crate) fn fault_anonymous(meter: &mut Meter) -> io::Result<()> {
    let mut mapping = Mapping::anonymous(MIB)?;
    meter.whole(PAGES, || {
        mapping.write();
        Ok(())
    })
}

/// The first store to a page that a child has as well.
pub(crate) fn fault_copy(meter: &mut Meter) -> io::Result<()> {
    let mut mapping = Mapping::anonymous(MIB)?;
    mapping.write();
    let (mut over, teller) = io::pipe()?;
    let child = Child::fork(|| i32::from(over.read_exact(&mut [0]).is_err()))?;
    meter.whole(PAGES, || {
        mapping.write();
        Ok(())
    })?;
    io::Write::write_all(&mut &teller, &[0])?;
    child.wait()
}

/// The first store to a page that a child had as well.
pub(crate) fn fault_present(meter: &mut Meter) -> io::Result<()> {
    let mut mapping = Mapping::anonymous(MIB)?;
    mapping.write();
    Child::fork(|| 0)?.wait()?;
    meter.whole(PAGES, || {
        mapping.write();
        Ok(())
    })
}

/// The first load from a page of a mapped file that is in memory.
pub(crate) fn fault_file(meter: &mut Meter) -> io::Result<()> {
    let scratch = Scratch::filled("mapped", MIB, &BLOCK)?;
    let file = File::open(scratch.path())?;
    drop(Mapping::of(&file, MIB).inspect(Mapping::read)?);
    let mapping = Mapping::of(&file, MIB)?;
    meter.whole(PAGES, || {
        mapping.read();
        Ok(())
    })
}

pub(crate) fn map_unmap(meter: &mut Meter) -> io::Result<()> {
    meter.times(2_000, || Mapping::anonymous(MIB).map(drop))
}

pub(crate) fn map_touch_unmap(meter: &mut Meter) -> io::Result<()> {
    meter.times(16, || {
        let mut mapping = Mapping::anonymous(MIB)?;
        mapping.write();
        Ok(())
    })
}

/// Does something in a process that has written to so many MiB.
pub(crate) fn in_a_large_process(
    meter: &mut Meter,
    mebibytes: u64,
    what: fn(&mut Meter) -> io::Result<()>,
) -> io::Result<()> {
    let length = usize::try_from(mebibytes).map_err(io::Error::other)? * MIB;
    let mut mapping = Mapping::anonymous(length)?;
    mapping.write();
    what(meter)
}
