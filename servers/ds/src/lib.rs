//! ds, the data store: published names.
//!
//! A service publishes what it serves; vfs finds it here and may wait for it.
#![cfg_attr(feature = "image", no_std)]

extern crate alloc;

mod state;

use alloc::boxed::Box;
use core::task::Poll;
use protocol::names::{Find, Found, List, Published, Request};
use service::instance::refuse;
use service::{Cx, Handler, Outcome, Service};
pub use state::State;

/// The one key that waiting requests wait with: publishing is rare.
const PUBLISHED: u64 = 0;

/// The data store.
#[derive(Debug)]
pub struct NameServer;

impl Service for NameServer {
    type State = State;

    fn handle(cx: Cx<Self>) -> Handler {
        match Request::decode(cx.message()) {
            Some(Request::Publish(question)) => {
                let server = cx.from();
                Box::pin(async move {
                    cx.wake(PUBLISHED);
                    cx.end_with(|state| {
                        Ok(state.publish(question.kind, question.number, server)?)
                    })
                })
            }
            Some(Request::Find(question)) => Box::pin(find(cx, question)),
            Some(Request::List(question)) => Box::pin(list(cx, question)),
            None => refuse(cx),
        }
    }
}

async fn find(cx: Cx<NameServer>, question: Find) -> Outcome {
    cx.end_when(PUBLISHED, |state, wake| {
        match state.find(question.kind, question.number) {
            Some(server) => Poll::Ready(Ok(Found { server })),
            None if question.wait && !wake.cancelled => Poll::Pending,
            None => Poll::Ready(Err(abi::Errno::NOENT.into())),
        }
    })
    .await
}

async fn list(cx: Cx<NameServer>, question: List) -> Outcome {
    cx.end_with(|state| {
        let (kind, number, server) = state.nth(question.index).ok_or(abi::Errno::NOENT)?;
        Ok(Published {
            kind,
            number,
            server,
        })
    })
}
