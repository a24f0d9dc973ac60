//! hello, the smallest driver: /dev/hello greets each reader by number.
//!
//! It is the tutorial for those who write a driver. **Fresh start**: `State::fresh` knows nobody.
//! **Restart** after a crash: the State comes along, with whoever has the device open, and what was
//! in progress runs again; a reader is never counted twice, because the count and the answer are
//! one closure. **Update**: `state.rs` has version 2 of the State, made from the first.
//! `attach` runs after each of the three, and is the first place to touch the world.
#![cfg_attr(feature = "image", no_std)]

extern crate alloc;

mod state;

use alloc::boxed::Box;
use alloc::format;
use protocol::object;
use service::description::Descriptions;
use service::objects::{Device, Objects, publish_devices, serve_device};
use service::{Cx, Handler, Outcome, Service};
pub use state::State;

/// The driver. Linux leaves majors 120 to 127 for local use.
#[derive(Debug)]
pub struct HelloDriver;

impl Service for HelloDriver {
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

impl Device for HelloDriver {
    const MAJORS: &'static [u32] = &[120];

    fn device(_: u32, minor: u32) -> Option<()> {
        (minor == 0).then_some(())
    }
}

impl Objects for HelloDriver {
    type Object = ();

    fn descriptions(state: &mut State) -> &mut Descriptions<()> {
        state.descriptions_mut()
    }

    fn open_descriptions(state: &State) -> &Descriptions<()> {
        state.descriptions()
    }

    fn read(cx: Cx<Self>, question: object::Read) -> Handler {
        Box::pin(read(cx, question))
    }
}

/// The first read of an opening greets; the ones after find the end.
async fn read(cx: Cx<HelloDriver>, question: object::Read) -> Outcome {
    cx.end_with(|state| {
        if state.descriptions().get(question.handle)?.position > 0 {
            return Ok(0);
        }
        let greeting = format!("hello, reader {}\n", state.readers() + 1);
        let count = greeting.len().min(abi::word::index(question.count));
        // The copy comes first: if the reader's page has to be fetched, nothing has changed.
        cx.write_lease(0, 0, &greeting.as_bytes()[..count])?;
        state.greeted();
        let descriptions = state.descriptions_mut();
        descriptions.update(question.handle, |opened| opened.position = 1)?;
        Ok(count as u64)
    })
}
