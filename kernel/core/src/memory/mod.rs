//! Memory: frames, programs' address spaces, and the memory of services' instances.
//!
//! All tables are made once, at boot. Every operation is bounded; one that runs out of memory
//! leaves nothing half done, or only what doing it again completes. Freeing
//! needs no memory but what is kept for it.

mod copy;
mod entry;
mod frames;
mod instance;
mod kept;
mod load;
pub mod plain;
mod sharing;
mod space;
#[cfg(test)]
mod tests;
mod tree;
mod vdso;
mod view;

use abi::CallError;
use abi::call::MemoryStatistics;
use abi::layout::{PAGE_SIZE, SERVICE_ARCHIVE, TOP_LEVEL_SPAN};
use abi::limits::{PAGES_PER_CALL, processes};

pub use copy::{Missing, Place, TransferFault};
pub use entry::UserPages;
pub use instance::{ImageSource, InstanceHandle, InstanceLayout};
pub use sharing::Sharing;
pub use space::SpaceHandle;
pub use view::ViewHandle;

use crate::machine::{Frame, Machine};
use entry::Entry;
use frames::{FrameTable, Link, Purpose, State};
use instance::Instances;
use space::Spaces;
use tree::{Tree, new_root};
use vdso::Vdso;
use view::Views;

/// Free pages for programs, fewer than which might not do for a call and its page tables.
const FEW: u64 = 2 * PAGES_PER_CALL;

/// Frames `first..end`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FrameRange {
    /// The first.
    pub first: u32,
    /// The one behind the last.
    pub end: u32,
}

/// What the machine says about its memory at the start.
#[derive(Clone, Copy, Debug)]
pub struct BootMemory<'a> {
    /// Frames below this exist or are holes; a record is kept of each.
    pub frames: u32,
    /// Frames that are free. Frame 0 is never used, nor are those of the archive.
    pub usable: &'a [FrameRange],
    /// Where the boot archive starts.
    pub archive: Frame,
    /// Its bytes. The rest of its last page holds zeroes.
    pub archive_bytes: u64,
}

/// The boot archive in physical memory.
#[derive(Clone, Copy, Debug)]
struct Archive {
    first: Frame,
    bytes: u64,
    /// The top-level entry of services that see the archive: one tree, shared by all.
    top: Entry,
}

impl Archive {
    /// The frame at a byte offset.
    fn frame(self, offset: u64) -> Option<Frame> {
        let page = u32::try_from(offset / PAGE_SIZE).ok()?;
        (offset < self.bytes).then(|| Frame(self.first.0 + page))
    }
}

/// All memory of the machine.
pub struct Memory {
    frames: FrameTable,
    spaces: Spaces,
    instances: Instances,
    views: Views,
    archive: Archive,
    vdso: Vdso,
    /// Roots of spaces that are being freed.
    dying: Link,
}

impl Memory {
    /// Makes the tables. Frames that the tables themselves lie in must not be in `usable`.
    ///
    /// # Errors
    /// `NoMemory` if not even the kernel's own pages are there.
    pub fn new<M: Machine>(machine: &mut M, boot: &BootMemory<'_>) -> Result<Memory, CallError> {
        let mut frames = FrameTable::new(boot.frames as usize);
        let archive_pages = u32::try_from(boot.archive_bytes.div_ceil(PAGE_SIZE))
            .ok()
            .filter(|pages| {
                boot.archive
                    .0
                    .checked_add(*pages)
                    .is_some_and(|e| e <= boot.frames)
            })
            .ok_or(CallError::BadArgument)?;
        for page in 0..archive_pages {
            frames.mark(Frame(boot.archive.0 + page), State::Archive);
        }
        for range in boot.usable {
            frames.add(range.first, range.end);
        }
        let clock = frames.allocate(Purpose::Service, State::Clock)?;
        machine.zero(clock);
        let mut archive = Archive {
            first: boot.archive,
            bytes: boot.archive_bytes,
            top: Entry::EMPTY,
        };
        archive.top = archive_tree(&mut frames, machine, archive, archive_pages)?;
        Ok(Memory {
            frames,
            spaces: Spaces::new(processes(boot.frames as usize) + 64),
            instances: Instances::new(),
            views: Views::new(),
            archive,
            vdso: Vdso {
                clock,
                first: clock,
                pages: 0,
            },
            dying: Link::NONE,
        })
    }

