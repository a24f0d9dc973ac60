//! madvise.

use super::Space;
use crate::action::{Action, Actions};
use crate::range::Range;
use crate::region::{Backing, Marks, Region};
use abi::Errno;

/// Advice that is more than a hint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Advice {
    /// `MADV_DONTNEED`: the content may go, what is read next is fresh.
    Drop,
    /// `MADV_FREE`: the same, for memory of no file only.
    Free,
    /// `MADV_POPULATE_READ` and `MADV_POPULATE_WRITE`: the pages come.
    Populate,
    /// `MADV_DONTFORK` and `MADV_DOFORK`: whether a child gets it.
    Inherited(bool),
    /// `MADV_WIPEONFORK` and `MADV_KEEPONFORK`: whether a child gets it empty.
    Wiped(bool),
    /// What changes nothing that a program can see.
    Hint,
}

impl Space {
    /// Follows advice.
    ///
    /// # Errors
    /// `INVAL` when it cannot be followed for these mappings, `NOMEM` when not all of the range is
    /// mapped.
    pub fn advise(
        &mut self,
        range: Range,
        advice: Advice,
        actions: &mut Actions,
    ) -> Result<(), Errno> {
        match advice {
            Advice::Hint => self.covering(range).map(drop),
            Advice::Populate => self.populate(range, actions),
            Advice::Drop | Advice::Free => self.drop_pages(range, advice, actions),
            Advice::Inherited(inherited) => {
                self.mark(range, Marks::NOT_INHERITED, !inherited, |r| {
                    r.backing != Backing::Kernel
                })
            }
            Advice::Wiped(wiped) => self.mark(range, Marks::WIPED_ON_FORK, wiped, |r| {
                !wiped || r.backing == Backing::Zero
            }),
        }
    }

    fn drop_pages(&self, range: Range, advice: Advice, actions: &mut Actions) -> Result<(), Errno> {
        let droppable = |part: &Region| match part.backing {
            Backing::Kernel => false,
            Backing::Zero => !part.marks.has(Marks::LOCKED),
            Backing::Shared | Backing::File(_) => {
                advice == Advice::Drop && !part.marks.has(Marks::LOCKED)
            }
        };
        if !self.covering(range)?.iter().all(droppable) {
            return Err(Errno::INVAL);
        }
        // The pages of shared memory are kept by what is shared, not by this program.
        let own = self
            .regions
            .within(range)
            .filter(|part| part.marks.has(Marks::TOUCHED) && part.backing != Backing::Shared);
        actions.extend(own.filter_map(|part| part.range()).map(Action::unmap));
        Ok(())
    }

    fn mark(
        &mut self,
        range: Range,
        mark: Marks,
        set: bool,
        allowed: impl Fn(&Region) -> bool,
    ) -> Result<(), Errno> {
        if !self.covering(range)?.iter().all(allowed) {
            return Err(Errno::INVAL);
        }
        self.regions.change(range, |region| {
            region.marks = match set {
                true => region.marks.with(mark),
                false => region.marks.without(mark),
            };
        })
    }
}
