//! vm, the memory manager: address spaces of programs.
//!
//! vm keeps a table of regions for each space and decides about page faults by it; the pages
//! themselves are recorded in the kernel's page tables alone. A change of a mapping is a closure
//! over the State that says what is to be done to the pages; the kernel calls that do it are
//! harmless when made again.
#![cfg_attr(feature = "image", no_std)]

extern crate alloc;

pub mod action;
pub mod arguments;
pub mod fault;
mod handle;
pub mod maps;
pub mod random;
pub mod range;
pub mod region;
pub mod regions;
pub mod space;
pub mod state;

use abi::message::PROTOCOL_LINUX;
use abi::{Endpoint, Errno};
use alloc::boxed::Box;
use protocol::endpoint::PM;
use protocol::{memory, stopped};
use service::instance::refuse;
use service::{Cx, Handler, Service, objects};
pub use state::State;

/// The memory manager.
#[derive(Debug)]
pub struct MemoryManager;

impl Service for MemoryManager {
    type State = State;

    fn handle(cx: Cx<Self>) -> Handler {
        let message = *cx.message();
        if message.protocol == PROTOCOL_LINUX {
            return handle::linux_call(cx, message.kind, message.words);
        }
        if let Some(stopped::Request::PageFault(fault)) = stopped::Request::decode(&message) {
            return Box::pin(handle::page_fault(cx, fault));
        }
        match memory::Request::decode(&message) {
            Some(request) if may_ask(cx.from(), &request) => memory_request(cx, request),
            Some(_) => objects::refuse(cx, Errno::PERM),
            None => refuse(cx),
        }
    }

    fn attach(cx: Cx<Self>) -> Handler {
        Box::pin(handle::take_up(cx))
    }
}

/// Whether a service may ask for something: what changes spaces is pm's alone.
fn may_ask(from: Endpoint, request: &memory::Request) -> bool {
    let changes_nothing = matches!(
        request,
        memory::Request::Inspect(_) | memory::Request::Regions(_)
    );
    changes_nothing || from == PM
}

fn memory_request(cx: Cx<MemoryManager>, request: memory::Request) -> Handler {
    use memory::Request;
    match request {
        Request::Execute(question) => Box::pin(handle::execute(cx, question)),
        Request::Clone(question) => Box::pin(handle::clone(cx, question)),
        Request::Destroy(question) => Box::pin(handle::destroy(cx, question)),
        Request::Inspect(question) => Box::pin(handle::inspect(cx, question)),
        Request::SetLimits(question) => Box::pin(handle::set_limits(cx, question)),
        Request::Regions(question) => Box::pin(handle::regions(cx, question)),
        Request::Victim(_) => Box::pin(handle::victim(cx)),
    }
}
