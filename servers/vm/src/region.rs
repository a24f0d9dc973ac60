//! A region: pages of a program that are alike.

use crate::range::Range;
use abi::call::Protection;
use abi::layout::PAGE_SIZE;
use minicbor::{Decode, Encode};
use shape::Shape;

/// Where the content of a region's pages comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Shape)]
pub enum Backing {
    /// Zeroes, at the first touch.
    #[n(0)]
    Zero,
    /// Zeroes, shared with the children: every page has been there since the mapping.
    #[n(1)]
    Shared,
    /// A file.
    #[n(2)]
    File(#[n(0)] FilePart),
    /// The clock page or the vDSO: the kernel's pages, always there.
    #[n(3)]
    Kernel,
}

/// The part of a file that a region shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Shape)]
pub struct FilePart {
    /// The file, by vm's number.
    #[n(0)]
    pub file: u32,
    /// The offset of the region's first byte in it, a multiple of the page size.
    #[n(1)]
    pub offset: u64,
    /// Bytes of the file from this offset on are not shown; what the page holds there is zero.
    #[n(2)]
    pub limit: u64,
    /// Whether the pages are the file's own, never copied.
    #[n(3)]
    pub shared: bool,
}

/// What a region is to the program; part of /proc/PID/maps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Shape)]
#[cbor(index_only)]
pub enum Role {
    /// A segment or a mapping.
    #[n(0)]
    Mapping,
    /// What brk moves the end of.
    #[n(1)]
    Heap,
    /// The stack of the first thread.
    #[n(2)]
    Stack,
    /// The clock page.
    #[n(3)]
    Clock,
    /// The vDSO.
    #[n(4)]
    Vdso,
}

/// Yes-or-no properties of a region.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, Shape)]
#[cbor(transparent)]
pub struct Marks(#[n(0)] u32);

impl Marks {
    /// mlock.
    pub const LOCKED: Marks = Marks(1);
    /// `MADV_DONTFORK`: a child does not get it.
    pub const NOT_INHERITED: Marks = Marks(2);
    /// `MADV_WIPEONFORK`: a child gets it empty.
    pub const WIPED_ON_FORK: Marks = Marks(4);
    /// `MAP_NORESERVE`: its pages are not promised.
    pub const NOT_PROMISED: Marks = Marks(8);
    /// It had rights once, so there may be pages in it.
    pub const TOUCHED: Marks = Marks(16);
    /// It grows downwards when the program touches what lies below.
    pub const GROWS: Marks = Marks(32);

    /// All marks of both.
    #[must_use]
    pub const fn with(self, other: Marks) -> Marks {
        Marks(self.0 | other.0)
    }

    /// The marks that the other does not have.
    #[must_use]
    pub const fn without(self, other: Marks) -> Marks {
        Marks(self.0 & !other.0)
    }

    /// Whether all marks of the other are set.
    #[must_use]
    pub const fn has(self, other: Marks) -> bool {
        self.0 & other.0 == other.0
    }
}

/// Pages of a program that are alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Shape)]
pub struct Region {
    /// The first address.
    #[n(0)]
    start: u64,
    /// The address behind the last one.
    #[n(1)]
    end: u64,
    /// Bits of [`Protection`].
    #[n(2)]
    rights: u64,
    /// Where its content comes from.
    #[n(3)]
    pub backing: Backing,
    /// What it is to the program.
    #[n(4)]
    pub role: Role,
    /// Its properties.
    #[n(5)]
    pub marks: Marks,
}

impl Region {
    /// A region.
    #[must_use]
    pub fn new(range: Range, protection: Protection, backing: Backing, role: Role) -> Region {
        let mut region = Region {
            start: range.start(),
            end: range.end(),
            rights: 0,
            backing,
            role,
            marks: Marks::default(),
        };
        region.set_protection(protection);
        region
    }

    /// The same region with more marks.
    #[must_use]
    pub fn marked(mut self, marks: Marks) -> Region {
        self.marks = self.marks.with(marks);
        self
    }

    /// Its first address.
    #[must_use]
    pub const fn start(&self) -> u64 {
        self.start
    }

    /// The address behind its last one.
    #[must_use]
    pub const fn end(&self) -> u64 {
        self.end
    }

    /// Its pages; `None` when it does not make sense, as after an import of nonsense.
    #[must_use]
    pub fn range(&self) -> Option<Range> {
        Range::between(self.start, self.end)
    }

    /// How many pages it has.
    #[must_use]
    pub const fn pages(&self) -> u64 {
        self.end.saturating_sub(self.start) / PAGE_SIZE
    }

    /// What the program may do with it.
    #[must_use]
    pub const fn protection(&self) -> Protection {
        Protection(self.rights)
    }

    /// Sets what the program may do with it.
    pub fn set_protection(&mut self, protection: Protection) {
        self.rights = protection.0 & 7;
        if self.rights != 0 {
            self.marks = self.marks.with(Marks::TOUCHED);
        }
    }

    /// What its pages are mapped with, as the kernel is told.
    #[must_use]
    pub fn page_rights(&self) -> u64 {
        match self.backing {
            Backing::Shared => self.rights | Protection::SHARED.0,
            _ => self.rights,
        }
    }

    /// Whether the program may write to pages of its own, which it has been promised then.
    #[must_use]
    pub fn is_promised(&self) -> bool {
        let own = match self.backing {
            Backing::Zero => self.protection().allows(Protection::WRITE),
            Backing::File(part) => !part.shared && self.protection().allows(Protection::WRITE),
            Backing::Shared => true,
            Backing::Kernel => false,
        };
        own && !self.marks.has(Marks::NOT_PROMISED)
    }

    /// Whether a child may find pages in it that it shares with its parent.
    #[must_use]
    pub fn is_cloned(&self) -> bool {
        self.marks.has(Marks::TOUCHED) && !self.marks.has(Marks::WIPED_ON_FORK)
    }

    /// The part of it that lies in a range.
    #[must_use]
    pub fn part(&self, range: Range) -> Option<Region> {
        let common = self.range()?.common(range)?;
        let skipped = common.start() - self.start;
        let mut part = *self;
        (part.start, part.end) = (common.start(), common.end());
        if let Backing::File(file) = &mut part.backing {
            file.offset = file.offset.saturating_add(skipped);
        }
        Some(part)
    }

    /// Whether `next` goes on where and as this one ends.
    #[must_use]
    pub fn is_continued_by(&self, next: &Region) -> bool {
        let length = self.end - self.start;
        let backing = match self.backing {
            Backing::File(file) => Backing::File(FilePart {
                offset: file.offset.saturating_add(length),
                ..file
            }),
            other => other,
        };
        self.end == next.start
            && (self.rights, self.role, self.marks) == (next.rights, next.role, next.marks)
            && backing == next.backing
    }

    /// This region and the one that continues it.
    #[must_use]
    pub fn joined(&self, next: &Region) -> Region {
        Region {
            end: next.end,
            ..*self
        }
    }

    /// The same content at another address and length. What is added at the end of a file's part
    /// shows more of the file.
    #[must_use]
    pub fn moved(&self, to: Range) -> Region {
        Region {
            start: to.start(),
            end: to.end(),
            ..*self
        }
    }

    /// The region with its start lowered to `start`.
    #[must_use]
    pub fn grown_to(&self, start: u64) -> Region {
        Region {
            start: start.min(self.start),
            ..*self
        }
    }

    /// The file it shows.
    #[must_use]
    pub fn file(&self) -> Option<u32> {
        match self.backing {
            Backing::File(part) => Some(part.file),
            _ => None,
        }
    }
}
