//! Reading.

use crate::access::{Use, admit};
use crate::happening::follow;
use crate::{CHANGED, Context, State};
use abi::{Errno, word};
use core::task::Poll;
use linux_raw_sys::general::O_NONBLOCK;
use protocol::object::Read;
use service::{Outcome, Refused, Wake};
use terminal::{CAPACITY, Clock, Happening, Patience, ReadOutcome, ReadRequest};

/// Reads a line, or bytes as VMIN and VTIME say.
pub(crate) async fn read(cx: Context, question: Read) -> Outcome {
    admit(&cx, Use::Read).await?;
    cx.end_when(CHANGED, |state, wake| {
        match try_read(&cx, state, wake, question) {
            Ok(Some(count)) => Poll::Ready(Ok(count)),
            Ok(None) => Poll::Pending,
            Err(refused) => Poll::Ready(Err(refused)),
        }
    })
    .await
}

/// Reads what there is; nothing if the caller has to wait.
fn try_read(
    cx: &Context,
    state: &mut State,
    wake: &mut Wake,
    question: Read,
) -> Result<Option<u64>, Refused> {
    let description = state.descriptions().get(question.handle)?;
    if state.is_dead(description.object) {
        return Ok(Some(0));
    }
    let waits = description.flags & O_NONBLOCK == 0 && !wake.cancelled;
    let request = ReadRequest {
        length: word::index(question.count).min(CAPACITY),
        patience: if waits {
            Patience::Blocking
        } else {
            Patience::NonBlocking
        },
        clock: Clock {
            requested: cx.stamp(),
            last_byte: state.last_byte(),
            now: wake.now,
        },
    };
    // Tried on a copy: the bytes are taken only when the caller has them.
    let mut after = state.terminal().clone();
    let count = match after.read(&request) {
        ReadOutcome::Data(bytes) => {
            cx.write_lease(0, 0, &bytes)?;
            bytes.len() as u64
        }
        ReadOutcome::EndOfFile => 0,
        ReadOutcome::Wait { until } => {
            wake.passed(until);
            return Ok(None);
        }
        ReadOutcome::WouldBlock if wake.cancelled => return Err(Errno::RESTART.into()),
        ReadOutcome::WouldBlock => return Err(Errno::AGAIN.into()),
    };
    let was_full = !state.terminal().has_room();
    state.with(|terminal, _| *terminal = after);
    if was_full {
        follow(cx, state, &Happening::default());
    }
    Ok(Some(count))
}
