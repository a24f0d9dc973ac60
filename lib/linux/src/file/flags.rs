//! The flags of `open` and of the calls that take paths (open(2), `asm-generic/fcntl.h`).

use abi::Errno;
use linux_raw_sys::general as raw;

pub use raw::{
    AT_EACCESS, AT_EMPTY_PATH, AT_NO_AUTOMOUNT, AT_REMOVEDIR, AT_STATX_SYNC_TYPE,
    AT_SYMLINK_FOLLOW, AT_SYMLINK_NOFOLLOW,
};
pub use raw::{
    O_ACCMODE, O_APPEND, O_CLOEXEC, O_CREAT, O_DIRECT, O_DIRECTORY, O_EXCL, O_LARGEFILE, O_NOATIME,
    O_NOCTTY, O_NOFOLLOW, O_NONBLOCK, O_PATH, O_RDONLY, O_RDWR, O_SYNC, O_TMPFILE, O_TRUNC,
    O_WRONLY,
};

/// Stands for the working directory where a descriptor is expected.
pub const AT_FDCWD: i32 = raw::AT_FDCWD;
/// The bit that tells O_TMPFILE from O_DIRECTORY.
const TEMPORARY_BIT: u32 = O_TMPFILE & !O_DIRECTORY;
/// Status flags that `F_SETFL` can change.
pub const CHANGEABLE: u32 = O_APPEND | O_NONBLOCK;
/// What `F_GETFL` does not show: flags that only matter while opening.
const ONLY_WHILE_OPENING: u32 = O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC | O_CLOEXEC;
/// Every flag Linux knows; others are ignored by open(2).
const KNOWN: u32 = O_ACCMODE
    | O_CREAT
    | O_EXCL
    | O_NOCTTY
    | O_TRUNC
    | O_APPEND
    | O_NONBLOCK
    | O_SYNC
    | O_DIRECT
    | O_LARGEFILE
    | O_DIRECTORY
    | O_NOFOLLOW
    | O_NOATIME
    | O_CLOEXEC
    | O_PATH;

/// Flags of an open that have been checked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OpenFlags(u32);

impl OpenFlags {
    /// Checks what a program passed to open(2). Unknown flags are ignored; with O_PATH all but
    /// O_CLOEXEC, O_DIRECTORY and O_NOFOLLOW are.
    ///
    /// # Errors
    /// `NOTSUP` for O_TMPFILE, `INVAL` for O_CREAT with O_DIRECTORY.
    pub const fn check(flags: u32) -> Result<OpenFlags, Errno> {
        if flags & O_PATH != 0 {
            return Ok(OpenFlags(
                flags & (O_PATH | O_CLOEXEC | O_DIRECTORY | O_NOFOLLOW),
            ));
        }
        if flags & TEMPORARY_BIT != 0 {
            return Err(Errno::NOTSUP);
        }
        if flags & O_CREAT != 0 && flags & O_DIRECTORY != 0 {
            return Err(Errno::INVAL);
        }
        Ok(OpenFlags(flags & KNOWN))
    }

    /// The bits.
    #[must_use]
    pub const fn bits(self) -> u32 {
        self.0
    }

    /// Whether all bits of `flags` are set.
    #[must_use]
    pub const fn has(self, flags: u32) -> bool {
        self.0 & flags == flags
    }

    /// Whether the description only names its object.
    #[must_use]
    pub const fn names_only(self) -> bool {
        self.has(O_PATH)
    }

    /// Whether reading is allowed.
    #[must_use]
    pub const fn reads(self) -> bool {
        reads(self.0)
    }

    /// Whether writing is allowed.
    #[must_use]
    pub const fn writes(self) -> bool {
        writes(self.0)
    }

    /// The permission bits ([`super::mode::READ`] and [`super::mode::WRITE`]) an open needs.
    #[must_use]
    pub const fn needed(self) -> u32 {
        let mut wanted = 0;
        if self.reads() {
            wanted |= super::mode::READ;
        }
        if self.writes() || (self.has(O_TRUNC) && !self.names_only()) {
            wanted |= super::mode::WRITE;
        }
        wanted
    }

    /// What `F_GETFL` answers. O_LARGEFILE is always set on a 64-bit system, except on O_PATH.
    #[must_use]
    pub const fn status(self) -> u32 {
        let shown = self.0 & !ONLY_WHILE_OPENING;
        if self.names_only() {
            shown
        } else {
            shown | O_LARGEFILE
        }
    }
}

/// Whether open flags allow reading.
#[must_use]
pub const fn reads(flags: u32) -> bool {
    flags & O_PATH == 0 && matches!(flags & O_ACCMODE, O_RDONLY | O_RDWR)
}

/// Whether open flags allow writing.
#[must_use]
pub const fn writes(flags: u32) -> bool {
    flags & O_PATH == 0 && matches!(flags & O_ACCMODE, O_WRONLY | O_RDWR)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_description_drops_the_other_flags() {
        let flags = OpenFlags::check(O_PATH | O_RDWR | O_TRUNC | O_CREAT | O_NOFOLLOW).unwrap();
        assert_eq!(flags.bits(), O_PATH | O_NOFOLLOW);
        assert!(!flags.reads() && !flags.writes());
        assert_eq!(flags.needed(), 0);
        assert_eq!(flags.status(), O_PATH | O_NOFOLLOW);
    }

    #[test]
    fn what_cannot_be_done_is_refused() {
        assert_eq!(OpenFlags::check(O_TMPFILE | O_RDWR), Err(Errno::NOTSUP));
        assert_eq!(
            OpenFlags::check(O_CREAT | O_DIRECTORY | O_RDWR),
            Err(Errno::INVAL)
        );
    }

    #[test]
    fn truncating_needs_write_permission_even_when_only_reading() {
        let flags = OpenFlags::check(O_RDONLY | O_TRUNC).unwrap();
        assert_eq!(
            flags.needed(),
            super::super::mode::READ | super::super::mode::WRITE
        );
        let flags = OpenFlags::check(O_WRONLY | O_CREAT | O_APPEND).unwrap();
        assert_eq!(flags.status(), O_WRONLY | O_APPEND | O_LARGEFILE);
        assert!(flags.writes() && !flags.reads());
    }
}
