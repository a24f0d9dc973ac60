//! What the tables hold.

use crate::tables::LockFile;
use abi::{Endpoint, Errno};
use alloc::vec::Vec;
use linux::file::{flags, mode};
use minicbor::{Decode, Encode};
use protocol::Handle;
use shape::Shape;

/// The name of an open, never used again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Encode, Decode, Shape)]
#[cbor(transparent)]
pub(crate) struct OpenId(#[n(0)] pub(crate) u64);

/// An open file description or node, at its server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode, Shape)]
pub(crate) struct Object {
    /// The server.
    #[n(0)]
    pub(crate) server: Endpoint,
    /// Its name there.
    #[n(1)]
    pub(crate) handle: Handle,
}

/// What vfs holds of an open file description.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Shape)]
pub(crate) struct Open {
    /// The description.
    #[n(0)]
    pub(crate) object: Object,
    /// For devices and FIFOs the node by which it was opened: its attributes are the file's.
    #[n(1)]
    pub(crate) node: Option<Object>,
    /// The mount it was reached by; 0 for a pipe.
    #[n(2)]
    pub(crate) mount: u32,
    /// Type and permission bits as they were at the time.
    #[n(3)]
    pub(crate) mode: u32,
    /// Flags of open(2).
    #[n(4)]
    pub(crate) flags: u32,
    /// The absolute path it was reached by, or what /proc/PID/fd shows.
    #[cbor(n(5), with = "minicbor::bytes")]
    pub(crate) path: Vec<u8>,
    /// What its locks are of.
    #[n(6)]
    pub(crate) file: LockFile,
}

impl Open {
    /// Where its attributes are.
    #[must_use]
    pub(crate) fn attributes(&self) -> Object {
        self.node.unwrap_or(self.object)
    }

    /// The type bits.
    #[must_use]
    pub(crate) const fn kind(&self) -> u32 {
        self.mode & mode::S_IFMT
    }

    /// Whether it is a directory.
    #[must_use]
    pub(crate) const fn is_directory(&self) -> bool {
        mode::is_directory(self.mode)
    }

    /// Whether it only names its object (O_PATH).
    #[must_use]
    pub(crate) const fn names_only(&self) -> bool {
        self.flags & flags::O_PATH != 0
    }

    /// Where paths relative to it start.
    ///
    /// # Errors
    /// `NOTDIR` when it is not a directory.
    pub(crate) fn spot(&self) -> Result<Spot, Errno> {
        if !self.is_directory() {
            return Err(Errno::NOTDIR);
        }
        Ok(Spot {
            object: self.object,
            mount: self.mount,
            path: self.path.clone(),
        })
    }
}

/// A directory from which a path goes on.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Shape)]
pub(crate) struct Spot {
    /// The open directory.
    #[n(0)]
    pub(crate) object: Object,
    /// The mount it lies in.
    #[n(1)]
    pub(crate) mount: u32,
    /// Its absolute path as text.
    #[cbor(n(2), with = "minicbor::bytes")]
    pub(crate) path: Vec<u8>,
}

/// A descriptor of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Shape)]
pub(crate) struct Descriptor {
    /// What is open.
    #[n(0)]
    pub(crate) open: OpenId,
    /// Whether exec closes it.
    #[n(1)]
    pub(crate) close_on_exec: bool,
}

/// The directories of a process. It holds a reference to each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Shape)]
pub(crate) struct Places {
    /// The root.
    #[n(0)]
    pub(crate) root: OpenId,
    /// The working directory.
    #[n(1)]
    pub(crate) directory: OpenId,
}

/// Limits that pm sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Shape)]
pub(crate) struct Limits {
    /// Descriptors (RLIMIT_NOFILE).
    #[n(0)]
    pub(crate) descriptors: u64,
    /// Bytes of a file (RLIMIT_FSIZE), all ones for no limit.
    #[n(1)]
    pub(crate) file_bytes: u64,
}

/// What a process has set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Shape)]
pub(crate) struct Settings {
    /// Permission bits that new files do not get.
    #[n(0)]
    pub(crate) umask: u32,
    /// Its limits.
    #[n(1)]
    pub(crate) limits: Limits,
}

/// A file opened for execution and handed to pm.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Shape)]
pub(crate) struct Executable {
    /// The description.
    #[n(0)]
    pub(crate) object: Object,
    /// Its absolute path.
    #[cbor(n(1), with = "minicbor::bytes")]
    pub(crate) path: Vec<u8>,
}

/// Which program a process runs, for proc.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, Shape)]
pub(crate) struct Program {
    /// Its absolute path; empty before the first exec.
    #[cbor(n(0), with = "minicbor::bytes")]
    pub(crate) path: Vec<u8>,
    /// Files opened for an exec that has not come through yet, in order.
    #[n(1)]
    pub(crate) candidates: Vec<Executable>,
}

/// A mounted file system.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Shape)]
pub(crate) struct Mount {
    /// Its root directory.
    #[n(0)]
    pub(crate) root: Object,
    /// The directory it covers and the mount that lies in; `None` for the root mount.
    #[n(1)]
    pub(crate) covered: Option<Covered>,
    /// The absolute path it is mounted on.
    #[cbor(n(2), with = "minicbor::bytes")]
    pub(crate) path: Vec<u8>,
    /// What was given as the source.
    #[cbor(n(3), with = "minicbor::bytes")]
    pub(crate) source: Vec<u8>,
    /// The type's name.
    #[cbor(n(4), with = "minicbor::bytes")]
    pub(crate) kind: Vec<u8>,
    /// Flags of mount(2).
    #[n(5)]
    pub(crate) flags: u64,
}

/// A directory that something is mounted on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Shape)]
pub(crate) struct Covered {
    /// The directory.
    #[n(0)]
    pub(crate) directory: Object,
    /// The mount it lies in.
    #[n(1)]
    pub(crate) mount: u32,
}

/// What a change of the tables leaves to be done at other servers.
#[must_use = "what is not closed leaks"]
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, Shape)]
pub(crate) struct Released {
    /// Descriptions to be closed.
    #[n(0)]
    pub(crate) objects: Vec<Object>,
    /// Whether locks are gone that others may wait for.
    #[n(1)]
    pub(crate) unlocked: bool,
}

impl Released {
    /// Adds what another change has left.
    pub(crate) fn and(&mut self, other: Released) {
        self.objects.extend(other.objects);
        self.unlocked |= other.unlocked;
    }
}

/// The settings of the first process (Linux: INR_OPEN_CUR, umask 022).
pub(crate) const FIRST_SETTINGS: Settings = Settings {
    umask: 0o022,
    limits: Limits {
        descriptors: 1024,
        file_bytes: u64::MAX,
    },
};
