//! Version 1: one table of names.

use abi::{Endpoint, Errno};
use minicbor::{Decode, Encode};
use protocol::names::Kind;
use service::container::Map;
use shape::Shape;

/// What ds knows.
#[derive(Debug, Default, Encode, Decode, Shape)]
pub struct State {
    #[n(0)]
    pub(super) names: Map<(Kind, u64), Endpoint>,
}

impl State {
    /// Notes who serves something.
    ///
    /// # Errors
    /// `EXIST` when another service serves it, `NOSPC` when there are too many names.
    pub fn publish(&mut self, kind: Kind, number: u64, server: Endpoint) -> Result<(), Errno> {
        match self.names.get(&(kind, number)) {
            Some(known) if *known == server => return Ok(()),
            Some(_) => return Err(Errno::EXIST),
            None if self.names.len() >= super::LIMIT => return Err(Errno::NOSPC),
            None => self.names.insert((kind, number), server),
        };
        Ok(())
    }

    /// Who serves something.
    #[must_use]
    pub fn find(&self, kind: Kind, number: u64) -> Option<Endpoint> {
        self.names.get(&(kind, number)).copied()
    }

    /// The `index`-th name.
    #[must_use]
    pub fn nth(&self, index: u32) -> Option<(Kind, u64, Endpoint)> {
        let entry = self.names.iter().nth(index as usize);
        entry.map(|((kind, number), server)| (*kind, *number, *server))
    }
}

impl service::State for State {
    const VERSION: u32 = 1;
    type Other = super::version_2::State;
    const OTHER_VERSION: u32 = 2;

    fn fresh(_: &service::Start) -> Self {
        Self::default()
    }

    fn check(&mut self) -> usize {
        let before = self.names.len();
        self.names.retain(|_, server| super::is_service(*server));
        before - self.names.len()
    }
}
