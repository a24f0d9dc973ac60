//! The record of every page frame: what it is used for, and how often it is mapped.
//!
//! ```text
//! Kernel, Archive, Clock   for ever
//! Free -> Table            page tables; `used` counts entries that are not empty, none of which lies before
//!                          `first`, and `others` the spaces that share a leaf table with the first one
//! Free -> Service          a page of one instance
//! Free -> Program          mapped by `mappings` leaf entries of programs' tables; freed at 0
//! Free -> Kept             in a kept area, and lent to `mappings` leaf entries of programs;
//!                          becomes Program when the area lets it go while it is lent
//! Table -> Dying           the root of a space that is being freed
//! ```

use abi::CallError;
use abi::call::Protection;
use alloc::boxed::Box;
use alloc::vec;

use crate::machine::Frame;

/// What a frame is used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// Not the allocator's: the kernel, holes, devices.
    Kernel,
    Free {
        next: Link,
    },
    Table {
        used: u16,
        first: u16,
        others: u16,
    },
    Dying {
        next: Link,
        whose: Purpose,
    },
    Service,
    Program {
        mappings: u32,
    },
    Kept {
        mappings: u32,
    },
    Archive,
    Clock,
}

/// A frame or none. Frame 0 holds the machine's own tables and is never managed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Link(u32);

impl State {
    /// An empty table of one space.
    pub(super) const TABLE: State = State::Table {
        used: 0,
        first: u16::MAX,
        others: 0,
    };
}

impl Link {
    pub(super) const NONE: Link = Link(0);

    pub(super) const fn to(frame: Frame) -> Link {
        Link(frame.0)
    }

    pub(super) const fn frame(self) -> Option<Frame> {
        if self.0 == 0 {
            None
        } else {
            Some(Frame(self.0))
        }
    }
}

/// On whose behalf frames are taken. Programs may not touch the reserve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    Program,
    Service,
}

/// The entries of a page table that are not empty: how many, and an index before which none is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Used {
    pub(super) count: u16,
    pub(super) first: u16,
}

/// How many frames there are of each kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) managed: u64,
    pub(super) free: u64,
    pub(super) tables: u64,
    pub(super) services: u64,
    pub(super) programs: u64,
    pub(super) archive: u64,
}

/// All frames of the machine.
pub(super) struct FrameTable {
    records: Box<[State]>,
    free: Link,
    counts: Counts,
    reserve: u64,
    /// Free frames that are promised to spaces that share a table: each may need its own.
    owed: u64,
    /// A program was refused memory, and nothing has been freed since.
    starved: bool,
    /// Memory has been freed after a program was refused some.
    relieved: bool,
}

impl FrameTable {
    /// A table for frames below `frames`, all of them the kernel's so far.
    pub(super) fn new(frames: usize) -> FrameTable {
        FrameTable {
            records: vec![State::Kernel; frames].into_boxed_slice(),
            free: Link::NONE,
            counts: Counts::default(),
            reserve: 0,
            owed: 0,
            starved: false,
            relieved: false,
        }
    }

    /// Gives frames `first..end` to the allocator.
    pub(super) fn add(&mut self, first: u32, end: u32) {
        let end = end.min(u32::try_from(self.records.len()).unwrap_or(u32::MAX));
        // Downwards, so that the list hands them out upwards.
        for number in (first.max(1)..end).rev() {
            if self.records[number as usize] == State::Kernel {
                self.counts.managed += 1;
                self.put_free(Frame(number));
            }
        }
        // A sixteenth, at most 8 MiB: what the services of the smallest system need to restart.
        self.reserve = (self.counts.managed / 16).min(2048);
    }

    /// Marks a frame that nobody ever frees.
    pub(super) fn mark(&mut self, frame: Frame, state: State) {
        self.records[frame.0 as usize] = state;
        self.counts.archive += u64::from(state == State::Archive);
    }

    pub(super) fn counts(&self) -> Counts {
        self.counts
    }

    /// Free frames that programs cannot have.
    pub(super) fn reserve(&self) -> u64 {
        self.kept_from_programs().min(self.counts.free)
    }

    pub(super) fn state(&self, frame: Frame) -> State {
        self.records[frame.0 as usize]
    }

    /// Whether programs were refused memory and some has been freed since; forgets it.
    pub(super) fn take_relief(&mut self) -> bool {
        core::mem::take(&mut self.relieved)
    }

    /// Takes a free frame, whose content is whatever it was.
    pub(super) fn allocate(&mut self, purpose: Purpose, state: State) -> Result<Frame, CallError> {
        self.check_free(purpose)?;
        self.take_free(state)
    }

    /// Refuses when only frames are free that are kept for others.
    fn check_free(&mut self, purpose: Purpose) -> Result<(), CallError> {
        let kept = match purpose {
            Purpose::Program => self.kept_from_programs(),
            Purpose::Service => self.owed,
        };
        if self.counts.free > kept {
            return Ok(());
        }
        self.starved |= purpose == Purpose::Program;
        Err(CallError::NoMemory)
    }

    /// Frames that programs cannot have, free or not: those that only services may use, and those that are
    /// owed.
    const fn kept_from_programs(&self) -> u64 {
        self.reserve + self.owed
    }

    fn take_free(&mut self, state: State) -> Result<Frame, CallError> {
        let frame = self.free.frame().ok_or(CallError::NoMemory)?;
        if let State::Free { next } = self.state(frame) {
            self.free = next;
        }
        self.counts.free -= 1;
        self.records[frame.0 as usize] = state;
        *self.counter(state) += 1;
        Ok(frame)
    }

