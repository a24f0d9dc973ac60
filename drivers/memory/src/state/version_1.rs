//! Version 1.

use super::Kind;
use abi::Errno;
use minicbor::{Decode, Encode};
use protocol::Handle;
use service::container::Value;
use service::description::Descriptions;
use shape::Shape;

/// What the driver knows.
#[derive(Debug, Default, Encode, Decode, Shape)]
pub struct State {
    #[n(0)]
    pub(super) open: Descriptions<Kind>,
    /// Bytes written to null and zero.
    #[n(1)]
    pub(super) swallowed: Value<u64>,
}

impl State {
    /// What is open when a device is.
    #[must_use]
    pub fn object(kind: Kind) -> Kind {
        kind
    }

    /// The open devices, to look at.
    #[must_use]
    pub fn descriptions(&self) -> &Descriptions<Kind> {
        &self.open
    }

    /// The open devices.
    pub fn descriptions_mut(&mut self) -> &mut Descriptions<Kind> {
        &mut self.open
    }

    /// What a handle refers to.
    ///
    /// # Errors
    /// `STALE`.
    pub fn kind(&self, handle: Handle) -> Result<Kind, Errno> {
        Ok(self.open.get(handle)?.object)
    }

    /// Counts bytes that went nowhere.
    pub fn swallow(&mut self, bytes: u64) {
        self.swallowed.change(|sum| *sum = sum.wrapping_add(bytes));
    }

    /// Bytes that went nowhere.
    #[cfg(test)]
    pub fn swallowed(&self) -> u64 {
        *self.swallowed.get()
    }
}

impl service::State for State {
    const VERSION: u32 = 1;
    type Other = super::version_2::State;
    const OTHER_VERSION: u32 = 2;

    fn fresh(start: &service::Start) -> Self {
        State {
            open: Descriptions::fresh(start),
            ..Self::default()
        }
    }

    fn check(&mut self) -> usize {
        self.open.check(|_| true)
    }
}
