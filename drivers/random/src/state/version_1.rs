//! Version 1.

use super::Kind;
use crate::generator::{self, Key};
use abi::Errno;
use minicbor::{Decode, Encode};
use protocol::Handle;
use service::container::Value;
use service::description::Descriptions;
use shape::Shape;

/// What the driver knows.
#[derive(Debug, Encode, Decode, Shape)]
pub struct State {
    #[n(0)]
    pub(super) open: Descriptions<Kind>,
    #[n(1)]
    #[shape(secret)]
    pub(super) key: Value<Key>,
}

impl State {
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

    /// A key to give out; the generator's own is replaced.
    pub fn take_key(&mut self) -> Key {
        let (next, given) = generator::split(self.key.get());
        self.key.set(next);
        given
    }

    /// Mixes bytes into the key.
    pub fn mix(&mut self, bytes: &[u8]) {
        let mixed = generator::mix(self.key.get(), bytes);
        self.key.set(mixed);
    }
}

impl service::State for State {
    const VERSION: u32 = 1;
    type Other = super::version_2::State;
    const OTHER_VERSION: u32 = 2;

    fn fresh(start: &service::Start) -> Self {
        State {
            open: Descriptions::fresh(start),
            key: Value::new(generator::first_key(start.seed, start.generation)),
        }
    }

    fn check(&mut self) -> usize {
        self.open.check(|_| true)
    }
}
