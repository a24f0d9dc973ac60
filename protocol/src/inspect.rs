//! What proc shows. These questions change nothing, are answered without waiting, and may be asked
//! by anyone: they are the only ones that go up the picture.
//!
//! After a crash: reading a file of `/proc` answers what the question was ended with (`EFAULT` after two
//! crashes, `EIO` when the one asked is down); a list, such as that of the processes, may end early.
//! Calls that concern a terminal's foreground answer the same.

use crate::{answer, protocol, word_enum};
use abi::Pid;

word_enum! {
    /// What would become of a signal that stops a process which uses a terminal.
    pub enum Fate {
        /// The process takes it.
        Delivered = 0,
        /// The process blocks or ignores it.
        Ignored = 1,
        /// The process takes it, but its group is orphaned: nobody could let it go on.
        Orphaned = 2,
    }
}

answer! {
    /// The answer to [`StopFate`].
    pub struct Stop {
        /// What would become of it.
        pub fate: Fate,
    }
}

answer! {
    /// The answer to [`SessionOf`].
    pub struct Session {
        /// The session.
        pub session: u32,
    }
}

answer! {
    /// The answer to [`NextProcess`].
    pub struct Process {
        /// The process.
        pub process: Pid,
    }
}

protocol! {
    number 12, version 1;

    /// pm: the first process with a number above `after`; `NOENT` when there is none.
    NextProcess = 1 { after: Pid } -> Process, repeatable;
    /// pm: writes the CBOR [`crate::payload::ProcessInformation`] into lease 0; the
    /// answer is its length. `NOENT` when there is no such process, `RANGE` when it does not fit.
    ProcessInformation = 2 { process: Pid } -> u64, repeatable;
    /// rs: writes the CBOR list of service states (crate `control`) into lease 0.
    Services = 3 {} -> u64, repeatable;
    /// vfs: writes the text of /proc/mounts into lease 0, from byte `offset` of it.
    Mounts = 4 { offset: u64 } -> u64, repeatable;
    /// vfs: the descriptor of a process at or above `from`; `NOENT` past the end. Its name, as
    /// /proc/PID/fd shows it, is written into lease 0; the answer's length.
    Descriptor = 5 { process: Pid, from: u32 } -> DescriptorName, repeatable;
    /// pm: system-wide numbers: processes, load; the host name goes to lease 0, ended by a zero if
    /// the lease is longer.
    System = 6 {} -> SystemNumbers, repeatable;
    /// vfs: the path of the working directory (0), root (1) or program (2) of a process goes to
    /// lease 0; the answer is its length.
    PathOf = 7 { process: Pid, which: u32 } -> u64, repeatable;
    /// pm, for tty: what would become of SIGTTIN or SIGTTOU if the process got it.
    StopFate = 8 { process: Pid, signal: u32 } -> Stop, repeatable;
    /// pm, for tty: the session of a process group; `SRCH` when the group has no process.
    SessionOf = 9 { group: u32 } -> Session, repeatable;
}

answer! {
    /// The answer to [`Descriptor`].
    pub struct DescriptorName {
        /// The descriptor.
        pub descriptor: u32,
        /// Bytes of the name.
        pub length: u32,
        /// Its open flags.
        pub flags: u32,
    }
}

answer! {
    /// The answer to [`System`].
    pub struct SystemNumbers {
        /// Processes that exist.
        pub processes: u32,
        /// Processes ready to run.
        pub running: u32,
        /// The last process made.
        pub last: Pid,
        /// Load averages in 1/65536, packed by 21 bits: 1, 5 and 15 minutes.
        pub load: u64,
    }
}
