//! Readiness.

use crate::{CHANGED, Context, State};
use abi::Errno;
use core::task::Poll as Turn;
use protocol::Handle;
use protocol::object::{Poll, Ready};
use service::Outcome;
use terminal::{Readiness, Sink};

/// Tells what can be done without waiting.
pub(crate) async fn poll(cx: Context, question: Poll) -> Outcome {
    cx.end_when(CHANGED, |state, wake| {
        let there = match readiness(state, question.handle) {
            Ok(there) => there,
            Err(errno) => return Turn::Ready(Err(errno.into())),
        };
        let told = Readiness::from_bits_retain(question.events) | Readiness::ERR | Readiness::HUP;
        let events = (there & told).bits();
        if events != 0 || !question.wait {
            return Turn::Ready(Ok(Ready { events }));
        }
        if wake.cancelled {
            return Turn::Ready(Err(Errno::RESTART.into()));
        }
        Turn::Pending
    })
    .await
}

fn readiness(state: &State, handle: Handle) -> Result<Readiness, Errno> {
    let description = state.descriptions().get(handle)?;
    if state.is_dead(description.object) {
        return Ok(Readiness::all());
    }
    Ok(state.terminal().readiness(state.transmit().room()))
}
