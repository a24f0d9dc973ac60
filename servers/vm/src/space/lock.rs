//! mlock and its kin: nothing is ever moved out of memory, so a lock makes the pages come.

use super::Space;
use crate::action::{Action, Actions};
use crate::range::Range;
use crate::region::{Backing, Marks};
use abi::Errno;
use abi::call::Protection;

impl Space {
    /// Locks a range, and has its pages come.
    ///
    /// # Errors
    /// `NOMEM` when not all of it is mapped.
    pub fn lock(&mut self, range: Range, actions: &mut Actions) -> Result<(), Errno> {
        self.populate(range, actions)?;
        self.regions
            .change(range, |r| r.marks = r.marks.with(Marks::LOCKED))
    }

    /// Unlocks a range.
    ///
    /// # Errors
    /// `NOMEM` when not all of it is mapped.
    pub fn unlock(&mut self, range: Range) -> Result<(), Errno> {
        self.covering(range)?;
        self.regions
            .change(range, |r| r.marks = r.marks.without(Marks::LOCKED))
    }

    /// Has the pages of a range come that are of no file.
    ///
    /// # Errors
    /// `NOMEM` when not all of it is mapped.
    pub fn populate(&self, range: Range, actions: &mut Actions) -> Result<(), Errno> {
        let parts = self.covering(range)?;
        let zero = parts
            .iter()
            .filter(|p| p.backing == Backing::Zero && p.protection() != Protection(0));
        actions.extend(zero.filter_map(|p| Some(Action::map(p.range()?, p.page_rights()))));
        Ok(())
    }
}
