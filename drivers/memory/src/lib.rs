//! memory, the driver of null, zero and full.
#![cfg_attr(feature = "image", no_std)]

extern crate alloc;

mod state;

use abi::Errno;
use alloc::boxed::Box;
use linux::file::device::MEMORY;
use protocol::endpoint::RANDOM;
use protocol::{device, object};
use service::description::Descriptions;
use service::objects::{self, Device, Objects, publish_devices, serve_device, zero_lease};
use service::{Cx, Handler, Outcome, Service};
pub use state::State;
use state::{Kind, Object};

/// Bytes that one call moves at most (Linux's MAX_RW_COUNT).
const LONGEST: u64 = 0x7fff_f000;

/// The minor numbers of random and urandom, which their own driver serves.
const RANDOM_MINORS: [u32; 2] = [8, 9];

fn is_random(device: u64) -> bool {
    RANDOM_MINORS.contains(&objects::numbers(device).1)
}

/// The driver.
#[derive(Debug)]
pub struct MemoryDevice;

impl Service for MemoryDevice {
    type State = State;

    fn handle(cx: Cx<Self>) -> Handler {
        match device::Request::decode(cx.message()) {
            Some(device::Request::Open(question)) if is_random(question.device) => {
                Box::pin(async move { cx.forward(RANDOM, &question, &[]) })
            }
            _ => serve_device(cx),
        }
    }

    fn attach(cx: Cx<Self>) -> Handler {
        Box::pin(async move {
            publish_devices(&cx).await;
            cx.end(|_| ())
        })
    }
}

impl Device for MemoryDevice {
    const MAJORS: &'static [u32] = &[MEMORY];

    fn device(_: u32, minor: u32) -> Option<Object> {
        Kind::of_minor(minor).map(State::object)
    }
}

impl Objects for MemoryDevice {
    type Object = Object;

    fn descriptions(state: &mut State) -> &mut Descriptions<Object> {
        state.descriptions_mut()
    }

    fn open_descriptions(state: &State) -> &Descriptions<Object> {
        state.descriptions()
    }

    fn read(cx: Cx<Self>, question: object::Read) -> Handler {
        Box::pin(read(cx, question.handle, question.count))
    }

    fn read_at(cx: Cx<Self>, question: object::ReadAt) -> Handler {
        Box::pin(read(cx, question.handle, question.count))
    }

    fn write(cx: Cx<Self>, question: object::Write) -> Handler {
        Box::pin(write(cx, question.handle, question.count))
    }

    fn write_at(cx: Cx<Self>, question: object::WriteAt) -> Handler {
        Box::pin(write(cx, question.handle, question.count))
    }

    fn seek(cx: Cx<Self>, question: object::Seek) -> Handler {
        Box::pin(async move {
            cx.end_with(|state| {
                state.kind(question.handle)?;
                Ok(0_u64)
            })
        })
    }

    fn other(cx: Cx<Self>, request: object::Request) -> Handler {
        match request {
            object::Request::Synchronise(_) => objects::refuse(cx, Errno::INVAL),
            _ => objects::refuse(cx, Errno::NOTSUP),
        }
    }
}

async fn read(cx: Cx<MemoryDevice>, handle: protocol::Handle, count: u64) -> Outcome {
    let kind = cx.look("kind", |state| state.kind(handle))?;
    let count = match kind {
        Kind::Null => 0,
        Kind::Zero | Kind::Full => count.min(LONGEST),
    };
    zero_lease(&cx, 0, count)?;
    cx.end(|_| count)
}

async fn write(cx: Cx<MemoryDevice>, handle: protocol::Handle, count: u64) -> Outcome {
    cx.end_with(|state| match state.kind(handle)? {
        Kind::Full if count > 0 => Err(Errno::NOSPC.into()),
        _ => {
            state.swallow(count.min(LONGEST));
            Ok(count.min(LONGEST))
        }
    })
}
