//! What is done to a run.

use crate::probe::{Kind, Point};
use abi::Endpoint;
use control::{How, Member, Request, ServiceName, Target};

/// What is done to a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Disturbance {
    /// Where services die.
    pub deaths: Vec<Point>,
    /// A request that kills its server each time.
    pub poison: Option<Poison>,
    /// Services speak the former versions of protocols.
    pub speaks_former: bool,
    /// A rule that is left out, to show that this is noticed.
    pub without: Option<Omission>,
    /// When rs gets its orders, and which.
    pub orders: Option<(When, Vec<Order>)>,
}

/// A request that kills its server each time: the first of a kind that comes to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Poison {
    /// The server.
    pub slot: Endpoint,
    /// The message's protocol.
    pub protocol: u16,
    /// The message's kind.
    pub kind: u32,
}

/// A rule that is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Omission {
    /// By the framework.
    Framework(service::simulated::Rule),
    /// By the kernel.
    Kernel(kernel_core::Rule),
}

/// When rs gets its orders.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// When the workload begins.
    Begin,
    /// When a service comes to a point.
    At(Point),
}

/// Something that rs is asked to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// To tell how a service is doing: changes nothing.
    Status(Endpoint),
    /// To show what a service knows: changes nothing.
    State(Endpoint),
    /// To replace a service by another instance of the same version.
    Refresh(Endpoint),
    /// To replace it by another version.
    Update(Endpoint, u32),
    /// To replace all services by another version, in one transaction.
    UpdateAll(u32),
    /// To take a service down.
    Down(Endpoint),
}

impl Order {
    /// The request as rs reads it. Empty when the service has no name.
    #[must_use]
    pub fn bytes(self) -> Vec<u8> {
        let slot = match self {
            Order::Status(slot)
            | Order::State(slot)
            | Order::Refresh(slot)
            | Order::Update(slot, _)
            | Order::Down(slot) => slot,
            Order::UpdateAll(_) => Endpoint::RS,
        };
        let name = protocol::endpoint::name(slot).and_then(|name| ServiceName::new(name).ok());
        let Some(name) = name else {
            return Vec::new();
        };
        let request = match self {
            Order::Status(_) => Request::Status,
            Order::State(_) => Request::State { name },
            Order::Refresh(_) => Request::Refresh { name },
            Order::Down(_) => Request::Down { name },
            Order::UpdateAll(version) => {
                let to = Target::Version(version);
                let how = How::default();
                Request::UpdateAll { to, how }
            }
            Order::Update(_, version) => {
                let to = Target::Version(version);
                let members = vec![Member { name, to }];
                let how = How::default();
                Request::Update { members, how }
            }
        };
        control::encode_request(&request).unwrap_or_default()
    }
}

impl Disturbance {
    /// Nothing.
    #[must_use]
    pub fn none() -> Disturbance {
        Disturbance::default()
    }

    /// A service dies at a point.
    #[must_use]
    pub fn death(point: Point) -> Disturbance {
        Disturbance {
            deaths: vec![point],
            ..Disturbance::default()
        }
    }

    /// Orders are given when a service has come to its n-th event.
    #[must_use]
    pub fn orders(slot: Endpoint, number: u64, orders: Vec<Order>) -> Disturbance {
        let point = Point {
            slot,
            kind: Kind::Event,
            number,
        };
        Disturbance {
            orders: Some((When::At(point), orders)),
            ..Disturbance::default()
        }
    }

    /// Orders are given when the workload begins.
    #[must_use]
    pub fn at_once(orders: Vec<Order>) -> Disturbance {
        Disturbance {
            orders: Some((When::Begin, orders)),
            ..Disturbance::default()
        }
    }
}
