//! rs, the reincarnation server: decides what is started, restarted and updated.
//!
//! The kernel runs the transactions (`abi::slot`); rs decides on them. All that happens is one
//! operation, [`replace`]: make a candidate, have the kernel replace the instance by it, wait for
//! the outcome. Boot replaces nothing by fresh instances; recovery, refresh and update differ only
//! in which image is loaded and whether the State is carried over.
#![cfg_attr(feature = "image", no_std)]

extern crate alloc;

mod catalogue;
mod command;
mod fresh;
mod record;
mod replace;
mod report;
mod resolve;
mod show;
mod state;
mod supervise;
mod update;
mod watch;

use abi::message::PROTOCOL_LINUX;
use alloc::boxed::Box;
use protocol::inspect;
use service::instance::refuse;
use service::{Cx, Handler, Service};
pub use state::State;

/// The reincarnation server.
#[derive(Debug)]
pub struct Reincarnation;

impl Service for Reincarnation {
    type State = State;

    fn handle(cx: Cx<Self>) -> Handler {
        let message = *cx.message();
        if message.protocol == PROTOCOL_LINUX && u64::from(message.kind) == control::CALL {
            return Box::pin(command::command(cx));
        }
        match inspect::Request::decode(&message) {
            Some(inspect::Request::Services(_)) => Box::pin(command::inspect(cx)),
            _ => refuse(cx),
        }
    }

    fn notified(cx: Cx<Self>, _: u64) -> Handler {
        Box::pin(supervise::supervise(cx))
    }

    fn attach(cx: Cx<Self>) -> Handler {
        Box::pin(supervise::attach(cx))
    }
}
