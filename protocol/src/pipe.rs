//! Pipes and FIFOs, at pfs. Reads, writes and the rest then go by [`crate::object`].
//!
//! After a crash: pipe and the opening of a FIFO answer what the question was ended with (`EFAULT` after
//! two crashes, `EIO` when pfs is down).

use crate::{Handle, answer, protocol};

answer! {
    /// The two ends of a new pipe.
    pub struct Ends {
        /// Reads.
        pub reader: Handle,
        /// Writes.
        pub writer: Handle,
    }
}

answer! {
    /// The answer to [`OpenFifo`].
    pub struct Opened {
        /// The description.
        pub handle: Handle,
    }
}

protocol! {
    number 5, version 1;

    /// Makes a pipe; `flags` of pipe2.
    Create = 1 { flags: u32 } -> Ends;
    /// Opens the FIFO that is inode `node` of the file system at `server`, with open flags; blocks
    /// until the other end is open, as open(2) says.
    OpenFifo = 2 { server: abi::Endpoint, node: u64, flags: u32 } -> Opened;
}
