//! Taking mappings away.

use super::Space;
use crate::action::{Action, Actions};
use crate::range::Range;
use crate::region::Marks;
use abi::Errno;

impl Space {
    /// Takes a range out, whatever is in it.
    ///
    /// # Errors
    /// `NOMEM` when what is left would be too many regions.
    pub fn unmap(&mut self, range: Range, actions: &mut Actions) -> Result<(), Errno> {
        let removed = self.regions.remove(range)?;
        let touched = removed.iter().filter(|r| r.marks.has(Marks::TOUCHED));
        actions.extend(touched.filter_map(|r| r.range()).map(Action::unmap));
        Ok(())
    }
}
