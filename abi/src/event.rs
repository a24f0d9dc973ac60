//! What `receive` hands to a service, and the page it goes through.

use crate::lease::{LeaseDescriptor, LeaseInformation};
use crate::{Caller, Endpoint, Message, Reply, RequestId, Tag, Time};

/// Leases a request can carry.
pub const MAX_LEASES: usize = 4;

/// The kinds of event. A service handles one at a time; its next `receive` acknowledges it, and
/// an event not acknowledged is delivered again to the next instance.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u32)]
pub enum EventKind {
    /// Nothing (the initial content of the page).
    #[default]
    None = 0,
    /// A request: `id`, `caller`, `from`, `stamp`, `message`, `leases`, `cancelled`, `again`.
    Request = 1,
    /// The reply to a request this service submitted: `tag`, `reply`.
    Completion = 2,
    /// A request delivered before has been cancelled: `id`.
    Cancel = 3,
    /// Notification bits have been raised: `bits`.
    Notify = 4,
    /// The timer has expired.
    Timer = 5,
}

/// One event. Fields that its kind does not name tell nothing.
#[derive(Clone, Copy, Debug, Default)]
#[repr(C)]
pub struct Event {
    /// An [`EventKind`].
    pub kind: u32,
    /// A [`crate::slot::Fault`] that the service is to suffer now, or 0.
    pub fault: u32,
    /// The kernel's clock at delivery.
    pub now: Time,
    /// The request.
    pub id: RequestId,
    /// When the caller made the request: the same at every delivery.
    pub stamp: Time,
    /// On whose behalf.
    pub caller: Caller,
    /// The service that submitted or forwarded it; [`Endpoint::NONE`] for a program.
    pub from: Endpoint,
    /// 1 once the request has been cancelled (a level, so told again at each delivery).
    pub cancelled: u16,
    /// 1 when it has been delivered before, so the journal may hold something for it.
    pub again: u32,
    /// The request's content.
    pub message: Message,
    /// What is lent with it.
    pub leases: [LeaseInformation; MAX_LEASES],
    /// The completed submission.
    pub tag: Tag,
    /// Its answer.
    pub reply: Reply,
    /// Notification bits: see [`notification`].
    pub bits: u64,
}

/// What a service has in hand when it asks for the next event.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Holding {
    /// Requests that it has been given and has still to end: as many as the kernel counts.
    pub requests: u64,
    /// Questions that it waits for the answers to: no more than it has asked.
    pub questions: u64,
    /// Requests that wait for no answer, but for a change of what it knows, or for a time. All
    /// others wait for an answer.
    pub waiting: u64,
}

/// Notification bits.
pub mod notification {
    /// Bit n, below this, is raised by the service in slot n.
    pub const SLOTS: u32 = 40;
    /// Bit `INTERRUPTS + k` is raised by the k-th declared interrupt.
    pub const INTERRUPTS: u32 = 40;
    /// For rs: the state of some slot or transaction has changed.
    pub const SLOT_CHANGED: u64 = 1 << 63;
    /// For vm: frames have been freed after an allocation failed.
    pub const MEMORY_FREED: u64 = 1 << 62;
    /// For sched: some process used up its quantum.
    pub const QUANTUM: u64 = 1 << 61;
}

/// What a service sends: filled in before `submit`, `reply` and `forward`.
#[derive(Clone, Copy, Debug, Default)]
#[repr(C)]
pub struct Outgoing {
    /// For `submit`.
    pub tag: Tag,
    /// For `submit` and `forward`.
    pub message: Message,
    /// For `submit` and `forward`. A forwarded request keeps no lease that is not listed here.
    pub leases: [LeaseDescriptor; MAX_LEASES],
    /// For `reply`.
    pub reply: Reply,
}

/// The page that a service and the kernel share, at `layout::EVENT_PAGE` of the service.
#[derive(Clone, Copy, Debug, Default)]
#[repr(C)]
pub struct EventPage {
    /// Written by the kernel in `receive`.
    pub event: Event,
    /// Read by the kernel.
    pub outgoing: Outgoing,
}

const _: () = assert!(size_of::<EventPage>() <= 4096);
