//! gauge, by which `bench` measures what requests between services cost: a driver in hello's place that
//! asks the driver of /dev/zero as often as it is told to. It takes the right to do so, which hello has not.
//!
//! The offset of a read says what it does ([`offset`]): it opens /dev/zero and answers the handle, or it makes
//! requests, one after the other, and answers how many.
#![cfg_attr(feature = "image", no_std)]

extern crate alloc;

use abi::Access;
use abi::word::low_32;
use alloc::boxed::Box;
use hello::State;
use linux::file::device::MEMORY as MAJOR;
use protocol::endpoint::MEMORY;
use protocol::{Handle, device, object};
use service::description::Descriptions;
use service::objects::{Device, Objects, publish_devices, serve_device};
use service::{Cx, Handler, Lend, Outcome, Service};

/// What the offset of a read says: the number of requests, and added to that:
mod offset {
    /// Each answer goes through the journal, as that of a question that may be asked only once.
    pub(super) const KEPT: u64 = 1 << 8;
    /// A byte of zero for each request, which goes to whoever reads.
    pub(super) const BYTE: u64 = 1 << 16;
    /// This times the handle of /dev/zero; without it, that is opened.
    pub(super) const HANDLE: u64 = 1 << 32;
}

/// The minor number of /dev/zero.
const ZERO: u64 = 5;

/// The driver.
#[derive(Debug)]
pub struct Gauge;

impl Service for Gauge {
    type State = State;

    fn handle(cx: Cx<Self>) -> Handler {
        serve_device(cx)
    }

    fn attach(cx: Cx<Self>) -> Handler {
        Box::pin(async move {
            publish_devices(&cx).await;
            cx.end(|_| ())
        })
    }
}

impl Device for Gauge {
    const MAJORS: &'static [u32] = &[120];

    fn device(_: u32, minor: u32) -> Option<()> {
        (minor == 0).then_some(())
    }
}

impl Objects for Gauge {
    type Object = ();

    fn descriptions(state: &mut State) -> &mut Descriptions<()> {
        state.descriptions_mut()
    }

    fn open_descriptions(state: &State) -> &Descriptions<()> {
        state.descriptions()
    }

    fn read_at(cx: Cx<Self>, question: object::ReadAt) -> Handler {
        Box::pin(answer(cx, question))
    }
}

async fn answer(cx: Cx<Gauge>, question: object::ReadAt) -> Outcome {
    let handle = Handle(low_32(question.offset / offset::HANDLE));
    if handle == Handle(0) {
        open(cx).await
    } else {
        ask(cx, handle, question).await
    }
}

async fn open(cx: Cx<Gauge>) -> Outcome {
    let open = device::Open {
        device: u64::from(MAJOR) << 8 | ZERO,
        flags: 0,
    };
    let opened = cx.ask("open", MEMORY, open, &[]).await?;
    cx.end(|_| u64::from(opened.handle.0))
}

async fn ask(cx: Cx<Gauge>, handle: Handle, question: object::ReadAt) -> Outcome {
    let bytes = question.offset % offset::HANDLE / offset::BYTE;
    let count = question.count.min(bytes);
    let read = object::ReadAt {
        handle,
        count,
        offset: 0,
    };
    let part = [Lend::Part {
        index: 0,
        offset: 0,
        length: count,
        access: Access::Write,
    }];
    let lend = if count > 0 { &part[..] } else { &[] };
    let times = question.offset % offset::KEPT;
    for _ in 0..times {
        if question.offset & offset::KEPT == 0 {
            cx.repeat("read", MEMORY, read, lend).await?;
        } else {
            cx.ask("read", MEMORY, read, lend).await?;
        }
    }
    cx.end(|_| times)
}
