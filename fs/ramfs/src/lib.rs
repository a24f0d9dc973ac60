//! ramfs, the file system in memory: the root, from the boot archive.
//!
//! The State holds the files, their names, and a table that says which page of the kept area is
//! which page of which file. The pages themselves stay where they are when an instance follows
//! another; what has never been written is read and lent to programs from the archive.
#![cfg_attr(feature = "image", no_std)]

extern crate alloc;

mod attributes;
mod bytes;
mod check;
mod content;
mod context;
mod listing;
mod load;
mod make;
mod names;
mod node;
mod open;
mod pages;
mod read;
mod state;
mod status;
#[cfg(test)]
mod tests;
mod tree;
mod walk;
mod write;

use crate::context::{Context, drain, recover};
use crate::node::NodeId;
use crate::state::Open;
use crate::tree::Tree;
use abi::Errno;
use alloc::boxed::Box;
use linux::file::control::FIONREAD;
use protocol::endpoint::DS;
use protocol::object::Request;
use protocol::{Handle, files, names as published, object};
use service::description::Descriptions;
use service::instance::refuse;
use service::objects::{self, Objects};
use service::{Cx, Handler, Outcome, Service};
pub use state::State;

/// The file system in memory.
#[derive(Debug)]
pub struct RamFileSystem;

impl Service for RamFileSystem {
    type State = State;

    fn handle(cx: Cx<Self>) -> Handler {
        if let Some(request) = Request::decode(cx.message()) {
            return match request {
                Request::Close(question) => Box::pin(close(cx, question.handle)),
                other => objects::serve(cx, other),
            };
        }
        match files::Request::decode(cx.message()) {
            Some(request) => names::handle(cx, request),
            None => refuse(cx),
        }
    }

    fn attach(cx: Cx<Self>) -> Handler {
        Box::pin(attach(cx))
    }
}

/// Fills the root at the first start, frees what the instance before left, and publishes itself.
async fn attach(cx: Context) -> Outcome {
    recover(&cx);
    let kind = published::Kind::FileSystem;
    let number = published::FileSystem::Ram as u64;
    if let Err(refused) = objects::publish(&cx, DS, kind, number).await {
        cx.log(&alloc::format!("ramfs is not published: {refused:?}"));
    }
    cx.end(|_| ())
}

async fn close(cx: Context, handle: Handle) -> Outcome {
    let ended = cx.end_with(|state| {
        if let Some(closed) = state.open_mut().close(handle)? {
            state.closed(closed.object);
        }
        Ok(())
    });
    drain(&cx);
    ended
}

impl Objects for RamFileSystem {
    type Object = NodeId;

    fn descriptions(state: &mut State) -> &mut Descriptions<NodeId> {
        state.open_mut()
    }

    fn open_descriptions(state: &State) -> &Descriptions<NodeId> {
        state.open()
    }

    fn closed(state: &mut State, object: NodeId, _: u32) -> Option<u64> {
        Tree::closed(state, object);
        None
    }

    fn read(cx: Cx<Self>, question: object::Read) -> Handler {
        Box::pin(read::read(cx, question.handle, question.count, None))
    }

    fn write(cx: Cx<Self>, question: object::Write) -> Handler {
        Box::pin(write::write(cx, question.handle, question.count, None))
    }

    fn read_at(cx: Cx<Self>, question: object::ReadAt) -> Handler {
        let at = Some(question.offset);
        Box::pin(read::read(cx, question.handle, question.count, at))
    }

    fn write_at(cx: Cx<Self>, question: object::WriteAt) -> Handler {
        let at = Some(question.offset);
        Box::pin(write::write(cx, question.handle, question.count, at))
    }

    fn seek(cx: Cx<Self>, question: object::Seek) -> Handler {
        Box::pin(read::seek(cx, question))
    }

    fn entries(cx: Cx<Self>, question: object::Entries) -> Handler {
        Box::pin(listing::entries(cx, question))
    }

    fn control(cx: Cx<Self>, question: object::Control) -> Handler {
        match question.request {
            FIONREAD => Box::pin(read::remaining(cx, question.handle)),
            _ => objects::refuse(cx, Errno::NOTTY),
        }
    }

    fn other(cx: Cx<Self>, request: Request) -> Handler {
        match request {
            Request::Status(q) => Box::pin(status::status_of(cx, q.handle, status::Form::Basic)),
            Request::ExtendedStatus(q) => {
                Box::pin(status::status_of(cx, q.handle, status::Form::Extended))
            }
            Request::FileSystemStatus(q) => {
                Box::pin(status::status_of(cx, q.handle, status::Form::FileSystem))
            }
            Request::Describe(q) => Box::pin(status::describe(cx, q.handle)),
            Request::Truncate(q) => Box::pin(write::truncate(cx, q.handle, q.length)),
            Request::SetMode(q) => {
                Box::pin(status::change(cx, q.handle, move |state, actor, now| {
                    attributes::set_mode(state, actor, now.0, q.mode, now.1)
                }))
            }
            Request::SetOwner(q) => {
                Box::pin(status::change(cx, q.handle, move |state, actor, now| {
                    attributes::set_owner(state, actor, now.0, (q.user, q.group), now.1)
                }))
            }
            Request::SetTimes(q) => {
                Box::pin(status::change(cx, q.handle, move |state, actor, now| {
                    let times = (q.access, q.modification);
                    attributes::set_times(state, actor, now.0, times, now.1)
                }))
            }
            Request::Page(q) => Box::pin(pages::page(cx, q)),
            // Memory is all there is.
            Request::Synchronise(q) => {
                Box::pin(
                    async move { cx.end_with(|state| Ok(state.open().get(q.handle).map(drop)?)) },
                )
            }
            _ => objects::refuse(cx, Errno::INVAL),
        }
    }
}
