//! Version 2: the key is called the pool, and keys are counted.

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
    #[n(2)]
    pub(super) descriptions: Descriptions<Kind>,
    #[n(1)]
    #[shape(secret)]
    pub(super) pool: Value<Key>,
    /// Keys given out.
    #[n(3)]
    pub(super) given: Value<u64>,
}

impl State {
    /// The open devices, to look at.
    #[must_use]
    pub fn descriptions(&self) -> &Descriptions<Kind> {
        &self.descriptions
    }

    /// The open devices.
    pub fn descriptions_mut(&mut self) -> &mut Descriptions<Kind> {
        &mut self.descriptions
    }

    /// What a handle refers to.
    ///
    /// # Errors
    /// `STALE`.
    pub fn kind(&self, handle: Handle) -> Result<Kind, Errno> {
        Ok(self.descriptions.get(handle)?.object)
    }

    /// A key to give out; the generator's own is replaced.
    pub fn take_key(&mut self) -> Key {
        let (next, given) = generator::split(self.pool.get());
        self.pool.set(next);
        self.given.change(|count| *count = count.wrapping_add(1));
        given
    }

    /// Mixes bytes into the key.
    pub fn mix(&mut self, bytes: &[u8]) {
        let mixed = generator::mix(self.pool.get(), bytes);
        self.pool.set(mixed);
    }
}

impl service::State for State {
    const VERSION: u32 = 2;
    type Other = super::version_1::State;
    const OTHER_VERSION: u32 = 1;

    fn fresh(start: &service::Start) -> Self {
        State {
            descriptions: Descriptions::fresh(start),
            pool: Value::new(generator::first_key(start.seed, start.generation)),
            given: Value::new(0),
        }
    }

    fn check(&mut self) -> usize {
        self.descriptions.check(|_| true)
    }
}
