//! What the kernel, the services and the image builder agree on.
//!
//! A *slot* holds a service and outlives its instances; its number is the [`Endpoint`].
//! A *request* is a kernel object: queued, delivered, ended exactly once. It carries a
//! [`Message`], the [`Caller`] on whose behalf it is made, and [leases](lease) of memory.
//! A service waits only in [`Call::Receive`], which hands it one [`Event`] at a time through
//! its [`EventPage`].
#![no_std]

#[cfg(test)]
extern crate std;

pub mod call;
pub mod caller;
pub mod crash;
pub mod declaration;
pub mod endpoint;
pub mod error;
pub mod event;
pub mod image;
pub mod layout;
pub mod lease;
pub mod limits;
pub mod message;
pub mod power;
pub mod process;
pub mod slot;
pub mod time;
pub mod trace;
pub mod word;

pub use call::Call;
pub use caller::Caller;
pub use endpoint::Endpoint;
pub use error::{CallError, Errno};
pub use event::{Event, EventKind, EventPage};
pub use lease::{Access, LeaseDescriptor, LeaseSource};
pub use message::{Message, Reply, RequestId, Tag};
pub use process::{Pid, SpaceId};
pub use time::Time;
