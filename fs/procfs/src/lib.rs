//! procfs, the proc file system.
//!
//! Nothing is stored: a node of the tree is a small value that says what it is about, and its
//! content is made of what pm, vfs, vm, rs and the kernel say when it is read. All questions change
//! nothing, so a handler may be run again at any time.
#![cfg_attr(feature = "image", no_std)]

extern crate alloc;

mod ask;
mod content;
mod find;
mod names;
pub mod node;
mod read;
pub mod state;
pub mod text;

pub use node::Node;
pub use state::State;

use crate::state::Tables;
use alloc::boxed::Box;
use protocol::names::{FileSystem, Kind};
use protocol::{endpoint, files, object};
use service::description::Descriptions;
use service::instance::refuse;
use service::objects::{self, Objects};
use service::{Cx, Handler, Service};

/// The proc file system.
#[derive(Debug)]
pub struct ProcFileSystem;

impl Service for ProcFileSystem {
    type State = State;

    fn handle(cx: Cx<Self>) -> Handler {
        if let Some(request) = object::Request::decode(cx.message()) {
            return objects::serve(cx, request);
        }
        match files::Request::decode(cx.message()) {
            Some(request) => names::answer(cx, request),
            None => refuse(cx),
        }
    }

    fn attach(cx: Cx<Self>) -> Handler {
        Box::pin(async move {
            let number = FileSystem::Proc as u64;
            objects::publish(&cx, endpoint::DS, Kind::FileSystem, number).await?;
            cx.end(|_| ())
        })
    }
}

impl Objects for ProcFileSystem {
    type Object = state::Object;

    fn descriptions(state: &mut State) -> &mut Descriptions<state::Object> {
        state.open_mut()
    }

    fn open_descriptions(state: &State) -> &Descriptions<state::Object> {
        state.open()
    }

    fn read(cx: Cx<Self>, question: object::Read) -> Handler {
        Box::pin(read::read(cx, question))
    }

    fn read_at(cx: Cx<Self>, question: object::ReadAt) -> Handler {
        Box::pin(read::read_at(cx, question))
    }

    fn seek(cx: Cx<Self>, question: object::Seek) -> Handler {
        Box::pin(read::seek(cx, question))
    }

    fn entries(cx: Cx<Self>, question: object::Entries) -> Handler {
        Box::pin(read::entries(cx, question))
    }

    fn other(cx: Cx<Self>, request: object::Request) -> Handler {
        Box::pin(read::other(cx, request))
    }
}

#[cfg(test)]
mod tests;
