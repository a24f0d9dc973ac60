//! Copies from and to user memory, through a checked walk of the owner's page tables. Nothing is
//! ever waited for: what is missing is reported, and the caller decides.

use abi::Access;
use abi::layout::{PAGE_SIZE, USER_TOP};

use super::Memory;
use super::entry::{Entry, PAGE_BYTES, TOP_LEVEL, index};
use crate::machine::{Frame, Machine};

/// The first address that could not be copied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Missing {
    /// Where.
    pub address: u64,
    /// There is a page, but it does not allow this access (it may be copy-on-write).
    pub present: bool,
}

/// Why a transfer stopped: which side's memory is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TransferFault {
    /// It cannot be read.
    Source(Missing),
    /// It cannot be written.
    Target(Missing),
}

/// User memory of the space with this root (of a program, an instance or a view).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The top-level page table.
    pub root: Frame,
    /// The address in it.
    pub address: u64,
}

impl Memory {
    /// Copies user memory to `bytes`.
    ///
    /// # Errors
    /// The first address that may not be read; bytes before it may have been copied.
    pub fn read<M: Machine>(
        &self,
        machine: &M,
        from: Place,
        bytes: &mut [u8],
    ) -> Result<(), Missing> {
        let mut done = 0;
        while done < bytes.len() {
            let address = from.address.saturating_add(done as u64);
            let frame = translate(machine, from.root, address, Access::Read)?;
            let offset = offset_in_page(address);
            let end = bytes.len().min(done + PAGE_BYTES - offset);
            machine.read(frame, offset, &mut bytes[done..end]);
            done = end;
        }
        Ok(())
    }

    /// Copies `bytes` to user memory.
    ///
    /// # Errors
    /// The first address that may not be written; bytes before it may have been copied.
    pub fn write<M: Machine>(
        &self,
        machine: &mut M,
        to: Place,
        bytes: &[u8],
    ) -> Result<(), Missing> {
        let mut done = 0;
        while done < bytes.len() {
            let address = to.address.saturating_add(done as u64);
            let frame = translate(machine, to.root, address, Access::Write)?;
            let offset = offset_in_page(address);
            let end = bytes.len().min(done + PAGE_BYTES - offset);
            machine.write(frame, offset, &bytes[done..end]);
            done = end;
        }
        Ok(())
    }

    /// Copies between two places of user memory, without a buffer.
    ///
    /// # Errors
    /// The first address that is missing on either side; bytes before it may have been copied.
    pub fn transfer<M: Machine>(
        &self,
        machine: &mut M,
        from: Place,
        to: Place,
        length: u64,
    ) -> Result<(), TransferFault> {
        transfer(machine, from, to, length, |machine, address| {
            translate(machine, to.root, address, Access::Write)
        })
    }

    /// The frame of a page that may be read, for example to compare or to lend it.
    ///
    /// # Errors
    /// It may not be read.
    pub fn frame_at<M: Machine>(&self, machine: &M, place: Place) -> Result<Frame, Missing> {
        translate(machine, place.root, place.address, Access::Read)
    }
}

/// Copies page by page; `target` finds the frame to write to.
pub(super) fn transfer<M: Machine>(
    machine: &mut M,
    from: Place,
    to: Place,
    length: u64,
    target: impl Fn(&M, u64) -> Result<Frame, Missing>,
) -> Result<(), TransferFault> {
    let mut done = 0;
    while done < length {
        let (source, sink) = (
            from.address.saturating_add(done),
            to.address.saturating_add(done),
        );
        let (at, offset) = (offset_in_page(source), offset_in_page(sink));
        let here = (length - done).min(PAGE_SIZE - at.max(offset) as u64);
        let read =
            translate(machine, from.root, source, Access::Read).map_err(TransferFault::Source)?;
        let write = target(machine, sink).map_err(TransferFault::Target)?;
        machine.transfer(read, at, write, offset, in_page(here));
        done += here;
    }
    Ok(())
}

/// Finds the frame at a user address if every level of the tables allows the access to the user.
pub(super) fn translate<M: Machine>(
    machine: &M,
    root: Frame,
    address: u64,
    access: Access,
) -> Result<Frame, Missing> {
    if address >= USER_TOP {
        return Err(Missing {
            address,
            present: false,
        });
    }
    let mut table = root;
    let mut writable = true;
    for level in (0..=TOP_LEVEL).rev() {
        let entry = Entry(machine.word(table, index(address, level)));
        if !entry.is_user() {
            return Err(Missing {
                address,
                present: entry.is_present(),
            });
        }
        writable &= entry.is_writable();
        table = entry.frame();
    }
    if access.allows(Access::Write) && !writable {
        return Err(Missing {
            address,
            present: true,
        });
    }
    Ok(table)
}

/// The offset of an address in its page.
pub(super) fn offset_in_page(address: u64) -> usize {
    in_page(address % PAGE_SIZE)
}

/// A number of bytes that is at most a page.
#[expect(clippy::cast_possible_truncation, reason = "at most a page")]
fn in_page(bytes: u64) -> usize {
    bytes as usize
}
