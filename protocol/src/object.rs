//! Open file descriptions, at the server of the object: files, directories, pipes, terminals,
//! devices. The description (position, flags, count of references) lives there; vfs holds only the
//! handle. vfs forwards most of these, so their result goes straight to the program.
//!
//! After a crash: read, write and the other calls on a descriptor answer what the request was ended
//! with (`EFAULT` after two crashes, `EIO` when the server is down); poll and select find `POLLERR`.
//! What is open at a server that was started fresh answers `ESTALE`.

use crate::{Handle, Question, Repeatable, answer, protocol, word_enum};
use abi::Message;

word_enum! {
    /// What a seek counts from.
    pub enum Whence {
        /// The start.
        Set = 0,
        /// The position.
        Current = 1,
        /// The end.
        End = 2,
        /// The next data at or after the offset.
        Data = 3,
        /// The next hole at or after the offset.
        Hole = 4,
    }
}

answer! {
    /// The answer to [`Poll`].
    pub struct Ready {
        /// Poll bits that are set now (asked for, or error and hang-up).
        pub events: u32,
    }
}

/// Where the position is: the [`Seek`] that moves nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// The description.
    pub handle: Handle,
}

impl Question for Position {
    type Answer = u64;

    fn message(&self) -> Message {
        let seek = Seek {
            handle: self.handle,
            offset: 0,
            whence: Whence::Current,
        };
        seek.message()
    }
}

impl Repeatable for Position {}

protocol! {
    number 2, version 1;

    /// Adds `count` references to a description.
    Duplicate = 1 { handle: Handle, count: u32 } -> ();
    /// Drops a reference; the last one closes the description.
    Close = 2 { handle: Handle } -> ();
    /// Reads from the position into lease 0. Blocks unless the description is non-blocking.
    Read = 3 { handle: Handle, count: u64 } -> u64;
    /// Writes lease 0 at the position.
    Write = 4 { handle: Handle, count: u64 } -> u64;
    /// Reads at an offset into lease 0.
    ReadAt = 5 { handle: Handle, count: u64, offset: u64 } -> u64, repeatable;
    /// Writes lease 0 at an offset.
    WriteAt = 6 { handle: Handle, count: u64, offset: u64 } -> u64;
    /// Moves the position.
    Seek = 7 { handle: Handle, offset: i64, whence: Whence } -> u64;
    /// Writes directory entries (`struct linux_dirent64`) from the position into lease 0.
    Entries = 8 { handle: Handle, count: u64 } -> u64;
    /// ioctl; lease 0, if there is one, is the memory at the argument, 128 bytes at most.
    Control = 9 { handle: Handle, request: u32, argument: u64 } -> u64;
    /// Which of the events are there; with `wait` the answer comes when one is.
    Poll = 10 { handle: Handle, events: u32, wait: bool } -> Ready, repeatable;
    /// Writes `struct stat` into lease 0.
    Status = 11 { handle: Handle } -> (), repeatable;
    /// Sets the length of a file.
    Truncate = 12 { handle: Handle, length: u64 } -> ();
    /// Sets the permission bits.
    SetMode = 13 { handle: Handle, mode: u32 } -> ();
    /// Sets the owner; all ones leaves it.
    SetOwner = 14 { handle: Handle, user: u32, group: u32 } -> ();
    /// Sets access and modification time in ns since 1970, as `Times` says (see `files::times`).
    SetTimes = 15 { handle: Handle, access: u64, modification: u64 } -> ();
    /// Writes `struct statfs` into lease 0.
    FileSystemStatus = 16 { handle: Handle } -> (), repeatable;
    /// The status flags (O_APPEND, O_NONBLOCK, access mode).
    GetFlags = 17 { handle: Handle } -> u64, repeatable;
    /// Sets O_APPEND and O_NONBLOCK.
    SetFlags = 18 { handle: Handle, flags: u32 } -> ();
    /// Everything written so far is kept across a crash of the machine, as far as there is a disk.
    Synchronise = 19 { handle: Handle } -> ();
    /// A page fault forwarded by vm: answered by the kernel call `ReplyPages` with the page `wanted`
    /// of the `pages` from `offset` on (a multiple of the page size), and with as many of those around
    /// it as lie together with it. The bytes of a page behind the end of the file are zero; `NXIO`
    /// when all of it lies behind the end.
    Page = 20 { handle: Handle, offset: u64, pages: u32, wanted: u32 } -> ();
    /// The length and mode of an object, for servers.
    Describe = 21 { handle: Handle } -> Description, repeatable;
    /// Writes `struct statx` into lease 0.
    ExtendedStatus = 22 { handle: Handle, mask: u32 } -> (), repeatable;
    /// Which of the events are there, of `count` descriptions at once: an [`Asked`] for each is in
    /// lease 0, and what is there goes into lease 1, 4 bytes for each; POLLERR for one that is none.
    PollAll = 23 { count: u32 } -> (), repeatable;
}

/// What [`PollAll`] asks of one description.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The description.
    pub handle: Handle,
    /// Poll bits.
    pub events: u32,
}

impl Asked {
    /// Bytes of one in a lease.
    pub const BYTES: usize = 8;

    /// As it is in a lease.
    #[must_use]
    pub fn to_bytes(self) -> [u8; Self::BYTES] {
        let word = u64::from(self.handle.0) | u64::from(self.events) << 32;
        word.to_le_bytes()
    }

    /// What is in a lease.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; Self::BYTES]) -> Asked {
        let word = u64::from_le_bytes(bytes);
        Asked {
            handle: Handle(abi::word::low_32(word)),
            events: abi::word::low_32(word >> 32),
        }
    }
}

answer! {
    /// The answer to [`Describe`].
    pub struct Description {
        /// Bytes.
        pub length: u64,
        /// Type and permission bits (S_IFMT and below).
        pub mode: u32,
        /// The owner.
        pub user: u32,
        /// The group.
        pub group: u32,
        /// The inode's number.
        pub node: u64,
        /// For a device its number as Linux packs it.
        pub device: u64,
    }
}
