//! Paths, at a file system. Every message starts at an open directory and carries the rest of the
//! path in lease 0 (not empty, no terminating zero, at most `PATH_BYTES`). The file system walks as
//! far as it can by itself, checking search permission on the way. Where the path leaves it (a
//! mount, `..` above its root, an absolute link) or meets a symbolic link to follow, it answers
//! where it stopped; vfs goes on from there. So a message is answered *done* or *onward*.
//!
//! A path starts with a name, never with a slash; `.` stands for the start itself, which is never
//! taken as covered. Slashes at the end say that the last name is a directory's: a symbolic link
//! there is followed by every message about what the path names.
//!
//! A message about what a path names (opening, status, attributes) crosses a mount at the last name,
//! too: it answers `Mount` with the whole path consumed. A message about the name itself (making,
//! removing, [`OpenParent`]) does neither: a covered directory is `EXIST` or `BUSY`, a link with
//! slashes `EXIST` or `NOTDIR`. Names handed over with [`Link`] and [`Rename`] have no slashes and
//! are not `.` or `..`.
//!
//! After a crash: the call with the path answers what the question was ended with (`EFAULT` after two
//! crashes, `EIO` when the file system is down). What it had changed by then may have been done.

use crate::{Handle, answer, protocol, word_enum};

word_enum! {
    /// How far a message came.
    pub enum Walk {
        /// Done: the other words are the result.
        Done = 0,
        /// At a symbolic link that has to be followed: its text is had with [`ReadLink`] of the
        /// first `consumed` bytes.
        Link = 1,
        /// At a directory another file system is mounted on: go on there with the rest.
        Mount = 2,
        /// At `..` of the root of this file system: go on above the mount with the rest (`consumed`
        /// counts the `..`).
        Above = 3,
    }
}

answer! {
    /// The answer to [`Open`]: `walk` and, when done, the description opened.
    pub struct Opened {
        /// How far.
        pub walk: Walk,
        /// Bytes of the path consumed when not done.
        pub consumed: u32,
        /// The description; for a mount the number of the mount given with [`Cover`].
        pub handle: Handle,
        /// Type and permission bits.
        pub mode: u32,
        /// For a device its number as Linux packs it, for everything else its inode.
        pub device: u64,
        /// Bytes.
        pub length: u64,
    }
}

answer! {
    /// The answer to a message whose result is nothing more than done.
    pub struct Walked {
        /// How far.
        pub walk: Walk,
        /// Bytes of the path consumed when not done.
        pub consumed: u32,
        /// For a mount the number given with [`Cover`].
        pub mount: u32,
    }
}

/// Values of the time fields besides nanoseconds since 1970.
pub mod times {
    /// The present.
    pub const NOW: u64 = u64::MAX;
    /// As it is.
    pub const OMIT: u64 = u64::MAX - 1;
}

protocol! {
    number 3, version 1;

    /// Opens the root directory as a search-only description.
    Root = 1 {} -> Opened;
    /// Opens a path with Linux's open flags (O_CREAT, O_EXCL, O_TRUNC, O_DIRECTORY, O_NOFOLLOW,
    /// O_PATH, access mode); `mode` is what a new file gets, umask applied. Devices and FIFOs are
    /// opened as O_PATH once the permissions that the flags need have been checked; so is a
    /// symbolic link with O_PATH and O_NOFOLLOW, which without O_PATH is `LOOP`.
    Open = 2 { start: Handle, flags: u32, mode: u32 } -> Opened;
    /// Writes `struct stat` of a path into lease 1; with `follow` a last symbolic link is followed.
    Status = 3 { start: Handle, follow: bool } -> Walked, repeatable;
    /// Writes `struct statx` of a path into lease 1.
    ExtendedStatus = 4 { start: Handle, follow: bool, mask: u32 } -> Walked, repeatable;
    /// Checks permission for the caller (bits of access(2)).
    Access = 5 { start: Handle, follow: bool, wanted: u32 } -> Walked, repeatable;
    /// Writes the text of a symbolic link into lease 1. The answer's `mount` is its length, cut to
    /// the lease.
    ReadLink = 6 { start: Handle } -> Walked, repeatable;
    /// Makes a directory.
    MakeDirectory = 7 { start: Handle, mode: u32 } -> Walked;
    /// Makes a FIFO, device node or empty file: `mode` with its type bits.
    MakeNode = 8 { start: Handle, mode: u32, device: u64 } -> Walked;
    /// Makes a symbolic link whose text is lease 1.
    MakeLink = 9 { start: Handle } -> Walked;
    /// Removes a name: a directory when `directory`, else anything but a directory.
    Remove = 10 { start: Handle, directory: bool } -> Walked;
    /// Opens the directory that holds the last name of the path, for [`Link`] and [`Rename`]; the
    /// last name starts at `consumed` when done and need not exist. A last name `.` or `..` is `BUSY`.
    OpenParent = 11 { start: Handle } -> Opened;
    /// Gives the object opened as `object` the further name in lease 0 within a directory.
    Link = 12 { object: Handle, directory: Handle } -> ();
    /// Moves the name in lease 0 of one directory to the name in lease 1 of another; `flags` as
    /// renameat2.
    Rename = 13 { from: Handle, to: Handle, flags: u32 } -> ();
    /// Sets permission bits.
    SetMode = 14 { start: Handle, follow: bool, mode: u32 } -> Walked;
    /// Sets the owner; all ones leaves it.
    SetOwner = 15 { start: Handle, follow: bool, user: u32, group: u32 } -> Walked;
    /// Sets times, see [`times`].
    SetTimes = 16 { start: Handle, follow: bool, access: u64, modification: u64 } -> Walked;
    /// Sets a file's length.
    Truncate = 17 { start: Handle, length: u64 } -> Walked;
    /// Writes `struct statfs` into lease 1.
    FileSystemStatus = 18 { start: Handle } -> Walked, repeatable;
    /// Marks the directory opened as `directory` as covered by mount number `mount` (0 uncovers).
    Cover = 19 { directory: Handle, mount: u32 } -> ();
    /// Writes the absolute path, within this file system, of an open directory into lease 0.
    /// The answer is its length; `NOENT` when it has been removed.
    PathOf = 20 { directory: Handle } -> u64, repeatable;
    /// Everything written so far is on the disk, as far as there is one.
    Synchronise = 21 {} -> (), repeatable;
}
