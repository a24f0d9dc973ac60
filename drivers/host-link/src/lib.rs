//! host-link, the driver of the host's byte streams on the second serial port.
//!
//! /dev/host/stdin is read, /dev/host/stdout and stderr are written; one byte to /dev/host/control
//! ends all three. The frames are those of the crate `link`: they carry offsets, so whatever a crash
//! or an update cuts short is sent again and nothing is lost or doubled. For that,
//!
//! - bytes for the host stay in the State until the host has them, and are sent only by a closure
//!   after the one that took them;
//! - the host hears that its bytes were received only after they are in the State;
//! - what is under way (a frame half sent or half received) is no part of what a successor gets: it
//!   asks for, and sends, everything again that is not known to have arrived.
#![cfg_attr(feature = "image", no_std)]

extern crate alloc;

mod line;
mod port;
mod state;
mod stream;
#[cfg(test)]
mod tests;
mod transfer;
mod wire;

use alloc::boxed::Box;
use port::Port;
use protocol::object;
use service::description::{Description, Descriptions};
use service::objects::{self, Device, Objects, serve_device};
use service::{Cx, Handler, Service};
pub use state::State;

/// The driver. Linux leaves majors 240 to 254 for local use.
#[derive(Debug)]
pub struct HostLink;

type Context = Cx<HostLink>;

/// What wakes everybody who waits for the streams.
const CHANGED: u64 = 1;

impl Service for HostLink {
    type State = State;

    fn handle(cx: Context) -> Handler {
        serve_device(cx)
    }

    fn notified(cx: Context, _: u64) -> Handler {
        Box::pin(async move {
            line::serve(&cx);
            cx.end(|_| ())
        })
    }

    fn attach(cx: Context) -> Handler {
        Box::pin(async move {
            line::take_over(&cx);
            objects::publish_devices(&cx).await;
            cx.end(|_| ())
        })
    }
}

impl Device for HostLink {
    const MAJORS: &'static [u32] = &[240];

    fn device(_: u32, minor: u32) -> Option<Port> {
        Port::of_minor(minor)
    }
}

impl Objects for HostLink {
    type Object = Port;

    fn descriptions(state: &mut State) -> &mut Descriptions<Port> {
        state.descriptions_mut()
    }

    fn open_descriptions(state: &State) -> &Descriptions<Port> {
        state.descriptions()
    }

    fn read(cx: Context, question: object::Read) -> Handler {
        Box::pin(transfer::read(cx, question))
    }

    fn write(cx: Context, question: object::Write) -> Handler {
        Box::pin(transfer::write(cx, question))
    }

    fn ready(state: &State, description: &Description<Port>) -> u32 {
        transfer::readiness(state, description.object)
    }

    fn changes(_: &Port) -> Option<u64> {
        Some(CHANGED)
    }
}
