//! The State of a service and how it travels from one instance to the next.

use crate::journal::Journal;
use crate::simulated::{self, Rule};
use abi::Endpoint;
use abi::slot::Refusal;
use alloc::string::String;
use minicbor::{Decode, Encode};
use shape::{Outline, Shape};

/// What a fresh start may depend on.
#[derive(Clone, Copy, Debug, Default)]
pub struct Start {
    /// Random words from the kernel.
    pub seed: [u64; 3],
    /// The service's own slot.
    pub slot: Endpoint,
    /// How many instances were committed before.
    pub generation: u32,
}

/// All that a service knows. Made of the framework's containers; each version of a service has its
/// own type, which derives `Encode` and `Decode` with stable field numbers, and `Shape`.
pub trait State: Encode<()> + for<'b> Decode<'b, ()> + Shape + Sized + 'static {
    /// The version of this type.
    const VERSION: u32;
    /// The type of the version next to this one.
    type Other: for<'b> Decode<'b, ()> + Into<Self>;
    /// The version of that type.
    const OTHER_VERSION: u32;

    /// The State of a service that knows nothing yet.
    fn fresh(start: &Start) -> Self;

    /// Drops what contradicts itself, one entity at a time; returns how many. It is called until
    /// there is nothing left to drop.
    fn check(&mut self) -> usize {
        0
    }
}

/// What an instance has read of what another one exported.
pub(crate) struct Imported<S> {
    pub(crate) store: Store<S>,
    /// What [`State::check`] has dropped.
    pub(crate) dropped: usize,
}

/// The outline of all that a service exports: its State, and the journal.
#[must_use]
pub fn outline<S: State>() -> String {
    Outline::of::<(S, Journal)>()
}

/// Rounds of checks: what refers to something that was dropped is dropped in the next one.
const ROUNDS: usize = 64;

/// Checks a State until nothing contradicts itself; returns how much was dropped.
fn checked<S: State>(state: &mut S) -> Result<usize, Refusal> {
    let mut dropped = 0;
    for _ in 0..ROUNDS {
        match state.check() {
            0 => return Ok(dropped),
            more => dropped += more,
        }
    }
    Err(Refusal::Inconsistent)
}

/// What outlives an instance: the State and the journal.
pub(crate) struct Store<S> {
    pub(crate) state: S,
    pub(crate) journal: Journal,
    /// The closure in progress, 0 between closures.
    pub(crate) open: u64,
}

impl<S: State> Store<S> {
    pub(crate) fn fresh(start: &Start) -> Self {
        Store {
            state: S::fresh(start),
            journal: Journal::default(),
            open: 0,
        }
    }

    /// Writes the State and the journal.
    pub(crate) fn export<W: minicbor::encode::Write>(
        &self,
        writer: W,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        let mut encoder = minicbor::Encoder::new(writer);
        encoder.array(2)?;
        encoder.encode(&self.state)?.encode(&self.journal)?;
        Ok(())
    }

    /// Reads what an instance of version `version` has exported.
    pub(crate) fn import(version: u32, bytes: &[u8]) -> Result<Imported<S>, Refusal> {
        let mut decoder = minicbor::Decoder::new(bytes);
        let undecodable = |_| Refusal::Undecodable;
        if decoder.array().map_err(undecodable)? != Some(2) {
            return Err(Refusal::Undecodable);
        }
        let mut state: S = if version == S::VERSION {
            decoder.decode().map_err(undecodable)?
        } else if version == S::OTHER_VERSION {
            decoder.decode::<S::Other>().map_err(undecodable)?.into()
        } else {
            return Err(Refusal::UnknownVersion);
        };
        let mut journal = decoder.decode().map_err(undecodable)?;
        if !simulated::holds(Rule::Journal) {
            journal = Journal::default();
        }
        let dropped = checked(&mut state)?;
        let store = Store {
            state,
            journal,
            open: 0,
        };
        Ok(Imported { store, dropped })
    }
}
