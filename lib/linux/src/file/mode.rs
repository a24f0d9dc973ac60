//! Types and permissions of files (inode(7), access(2)).

use linux_raw_sys::general as raw;

pub use raw::{
    S_IFBLK, S_IFCHR, S_IFDIR, S_IFIFO, S_IFLNK, S_IFMT, S_IFREG, S_IFSOCK, S_ISGID, S_ISUID,
    S_ISVTX,
};

/// To read (R_OK).
pub const READ: u32 = 4;
/// To write (W_OK).
pub const WRITE: u32 = 2;
/// To execute, or to search a directory (X_OK).
pub const EXECUTE: u32 = 1;
/// All permission bits, set-id and sticky included.
pub const PERMISSIONS: u32 = 0o7777;

/// Who acts on a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Actor<'a> {
    /// The user that permissions are checked with.
    pub user: u32,
    /// The group that permissions are checked with.
    pub group: u32,
    /// The supplementary groups.
    pub groups: &'a [u32],
}

impl Actor<'_> {
    /// Whether it is the superuser.
    #[must_use]
    pub const fn is_root(&self) -> bool {
        self.user == 0
    }

    /// Whether it belongs to a group.
    #[must_use]
    pub fn in_group(&self, group: u32) -> bool {
        self.group == group || self.groups.contains(&group)
    }

    /// Whether it owns a file, or is root.
    #[must_use]
    pub const fn owns(&self, owner: u32) -> bool {
        self.is_root() || self.user == owner
    }

    /// Whether it may do all of `wanted` ([`READ`], [`WRITE`], [`EXECUTE`]) with a file. Root may
    /// do all but execute a file that nobody may execute.
    #[must_use]
    pub fn may(&self, mode: u32, owner: u32, group: u32, wanted: u32) -> bool {
        if self.is_root() {
            let executable = is_directory(mode) || mode & 0o111 != 0;
            return wanted & EXECUTE == 0 || executable;
        }
        let granted = if self.user == owner {
            mode >> 6
        } else if self.in_group(group) {
            mode >> 3
        } else {
            mode
        };
        wanted & !granted & 0o7 == 0
    }

    /// Whether a directory with the sticky bit keeps it from removing or renaming an entry that
    /// belongs to `owner`.
    #[must_use]
    pub const fn is_kept_off(&self, directory_mode: u32, directory_owner: u32, owner: u32) -> bool {
        directory_mode & S_ISVTX != 0
            && !self.is_root()
            && self.user != owner
            && self.user != directory_owner
    }

    /// The mode that chmod(2) sets: set-group-id is dropped when the file is of a foreign group.
    #[must_use]
    pub fn settable(&self, wanted: u32, group: u32) -> u32 {
        if self.is_root() || self.in_group(group) {
            wanted & PERMISSIONS
        } else {
            wanted & PERMISSIONS & !S_ISGID
        }
    }
}

/// The mode after a change of owner or a write by an ordinary user: set-user-id goes, and
/// set-group-id where it means that (with group execute permission).
#[must_use]
pub const fn without_set_id(mode: u32) -> u32 {
    if mode & 0o010 != 0 {
        mode & !(S_ISUID | S_ISGID)
    } else {
        mode & !S_ISUID
    }
}

/// Whether a mode is a directory's.
#[must_use]
pub const fn is_directory(mode: u32) -> bool {
    mode & S_IFMT == S_IFDIR
}

/// Whether a mode is a regular file's.
#[must_use]
pub const fn is_regular(mode: u32) -> bool {
    mode & S_IFMT == S_IFREG
}

/// The type as a directory entry carries it (`DT_*`: the type bits shifted down).
#[must_use]
pub const fn entry_type(mode: u32) -> u8 {
    ((mode & S_IFMT) >> 12) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOMEBODY: Actor<'_> = Actor {
        user: 1000,
        group: 100,
        groups: &[27],
    };
    const ROOT: Actor<'_> = Actor {
        user: 0,
        group: 0,
        groups: &[],
    };

    #[test]
    fn the_first_class_that_fits_decides() {
        assert!(SOMEBODY.may(0o400, 1000, 1, READ));
        assert!(!SOMEBODY.may(0o077, 1000, 100, READ));
        assert!(SOMEBODY.may(0o070, 1, 27, READ | WRITE | EXECUTE));
        assert!(!SOMEBODY.may(0o007, 1, 27, READ));
        assert!(SOMEBODY.may(0o004, 1, 1, READ));
        assert!(!SOMEBODY.may(0o004, 1, 1, READ | WRITE));
    }

    #[test]
    fn root_cannot_execute_what_nobody_can() {
        assert!(ROOT.may(0, 1, 1, READ | WRITE));
        assert!(!ROOT.may(S_IFREG | 0o644, 1, 1, EXECUTE));
        assert!(ROOT.may(S_IFREG | 0o001, 1, 1, EXECUTE));
        assert!(ROOT.may(S_IFDIR, 1, 1, EXECUTE));
    }

    #[test]
    fn a_sticky_directory_protects_the_entries_of_others() {
        assert!(SOMEBODY.is_kept_off(0o1777, 0, 2));
        assert!(!SOMEBODY.is_kept_off(0o1777, 0, 1000));
        assert!(!SOMEBODY.is_kept_off(0o1777, 1000, 2));
        assert!(!SOMEBODY.is_kept_off(0o777, 0, 2));
        assert!(!ROOT.is_kept_off(0o1777, 5, 2));
    }

    #[test]
    fn set_id_bits_go() {
        assert_eq!(without_set_id(0o6755), 0o755);
        assert_eq!(without_set_id(0o6745), 0o2745);
        assert_eq!(SOMEBODY.settable(0o2755, 5), 0o755);
        assert_eq!(SOMEBODY.settable(0o2755, 27), 0o2755);
        assert_eq!(entry_type(S_IFDIR | 0o755), 4);
    }
}
