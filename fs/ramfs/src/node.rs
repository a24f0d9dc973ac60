//! What a file is: its attributes and what kind of content it has.

use crate::bytes::Bytes;
use abi::Errno;
use linux::file::mode;
use linux::file::status::Attributes;
use minicbor::{Decode, Encode};
use shape::Shape;

/// Bytes of a page.
pub(crate) const PAGE: u64 = abi::layout::PAGE_SIZE;
/// The device that stat(2) shows for files of the root.
const DEVICE: u64 = 1;

/// An inode's number, never used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode, Shape)]
#[cbor(transparent)]
pub struct NodeId(#[n(0)] pub u64);

impl NodeId {
    /// The root directory.
    pub(crate) const ROOT: NodeId = NodeId(1);
}

/// A name in a directory.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode, Shape)]
#[cbor(transparent)]
pub(crate) struct Name(#[n(0)] pub Bytes);

/// What a name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Shape)]
pub(crate) struct Entry {
    /// The file.
    #[n(0)]
    pub node: NodeId,
    /// Its place in the listing of its directory, never used again there.
    #[n(1)]
    pub cookie: u64,
}

/// Content that lies in the boot archive until it is overwritten, page by page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Shape)]
pub(crate) struct Archived {
    /// Where it starts in the archive, a multiple of the page size.
    #[n(0)]
    pub offset: u64,
    /// Bytes of it that still count; behind them are zeroes.
    #[n(1)]
    pub length: u64,
}

/// What a file holds.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Shape)]
pub(crate) enum Content {
    /// A regular file. Its pages are kept in a table of their own; a page that is in neither
    /// is a hole.
    #[n(0)]
    File {
        /// Bytes.
        #[n(0)]
        length: u64,
        /// What comes from the archive where there is no page.
        #[n(1)]
        archived: Option<Archived>,
    },
    /// A directory.
    #[n(1)]
    Directory {
        /// The directory it is in; the root is in itself.
        #[n(0)]
        parent: NodeId,
        /// Names in it.
        #[n(1)]
        entries: u32,
        /// The cookie of the next name.
        #[n(2)]
        next_cookie: u64,
    },
    /// A symbolic link and its text.
    #[n(2)]
    Link(#[n(0)] Bytes),
    /// A device with its number; a FIFO or socket has none.
    #[n(3)]
    Special(#[n(0)] u64),
}

/// The first cookies belong to `.` and `..`.
pub(crate) const FIRST_COOKIE: u64 = 2;

impl Content {
    /// An empty regular file.
    pub(crate) const EMPTY: Content = Content::File {
        length: 0,
        archived: None,
    };

    /// An empty directory.
    pub(crate) const fn directory(parent: NodeId) -> Content {
        Content::Directory {
            parent,
            entries: 0,
            next_cookie: FIRST_COOKIE,
        }
    }
}

/// A file of any kind. Times are in ns since 1970.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Shape)]
pub(crate) struct Node {
    /// What it holds.
    #[n(0)]
    pub content: Content,
    /// Type and permission bits.
    #[n(1)]
    pub mode: u32,
    /// The owner.
    #[n(2)]
    pub user: u32,
    /// The group.
    #[n(3)]
    pub group: u32,
    /// Names it has; for a directory 2 and one for each directory in it, 0 when it was removed.
    #[n(4)]
    pub links: u32,
    /// Open descriptions of it.
    #[n(5)]
    pub opens: u32,
    /// Last access.
    #[n(6)]
    pub access: u64,
    /// Last change of the content.
    #[n(7)]
    pub modification: u64,
    /// Last change of the attributes.
    #[n(8)]
    pub change: u64,
    /// Its making.
    #[n(9)]
    pub birth: u64,
}

impl Node {
    /// Whether it is a directory.
    pub(crate) const fn is_directory(&self) -> bool {
        matches!(self.content, Content::Directory { .. })
    }

    /// Whether it is a symbolic link.
    pub(crate) const fn is_link(&self) -> bool {
        matches!(self.content, Content::Link(_))
    }

    /// Whether it has neither names nor open descriptions.
    pub(crate) const fn is_unused(&self) -> bool {
        self.links == 0 && self.opens == 0
    }

    /// The length of a regular file.
    ///
    /// # Errors
    /// `ISDIR`, or `INVAL` for what else has no length.
    pub(crate) const fn file_length(&self) -> Result<u64, Errno> {
        match self.content {
            Content::File { length, .. } => Ok(length),
            Content::Directory { .. } => Err(Errno::ISDIR),
            _ => Err(Errno::INVAL),
        }
    }

    /// What `st_size` shows.
    pub(crate) fn size(&self) -> u64 {
        match &self.content {
            Content::File { length, .. } => *length,
            Content::Directory { entries, .. } => (u64::from(*entries) + 2) * 32,
            Content::Link(text) => text.len() as u64,
            Content::Special(_) => 0,
        }
    }

    /// The device that a device node stands for, else 0.
    pub(crate) const fn special(&self) -> u64 {
        match self.content {
            Content::Special(device) => device,
            _ => 0,
        }
    }

    /// Whether it is a device node.
    pub(crate) const fn is_device(&self) -> bool {
        matches!(self.mode & mode::S_IFMT, mode::S_IFCHR | mode::S_IFBLK)
    }

    /// What stat(2) shows of it, when it has so many pages of its own.
    pub(crate) fn attributes(&self, id: NodeId, pages: u64) -> Attributes {
        let archived = match self.content {
            Content::File {
                archived: Some(part),
                ..
            } => part.length,
            _ => 0,
        };
        Attributes {
            device: DEVICE,
            node: id.0,
            mode: self.mode,
            links: self.links,
            user: self.user,
            group: self.group,
            special: self.special(),
            size: self.size(),
            allocated: (pages * PAGE).max(archived.next_multiple_of(PAGE)),
            block: abi::word::low_32(PAGE),
            access: self.access,
            modification: self.modification,
            change: self.change,
            birth: self.birth,
        }
    }
}
