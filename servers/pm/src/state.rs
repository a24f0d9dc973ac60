//! What pm knows, in both versions. The versions keep the tables; what is done with them is in the
//! modules of [`crate::table`], over whichever version this is built as.

mod conversion;
mod family;
mod version_1;
mod version_2;

use abi::SpaceId;

#[cfg(not(feature = "next"))]
pub use version_1::State;
#[cfg(feature = "next")]
pub use version_2::State;

/// The memory of a process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Memory {
    /// The address space, or none.
    pub space: SpaceId,
    /// It is that of the parent, who waits.
    pub is_borrowed: bool,
}

/// What processes have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kin {
    /// They are children of this process.
    Parent(u32),
    /// They are in this process group.
    Group(u32),
    /// They are in this session.
    Session(u32),
    /// They are in this address space.
    Space(SpaceId),
}

/// A number that pm keeps.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    minicbor::Encode,
    minicbor::Decode,
    shape::Shape,
)]
pub enum Counter {
    /// The number of the youngest process.
    #[n(0)]
    LastProcess,
    /// Signals of terminals that have been sent.
    #[n(1)]
    TerminalSignals,
    /// Where the kernel's log starts for those who have cleared it.
    #[n(2)]
    LogStart,
    /// The state of the random number generator.
    #[n(3)]
    Random,
}

/// A name of the system.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    minicbor::Encode,
    minicbor::Decode,
    shape::Shape,
)]
pub enum Name {
    /// The host's.
    #[n(0)]
    Host,
    /// The domain's.
    #[n(1)]
    Domain,
}

/// The name of the host until somebody sets another.
const HOST_NAME: &[u8] = b"evernix";
/// The name of the domain until somebody sets another (as Linux has it).
const DOMAIN_NAME: &[u8] = b"(none)";

#[cfg(test)]
mod tests;
