//! Instants and spans on the monotonic clock of the kernel.

/// Nanoseconds since the machine was started. As a deadline, [`Time::NEVER`] means none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(
    feature = "cbor",
    derive(minicbor::Encode, minicbor::Decode),
    cbor(transparent)
)]
#[repr(transparent)]
pub struct Time(#[cfg_attr(feature = "cbor", n(0))] pub u64);

impl Time {
    /// Later than every instant.
    pub const NEVER: Time = Time(u64::MAX);

    /// This instant plus `nanoseconds`, at most [`Time::NEVER`].
    #[must_use]
    pub const fn after(self, nanoseconds: u64) -> Time {
        Time(self.0.saturating_add(nanoseconds))
    }

    /// The nanoseconds from `earlier` to this instant; 0 if `earlier` is later.
    #[must_use]
    pub const fn since(self, earlier: Time) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}
