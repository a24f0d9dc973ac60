//! tty, the terminal driver: the console on the first serial port.
//!
//! ```text
//!  chip --line::serve--> lib/terminal --> read           write --> lib/terminal --> Transmit
//!  chip <--line::serve-- Transmit                                           (in the State)
//! ```
//!
//! A byte that a write has taken is in the State until it is on the line, so it survives a crash or
//! an update. It is sent twice only if the driver dies between two port writes (see [`uart`]), and
//! then at most [`uart::FIFO_BYTES`] are. A received byte is lost only if the driver dies between
//! taking it from the chip and the end of that closure, that is, while the terminal looks at it.
#![cfg_attr(feature = "image", no_std)]

extern crate alloc;

mod access;
mod control;
mod happening;
mod line;
mod opening;
mod read;
mod session;
mod state;
#[cfg(test)]
mod tests;
mod transmit;
mod write;

use alloc::boxed::Box;
use linux::file::device::{ALTERNATE_TERMINALS, TERMINALS};
use opening::{Node, Opening};
use protocol::{device, object, terminal as questions};
use service::description::{Description, Descriptions};
use service::instance::refuse;
use service::objects::{self, Device, Objects};
use service::{Cx, Handler, Service};
pub use state::State;
use terminal::{Readiness, Sink};

/// The driver.
#[derive(Debug)]
pub struct TerminalDriver;

type Context = Cx<TerminalDriver>;

/// What wakes everybody who waits for the terminal.
const CHANGED: u64 = 1;

impl Service for TerminalDriver {
    type State = State;

    fn handle(cx: Context) -> Handler {
        let message = *cx.message();
        if let Some(request) = object::Request::decode(&message) {
            return objects::serve(cx, request);
        }
        if let Some(device::Request::Open(question)) = device::Request::decode(&message) {
            return Box::pin(opening::open(cx, question));
        }
        match questions::Request::decode(&message) {
            Some(request) => session::answer(cx, request),
            None => refuse(cx),
        }
    }

    fn notified(cx: Context, _: u64) -> Handler {
        Box::pin(async move {
            line::serve(&cx);
            cx.end(|_| ())
        })
    }

    fn attach(cx: Context) -> Handler {
        Box::pin(async move {
            // Before all else: what the predecessor sent last is known as long as nothing changes.
            line::take_over(&cx);
            objects::publish_devices(&cx).await;
            cx.end(|_| ())
        })
    }
}

impl Device for TerminalDriver {
    const MAJORS: &'static [u32] = &[TERMINALS, ALTERNATE_TERMINALS];

    fn device(major: u32, minor: u32) -> Option<Opening> {
        Node::of_numbers(major, minor).map(Opening::first)
    }
}

impl Objects for TerminalDriver {
    type Object = Opening;

    fn descriptions(state: &mut State) -> &mut Descriptions<Opening> {
        state.descriptions_mut()
    }

    fn open_descriptions(state: &State) -> &Descriptions<Opening> {
        state.descriptions()
    }

    fn closed(state: &mut State, _: Opening, _: u32) -> Option<u64> {
        opening::closed(state);
        None
    }

    fn read(cx: Context, question: object::Read) -> Handler {
        Box::pin(read::read(cx, question))
    }

    fn write(cx: Context, question: object::Write) -> Handler {
        Box::pin(write::write(cx, question))
    }

    fn control(cx: Context, question: object::Control) -> Handler {
        Box::pin(control::control(cx, question))
    }

    fn ready(state: &State, description: &Description<Opening>) -> u32 {
        if state.is_dead(description.object) {
            return Readiness::all().bits();
        }
        let room = state.transmit().room();
        state.terminal().readiness(room).bits()
    }

    fn changes(_: &Opening) -> Option<u64> {
        Some(CHANGED)
    }
}
