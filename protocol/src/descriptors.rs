//! Descriptor tables of processes, at vfs; asked by pm.
//!
//! After a crash: fork, execve, mmap and setgroups answer what the question was ended with (`EFAULT`
//! after two crashes, `EIO` when vfs is down). What an exit or the end of an exec closes is no error
//! of any program's; pm asks [`Destroy`] once more.

use crate::{Handle, answer, protocol};
use abi::{Endpoint, Pid};

answer! {
    /// A file opened for execution: the answer to [`OpenExecutable`].
    pub struct Executable {
        /// Its server.
        pub server: Endpoint,
        /// The description there, to be closed by whoever gets it.
        pub handle: Handle,
        /// Type and permission bits: set-user-id and set-group-id count.
        pub mode: u32,
        /// The owner.
        pub user: u32,
        /// The group.
        pub group: u32,
        /// Bytes.
        pub length: u64,
    }
}

answer! {
    /// What a descriptor refers to: the answer to [`Share`].
    pub struct Shared {
        /// Its server.
        pub server: Endpoint,
        /// The description there, with a reference of its own: to be closed by whoever gets it.
        pub handle: Handle,
        /// Its open flags: the access mode counts.
        pub flags: u32,
    }
}

protocol! {
    number 7, version 1;

    /// Copies the table of a process for its child: descriptors, working directory, umask.
    Clone = 1 { parent: Pid, child: Pid } -> ();
    /// Closes everything of a process that has ended.
    Destroy = 2 { process: Pid } -> ();
    /// The process has executed: closes what is marked close-on-exec.
    Executed = 3 { process: Pid } -> ();
    /// Opens the path in lease 0 for execution on behalf of the caller (or of `process` when the
    /// request has no caller), checking execute permission.
    OpenExecutable = 4 { process: Pid } -> Executable;
    /// Makes the table of the first process: root, umask, no descriptors.
    First = 5 { process: Pid } -> ();
    /// Tells the limit on descriptors.
    SetLimit = 6 { process: Pid, descriptors: u64, file_bytes: u64 } -> ();
    /// The supplementary groups of a process: lease 0, u32 each.
    SetGroups = 7 { process: Pid, count: u32 } -> ();
    /// For vm: what a descriptor of a process refers to, with a reference added (asked of its
    /// server with `object::Duplicate`). `BADF` when it is not open or opened with O_PATH.
    Share = 8 { process: Pid, descriptor: u32 } -> Shared;
    /// Which of the files opened by [`OpenExecutable`] since the last exec is the program, as
    /// /proc/PID/exe shows it; asked before [`Executed`]. Without it, it is the first one.
    Program = 9 { process: Pid, server: Endpoint, handle: Handle } -> ();
}
