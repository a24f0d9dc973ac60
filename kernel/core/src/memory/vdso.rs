//! What programs need to tell the time without a system call: the clock page and the vDSO behind it.
//!
//! The clock page holds 64-bit words:
//!
//! ```text
//! 0  sequence: odd while the others are being written
//! 1  time stamp counter at the base
//! 2  monotonic nanoseconds at the base
//! 3  multiplier
//! 4  shift: nanoseconds = word 2 + ((counter - word 1) * word 3 >> word 4), in 128 bits
//! 5  nanoseconds since 1970 at monotonic time 0
//! ```

use abi::CallError;
use abi::call::Protection;
use abi::layout::PAGE_SIZE;

use super::Memory;
use super::entry::UserPages;
use super::space::SpaceHandle;
use crate::machine::{Frame, Machine};

/// Where the two lie in physical memory.
#[derive(Clone, Copy, Debug)]
pub(super) struct Vdso {
    pub(super) clock: Frame,
    pub(super) first: Frame,
    pub(super) pages: u32,
}

impl Memory {
    /// States where the vDSO's file lies in the boot archive.
    ///
    /// # Errors
    /// `BadImage` if it does not lie in whole pages of it.
    pub fn set_vdso(&mut self, offset: u64, bytes: u64) -> Result<(), CallError> {
        let inside = offset
            .checked_add(bytes)
            .is_some_and(|end| end <= self.archive.bytes);
        if !inside || !offset.is_multiple_of(PAGE_SIZE) {
            return Err(CallError::BadImage);
        }
        self.vdso.first = self.archive.frame(offset).ok_or(CallError::BadImage)?;
        self.vdso.pages =
            u32::try_from(bytes.div_ceil(PAGE_SIZE)).map_err(|_| CallError::BadImage)?;
        Ok(())
    }

    /// Publishes the machine's clock, and the real time at monotonic time 0.
    pub fn write_clock<M: Machine>(&mut self, machine: &mut M, real_time: u64) {
        let page = self.vdso.clock;
        let clock = machine.clock_parameters();
        let sequence = machine.word(page, 0);
        machine.set_word(page, 0, sequence | 1);
        let words = [
            clock.counter,
            clock.nanoseconds,
            clock.multiplier,
            clock.shift,
            real_time,
        ];
        for (index, word) in (1..).zip(words) {
            machine.set_word(page, index, word);
        }
        machine.set_word(page, 0, (sequence | 1) + 1);
    }

    /// Maps the clock page and the vDSO from `address` on; answers how many pages.
    ///
    /// # Errors
    /// `BadArgument` for the address; `NoMemory`.
    pub fn map_vdso<M: Machine>(
        &mut self,
        machine: &mut M,
        space: SpaceHandle,
        address: u64,
    ) -> Result<u64, CallError> {
        let pages = u64::from(self.vdso.pages) + 1;
        UserPages::new(address, pages)?;
        self.map_frame(machine, space, address, self.vdso.clock, Protection::READ)?;
        let protection = Protection(Protection::READ.0 | Protection::EXECUTE.0);
        for page in 0..self.vdso.pages {
            let at = address + PAGE_SIZE * (u64::from(page) + 1);
            let frame = Frame(self.vdso.first.0 + page);
            self.map_frame(machine, space, at, frame, protection)?;
        }
        Ok(pages)
    }
}