    /// Gives more frames to the allocator: what was left when the tables had been made.
    pub fn add(&mut self, range: FrameRange) {
        self.frames.add(range.first, range.end);
    }

    /// Bytes of the boot archive.
    #[must_use]
    pub fn archive_bytes(&self) -> u64 {
        self.archive.bytes
    }

    /// How many frames are used for what.
    #[must_use]
    pub fn statistics(&self) -> MemoryStatistics {
        let counts = self.frames.counts();
        MemoryStatistics {
            total: counts.managed + counts.archive,
            free: counts.free,
            reserved: self.frames.reserve(),
            page_tables: counts.tables,
            services: counts.services,
            programs: counts.programs,
            archive: counts.archive,
        }
    }

    /// Whether memory has become free after a program was refused some: told once.
    pub fn take_relief(&mut self) -> bool {
        self.frames.take_relief()
    }

    /// Whether all pages of destroyed spaces have been freed.
    #[must_use]
    pub fn is_swept(&self) -> bool {
        self.dying == Link::NONE
    }

    /// Frees some pages of destroyed spaces, at most `PAGES_PER_CALL`, and answers whether more are
    /// left. To be called when idle, and now and then; whatever needs memory calls it too, when there is
    /// little.
    pub fn reclaim<M: Machine>(&mut self, machine: &mut M) -> bool {
        let mut left = PAGES_PER_CALL;
        while let Some(root) = self.dying.frame() {
            let frames = &mut self.frames;
            let State::Dying { next, whose } = frames.state(root) else {
                break;
            };
            let mut tree = Tree {
                frames,
                machine,
                root,
                purpose: whose,
            };
            let drained = match whose {
                Purpose::Program => tree.drain(left, FrameTable::unshare),
                Purpose::Service => tree.drain(left, FrameTable::let_go),
            };
            match drained {
                Ok(rest) => left = rest,
                Err(tree::Unfinished) => return true,
            }
            self.dying = next;
            self.frames.free(root);
        }
        false
    }

    /// Frees some pages of destroyed spaces if the others might not do for a call.
    fn reclaim_some<M: Machine>(&mut self, machine: &mut M) {
        let left = self.frames.counts().free - self.frames.reserve();
        if self.dying != Link::NONE && left < FEW {
            self.reclaim(machine);
        }
    }

    /// Puts the root of a space that nobody uses any more on the list of those to be freed.
    fn bury<M: Machine>(&mut self, machine: &mut M, root: Frame, whose: Purpose) {
        machine.retire_root(root);
        self.frames.set_dying(root, self.dying, whose);
        self.dying = Link::to(root);
    }

    /// The tree of an instance or view.
    fn service_tree<'a, M: Machine>(&'a mut self, machine: &'a mut M, root: Frame) -> Tree<'a, M> {
        Tree {
            frames: &mut self.frames,
            machine,
            root,
            purpose: Purpose::Service,
        }
    }
}

/// Builds the tables that map the archive, in a tree of their own; answers its top-level entry.
fn archive_tree<M: Machine>(
    frames: &mut FrameTable,
    machine: &mut M,
    archive: Archive,
    pages: u32,
) -> Result<Entry, CallError> {
    if u64::from(pages) * PAGE_SIZE > TOP_LEVEL_SPAN {
        return Err(CallError::BadArgument);
    }
    let root = new_root(frames, machine, Purpose::Service)?;
    let mut tree = Tree {
        frames,
        machine,
        root,
        purpose: Purpose::Service,
    };
    for page in 0..pages {
        let entry = Entry::page(Frame(archive.first.0 + page), abi::call::Protection::READ);
        tree.map(SERVICE_ARCHIVE + u64::from(page) * PAGE_SIZE, entry)?;
    }
    Ok(tree
        .entry(root, entry::index(SERVICE_ARCHIVE, entry::TOP_LEVEL))
        .without_write())
}
