//! vfs, the virtual file system: paths, mounts, descriptor tables.
//!
//! Open file descriptions live at the servers of the objects; vfs knows which descriptor of which
//! process means which of them, and how a path goes from one file system to the next. A read or
//! write is handed on to the server of the object together with the program's memory, and its
//! answer goes straight to the program.
#![cfg_attr(feature = "image", no_std)]

extern crate alloc;

mod arguments;
mod attributes;
mod calls;
mod control;
mod copy;
mod directory;
mod duplicate;
mod found;
mod inspect;
mod lock;
mod mount;
mod names;
mod open;
mod pipe;
mod poll;
mod processes;
mod refusals;
mod release;
#[cfg(test)]
mod simulation;
mod state;
mod status;
mod tables;
mod transfer;
mod vector;
mod walk;

use abi::message::PROTOCOL_LINUX;
use protocol::descriptors;
use service::instance::refuse;
use service::{Cx, Handler, Service};
pub use state::State;

/// The virtual file system.
#[derive(Debug)]
pub struct VirtualFileSystem;

impl Service for VirtualFileSystem {
    type State = State;

    fn handle(cx: Cx<Self>) -> Handler {
        if cx.message().protocol == PROTOCOL_LINUX {
            return calls::answer(cx);
        }
        if let Some(request) = descriptors::Request::decode(cx.message()) {
            return processes::answer(cx, request);
        }
        match protocol::inspect::Request::decode(cx.message()) {
            Some(request) => inspect::answer(cx, request),
            None => refuse(cx),
        }
    }
}
