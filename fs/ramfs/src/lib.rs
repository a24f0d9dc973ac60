//! ramfs, the root file system, in memory.
#![cfg_attr(feature = "image", no_std)]

extern crate alloc;

mod content;
mod load;
mod names;
mod objects;
mod paths;
mod state;
mod tree;

use abi::Call;
use alloc::boxed::Box;
use protocol::names::{FileSystem, Kind};
use protocol::{endpoint, files};
use service::instance::refuse;
use service::objects::{publish, serve};
use service::{Cx, Handler, Service};
pub use state::State;

/// The file system.
#[derive(Debug)]
pub struct RamFileSystem;

type Context = Cx<RamFileSystem>;

impl Service for RamFileSystem {
    type State = State;

    fn handle(cx: Cx<Self>) -> Handler {
        if let Some(request) = protocol::object::Request::decode(cx.message()) {
            return serve(cx, request);
        }
        match files::Request::decode(cx.message()) {
            Some(request) => paths::handle(cx, request),
            None => refuse(cx),
        }
    }

    fn attach(cx: Cx<Self>) -> Handler {
        Box::pin(async move {
            let archive = cx.system().archive();
            cx.step("load", |state| {
                if !state.tree().is_loaded() {
                    load::load(state.tree_mut(), archive);
                }
            });
            let number = FileSystem::Ram as u64;
            if publish(&cx, endpoint::DS, Kind::FileSystem, number)
                .await
                .is_err()
            {
                cx.log("ramfs: not published");
            }
            cx.end(|_| ())
        })
    }
}

/// Nanoseconds since 1970 when the request was made.
fn now(cx: &Context) -> u64 {
    let start = cx.system().call(Call::RealTime, &[]).unwrap_or(0);
    start.saturating_add(cx.stamp().0)
}
