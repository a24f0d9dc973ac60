//! Version 2: names sorted by server, counted, and a table that is called differently.

use abi::{Endpoint, Errno};
use minicbor::{Decode, Encode};
use protocol::names::Kind;
use service::container::{Map, Value};
use shape::Shape;

/// What is published under a name.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Shape)]
pub(super) enum Published {
    /// A service.
    #[n(0)]
    Server(#[n(0)] Endpoint),
    /// A service that took the name over from another: kept for the versions to come.
    #[n(1)]
    TakenOver(#[n(0)] Endpoint, #[n(1)] Endpoint),
}

/// What ds knows.
#[derive(Debug, Default, Encode, Decode, Shape)]
pub struct State {
    #[n(1)]
    pub(super) published: Map<(u64, Kind), Published>,
    /// How many names have been published since the system started.
    #[n(2)]
    pub(super) total: Value<u64>,
}

impl State {
    /// Notes who serves something.
    ///
    /// # Errors
    /// `EXIST` when another service serves it, `NOSPC` when there are too many names.
    pub fn publish(&mut self, kind: Kind, number: u64, server: Endpoint) -> Result<(), Errno> {
        match self.find(kind, number) {
            Some(known) if known == server => return Ok(()),
            Some(_) => return Err(Errno::EXIST),
            None if self.published.len() >= super::LIMIT => return Err(Errno::NOSPC),
            None => self
                .published
                .insert((number, kind), Published::Server(server)),
        };
        self.total.change(|total| *total += 1);
        Ok(())
    }

    /// Who serves something.
    #[must_use]
    pub fn find(&self, kind: Kind, number: u64) -> Option<Endpoint> {
        self.published
            .get(&(number, kind))
            .map(|published| match published {
                Published::Server(server) | Published::TakenOver(server, _) => *server,
            })
    }

    /// The `index`-th name.
    #[must_use]
    pub fn nth(&self, index: u32) -> Option<(Kind, u64, Endpoint)> {
        let ((number, kind), _) = self.published.iter().nth(index as usize)?;
        Some((*kind, *number, self.find(*kind, *number)?))
    }
}

impl service::State for State {
    const VERSION: u32 = 2;
    type Other = super::version_1::State;
    const OTHER_VERSION: u32 = 1;

    fn fresh(_: &service::Start) -> Self {
        Self::default()
    }

    fn check(&mut self) -> usize {
        let before = self.published.len();
        self.published.retain(|_, published| match published {
            Published::Server(server) | Published::TakenOver(server, _) => {
                super::is_service(*server)
            }
        });
        before - self.published.len()
    }
}
