//! Leases: memory lent for exactly as long as a request lives.
//!
//! A request from a program lends its whole address space as lease 0 to the server that owns the
//! call. That server lends parts of it on. A lease is resolved at each copy, so data goes once.

use crate::RequestId;

/// What the borrower may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Access {
    /// The borrower may read.
    Read = 1,
    /// The borrower may write.
    Write = 2,
    /// The borrower may do both.
    Both = 3,
}

impl Access {
    /// Whether a lease with this access allows `wanted`.
    #[must_use]
    pub const fn allows(self, wanted: Access) -> bool {
        self as u32 & wanted as u32 == wanted as u32
    }
}

/// Where lent memory comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u32)]
pub enum LeaseSource {
    /// No lease.
    #[default]
    None = 0,
    /// The service's own memory.
    Own = 1,
    /// A part of a lease of a request that the service holds.
    Lent = 2,
}

/// A lease as a service describes it to the kernel. `access` holds the bits of [`Access`];
/// the kernel refuses descriptors that do not decode.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct LeaseDescriptor {
    /// A [`LeaseSource`].
    pub source: u32,
    /// Bits of [`Access`].
    pub access: u32,
    /// For `Lent`: the request whose lease is lent on.
    pub request: RequestId,
    /// For `Lent`: the index of that lease.
    pub index: u64,
    /// For `Own`: the address. For `Lent`: the offset into the lease.
    pub address: u64,
    /// Bytes.
    pub length: u64,
}

/// A lease as its borrower sees it: what it may do and how far it reaches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct LeaseInformation {
    /// Bits of [`Access`]; 0 when there is no such lease.
    pub access: u64,
    /// Bytes. For a program's lease 0 the whole of user memory, offsets being addresses.
    pub length: u64,
}
