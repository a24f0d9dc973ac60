//! Names of services, valid for ever: an endpoint survives restart and update.

/// The number of a slot. Programs and services address a service by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(
    feature = "cbor",
    derive(minicbor::Encode, minicbor::Decode),
    cbor(transparent)
)]
#[repr(transparent)]
pub struct Endpoint(#[cfg_attr(feature = "cbor", n(0))] pub u16);

impl Endpoint {
    /// The reincarnation server: the only service the kernel loads itself.
    pub const RS: Endpoint = Endpoint(0);
    /// Stands for "no service", for example as the origin of a program's request.
    pub const NONE: Endpoint = Endpoint(u16::MAX);

    /// The index into tables of slots.
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

impl Default for Endpoint {
    fn default() -> Self {
        Self::NONE
    }
}
