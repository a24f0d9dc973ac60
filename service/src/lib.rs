//! The framework of services.
//!
//! A service is a value, its [`State`], plus handlers that can be run again:
//!
//! - The State is made of [containers](container) and reached only in closures that cannot await,
//!   so at every `receive` it is whole.
//! - A handler is an `async fn` over a [`Cx`]. It *observes* (`look`, `repeat`) and has *effects*
//!   (`step`, `ask`, `kernel`, `end`, `forward`). An effect journals itself and the observations
//!   since the effect before, in its own closure, each under its label and its n-th use. So a
//!   handler run again after a crash or an update takes the same path up to its last effect.
//! - Labels are names for ever, like field names: another version may reword, reorder and add.
//! - What blocks in a service ([`Cx::end_when`]) is a request that the next instance receives again.
//!
//! [`instance::Instance`] is the main loop's body, the same on the host (tests, simulation) and in
//! the image; `image` holds what only the real machine needs.
#![cfg_attr(feature = "image", no_std)]

extern crate alloc;

pub mod container;
pub mod context;
pub mod description;
mod epoch;
#[cfg(feature = "image")]
pub mod image;
pub mod instance;
mod introspect;
mod journal;
pub mod objects;
pub mod outcome;
mod run;
#[cfg(any(test, feature = "image"))]
pub mod shelves;
pub mod simulated;
pub mod state;
pub mod system;
pub mod wake;

pub use context::{Cx, Lend};
pub use instance::{Handler, NOTIFIED, Service};
pub use outcome::{End, Outcome, Refused};
pub use state::{Start, State};
pub use system::System;
pub use wake::Wake;
