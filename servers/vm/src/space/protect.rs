//! mprotect.

use super::Space;
use crate::action::{Action, Actions};
use crate::range::Range;
use crate::region::{Backing, Marks, Region};
use abi::Errno;
use abi::call::Protection;

impl Space {
    /// Changes what a range may be used for.
    ///
    /// # Errors
    /// `NOMEM` when not all of it is mapped, `ACCES` when a mapping cannot become writable.
    pub fn protect(
        &mut self,
        range: Range,
        protection: Protection,
        actions: &mut Actions,
    ) -> Result<(), Errno> {
        let writable = protection.allows(Protection::WRITE);
        let parts = self.covering(range)?;
        if writable && parts.iter().any(is_fixed) {
            return Err(Errno::ACCES);
        }
        for part in parts.iter().filter(|part| part.marks.has(Marks::TOUCHED)) {
            let mut changed = *part;
            changed.set_protection(protection);
            if let Some(range) = part.range() {
                actions.push(Action::protect(range, changed.page_rights()));
            }
        }
        self.regions
            .change(range, |region| region.set_protection(protection))
    }

    /// The range that mprotect means with `PROT_GROWSDOWN`: from the start of a growing region.
    ///
    /// # Errors
    /// `INVAL` when the range is in none, `NOMEM` when nothing is there.
    pub fn down_to_start(&self, range: Range) -> Result<Range, Errno> {
        let region = self.regions.find(range.start()).ok_or(Errno::NOMEM)?;
        let start = Some(region).filter(|region| region.marks.has(Marks::GROWS));
        let start = start.ok_or(Errno::INVAL)?.start();
        Range::between(start, range.end()).ok_or(Errno::INVAL)
    }
}

/// Whether a program may never write to a region: pages of a file or of the kernel as they are.
fn is_fixed(region: &Region) -> bool {
    match region.backing {
        Backing::File(part) => part.shared,
        Backing::Kernel => true,
        Backing::Zero | Backing::Shared => false,
    }
}
