//! Version 2: each stream to the host is a field of its own, and what programs have written is
//! counted.

use crate::port::Port;
use crate::stream::{Incoming, NOT_BEGUN, Outgoing};
use crate::wire::Wire;
use minicbor::{Decode, Encode};
use service::container::Value;
use service::description::Descriptions;
use shape::Shape;

/// What the driver knows.
#[derive(Debug, Default, Encode, Decode, Shape)]
pub struct State {
    #[n(0)]
    pub(super) openings: Descriptions<Port>,
    #[n(10)]
    pub(super) stdin: Value<Incoming>,
    #[n(11)]
    pub(super) stdout: Value<Outgoing>,
    #[n(12)]
    pub(super) stderr: Value<Outgoing>,
    #[n(13)]
    pub(super) control: Value<Outgoing>,
    /// Changes of the streams to the host.
    #[n(14)]
    pub(super) changes: Value<u64>,
    /// Goes with the instance.
    #[cbor(skip)]
    wire: Wire,
}

impl State {
    /// The openings.
    #[must_use]
    pub fn descriptions(&self) -> &Descriptions<Port> {
        &self.openings
    }

    /// The openings, to change.
    pub fn descriptions_mut(&mut self) -> &mut Descriptions<Port> {
        &mut self.openings
    }

    /// The stream from the host.
    #[must_use]
    pub fn incoming(&self) -> &Incoming {
        self.stdin.get()
    }

    /// Changes the stream from the host.
    pub fn with_incoming<R>(&mut self, change: impl FnOnce(&mut Incoming) -> R) -> R {
        self.stdin.change(change)
    }

    /// A stream to the host.
    #[must_use]
    pub fn outgoing(&self, port: Port) -> &Outgoing {
        match port {
            Port::Input => &NOT_BEGUN,
            Port::Output => self.stdout.get(),
            Port::Error => self.stderr.get(),
            Port::Control => self.control.get(),
        }
    }

    /// Changes a stream to the host.
    pub fn with_outgoing(&mut self, port: Port, change: impl FnOnce(&mut Outgoing)) {
        self.changes.change(|count| *count = count.wrapping_add(1));
        match port {
            Port::Input => {}
            Port::Output => self.stdout.change(change),
            Port::Error => self.stderr.change(change),
            Port::Control => self.control.change(change),
        }
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
    const VERSION: u32 = 2;
    type Other = super::version_1::State;
    const OTHER_VERSION: u32 = 1;

    fn fresh(start: &service::Start) -> Self {
        State {
            openings: Descriptions::fresh(start),
            stdin: Value::new(Incoming::fresh(start)),
            ..Self::default()
        }
    }

    fn check(&mut self) -> usize {
        self.openings.check(|_| true)
    }
}
