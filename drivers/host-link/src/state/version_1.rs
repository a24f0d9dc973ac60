//! Version 1.

use crate::port::Port;
use crate::stream::{Incoming, NOT_BEGUN, Outgoing};
use crate::wire::Wire;
use minicbor::{Decode, Encode};
use service::container::{Map, Value};
use service::description::Descriptions;
use shape::Shape;

/// What the driver knows.
#[derive(Debug, Default, Encode, Decode, Shape)]
pub struct State {
    #[n(0)]
    pub(super) open: Descriptions<Port>,
    #[n(1)]
    pub(super) incoming: Value<Incoming>,
    /// The streams to the host that have begun.
    #[n(2)]
    pub(super) outgoing: Map<Port, Outgoing>,
    /// Goes with the instance.
    #[cbor(skip)]
    wire: Wire,
}

impl State {
    pub(super) fn new(
        open: Descriptions<Port>,
        incoming: Value<Incoming>,
        outgoing: Map<Port, Outgoing>,
    ) -> State {
        State {
            open,
            incoming,
            outgoing,
            wire: Wire::default(),
        }
    }

    /// The openings.
    #[must_use]
    pub fn descriptions(&self) -> &Descriptions<Port> {
        &self.open
    }

    /// The openings, to change.
    pub fn descriptions_mut(&mut self) -> &mut Descriptions<Port> {
        &mut self.open
    }

    /// The stream from the host.
    #[must_use]
    pub fn incoming(&self) -> &Incoming {
        self.incoming.get()
    }

    /// Changes the stream from the host.
    pub fn with_incoming<R>(&mut self, change: impl FnOnce(&mut Incoming) -> R) -> R {
        self.incoming.change(change)
    }

    /// A stream to the host.
    #[must_use]
    pub fn outgoing(&self, port: Port) -> &Outgoing {
        self.outgoing.get(&port).unwrap_or(&NOT_BEGUN)
    }

    /// Changes a stream to the host.
    pub fn with_outgoing(&mut self, port: Port, change: impl FnOnce(&mut Outgoing)) {
        let mut outgoing = self.outgoing(port).clone();
        change(&mut outgoing);
        self.outgoing.insert(port, outgoing);
    }

    /// What is under way.
    pub fn wire(&self) -> &Wire {
        &self.wire
    }

    /// What is under way, to change.
    pub fn wire_mut(&mut self) -> &mut Wire {
        &mut self.wire
    }
}

impl service::State for State {
    const VERSION: u32 = 1;
    type Other = super::version_2::State;
    const OTHER_VERSION: u32 = 2;

    fn fresh(start: &service::Start) -> Self {
        State {
            open: Descriptions::fresh(start),
            incoming: Value::new(Incoming::fresh(start)),
            ..Self::default()
        }
    }

    fn check(&mut self) -> usize {
        self.open.check(|_| true)
    }
}