    /// Frees a page table, a service's page or the root of a space.
    pub(super) fn free(&mut self, frame: Frame) {
        let state = self.state(frame);
        *self.counter(state) -= 1;
        self.put_free(frame);
    }

    /// Counts one more mapping by a program.
    pub(super) fn share(&mut self, frame: Frame) {
        match &mut self.records[frame.0 as usize] {
            State::Program { mappings } | State::Kept { mappings } => *mappings += 1,
            _ => {}
        }
    }

    /// Counts one mapping less by a program, and frees the frame if nobody has it any more.
    pub(super) fn unshare(&mut self, frame: Frame) {
        match &mut self.records[frame.0 as usize] {
            State::Program { mappings: 1 } => self.free(frame),
            State::Program { mappings } | State::Kept { mappings } => *mappings -= 1,
            _ => {}
        }
    }

    /// An instance lets a page of its own go.
    pub(super) fn let_go(&mut self, frame: Frame) {
        match self.state(frame) {
            State::Service | State::Kept { mappings: 0 } => self.free(frame),
            State::Kept { mappings } => {
                self.counts.services -= 1;
                self.counts.programs += 1;
                self.records[frame.0 as usize] = State::Program { mappings };
            }
            _ => {}
        }
    }

    /// Whether exactly one program has this page, if no other has its table: it may write to it then.
    pub(super) fn is_private(&self, frame: Frame) -> bool {
        self.state(frame) == State::Program { mappings: 1 }
    }

    /// Whether a program with these rights may write to this page where it is, if no other has its table:
    /// nobody else has it, or those who have it are meant to share it.
    pub(super) fn is_writable_in_place(&self, frame: Frame, protection: Protection) -> bool {
        match self.state(frame) {
            State::Program { mappings } => mappings == 1 || protection.allows(Protection::SHARED),
            _ => false,
        }
    }

    /// Entries of a page table that are not empty.
    pub(super) fn used(&self, table: Frame) -> Used {
        match self.state(table) {
            State::Table { used, first, .. } => Used { count: used, first },
            _ => Used::default(),
        }
    }

    /// Counts new entries of a page table, of which the first has this index.
    pub(super) fn add_used(&mut self, table: Frame, entries: u16, at: usize) {
        if let State::Table { used, first, .. } = &mut self.records[table.0 as usize] {
            *used += entries;
            *first = u16::try_from(at).map_or(*first, |at| at.min(*first));
        }
    }

    /// Counts an entry of a page table less.
    pub(super) fn remove_used(&mut self, table: Frame) {
        if let State::Table { used, .. } = &mut self.records[table.0 as usize] {
            *used -= 1;
        }
    }

    /// Counts one more space that shares a leaf table, and promises it a frame for a table of its own.
    pub(super) fn share_table(&mut self, table: Frame) -> Result<(), CallError> {
        self.check_free(Purpose::Program)?;
        match &mut self.records[table.0 as usize] {
            State::Table { others, .. } if *others < u16::MAX => *others += 1,
            _ => return Err(CallError::NoMemory),
        }
        self.owed += 1;
        Ok(())
    }

    /// Whether several spaces have a table.
    pub(super) fn is_shared_table(&self, table: Frame) -> bool {
        matches!(self.state(table), State::Table { others: 1.., .. })
    }

    /// A space lets a table go that others have as well, and the frame promised to it. Whether it could.
    pub(super) fn leave_table(&mut self, table: Frame) -> bool {
        match &mut self.records[table.0 as usize] {
            State::Table { others, .. } if *others > 0 => {
                *others -= 1;
                self.owed -= 1;
                self.relieve();
                true
            }
            _ => false,
        }
    }

    /// Takes the frame that was promised to a space for its own copy of a shared table; none if nobody
    /// else has the table any more.
    pub(super) fn take_owed(&mut self, table: Frame) -> Result<Option<Frame>, CallError> {
        let State::Table {
            used,
            first,
            others: 1..,
        } = self.state(table)
        else {
            return Ok(None);
        };
        let own = self.take_free(State::Table {
            used,
            first,
            others: 0,
        })?;
        self.leave_table(table);
        Ok(Some(own))
    }

    /// Turns the root of a space into a member of the list of those to be freed.
    pub(super) fn set_dying(&mut self, root: Frame, next: Link, whose: Purpose) {
        self.records[root.0 as usize] = State::Dying { next, whose };
    }

    fn put_free(&mut self, frame: Frame) {
        self.records[frame.0 as usize] = State::Free { next: self.free };
        self.free = Link::to(frame);
        self.counts.free += 1;
        self.relieve();
    }

    /// Notes when a program that was refused memory could have some.
    fn relieve(&mut self) {
        if self.starved && self.counts.free > self.kept_from_programs() {
            self.starved = false;
            self.relieved = true;
        }
    }

    fn counter(&mut self, state: State) -> &mut u64 {
        match state {
            State::Table { .. } | State::Dying { .. } => &mut self.counts.tables,
            // The clock page is nobody else's; the kernel's own frames are never handed out.
            State::Service | State::Kept { .. } | State::Clock | State::Kernel => {
                &mut self.counts.services
            }
            State::Program { .. } => &mut self.counts.programs,
            State::Archive => &mut self.counts.archive,
            State::Free { .. } => &mut self.counts.free,
        }
    }
}
