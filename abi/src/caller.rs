//! On whose behalf a request is made.

use crate::{Pid, SpaceId};

/// The process a request is made for, as stamped by the kernel when the process made it.
///
/// A service that asks another one for a request it holds passes its caller on, so every server
/// down the chain sees the process that started it. The last four fields are set by pm
/// (`Call::ProcessIdentity`); the kernel carries them without looking at them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "cbor", derive(minicbor::Encode, minicbor::Decode))]
#[repr(C)]
pub struct Caller {
    /// The process, or [`Pid::NONE`] when a service acts on its own behalf.
    #[cfg_attr(feature = "cbor", n(0))]
    pub pid: Pid,
    /// The address space it runs in.
    #[cfg_attr(feature = "cbor", n(1))]
    pub space: SpaceId,
    /// The user id that file permissions are checked with.
    #[cfg_attr(feature = "cbor", n(2))]
    pub user: u32,
    /// The group id that file permissions are checked with.
    #[cfg_attr(feature = "cbor", n(3))]
    pub group: u32,
    /// The process group.
    #[cfg_attr(feature = "cbor", n(4))]
    pub process_group: u32,
    /// The session.
    #[cfg_attr(feature = "cbor", n(5))]
    pub session: u32,
}
