//! Writing.

use crate::access::{Use, admit};
use crate::{CHANGED, Context, State, line};
use abi::{Errno, word};
use core::task::Poll;
use linux_raw_sys::general::O_NONBLOCK;
use protocol::object::Write;
use service::{Outcome, Refused, Wake};
use terminal::Sink;

/// Room that there must be before a writer gets any: what one byte can become, twice over. So one
/// that waits for room is not overtaken by another whose next byte needs less.
const ENOUGH: usize = 16;
/// Bytes taken at a time.
const PIECE: u64 = 2048;

/// Writes all bytes, unless the description is non-blocking or the caller is interrupted.
pub(crate) async fn write(cx: Context, question: Write) -> Outcome {
    admit(&cx, Use::Write).await?;
    let outcome = cx
        .end_when(CHANGED, |state, wake| {
            match try_write(&cx, state, wake, question) {
                Ok(Some(count)) => Poll::Ready(Ok(count)),
                Ok(None) => Poll::Pending,
                Err(refused) => Poll::Ready(Err(refused)),
            }
        })
        .await;
    if outcome.is_ok() {
        line::send(&cx);
    }
    outcome
}

/// Takes what there is room for; nothing if the caller has to wait.
fn try_write(
    cx: &Context,
    state: &mut State,
    wake: &mut Wake,
    question: Write,
) -> Result<Option<u64>, Refused> {
    let description = state.descriptions().get(question.handle)?;
    if state.is_dead(description.object) {
        return Err(Errno::IO.into());
    }
    let waits = description.flags & O_NONBLOCK == 0 && !wake.cancelled;
    let left = question.count.saturating_sub(wake.mark);
    let room = state.transmit().room();
    if left > 0 && room >= ENOUGH {
        let length = word::index(left.min(PIECE)).min(room);
        let bytes = cx.lease_bytes(0, wake.mark, length)?;
        let taken = state.with(|terminal, transmit| terminal.write(&bytes, transmit));
        wake.mark += taken as u64;
        line::arm(cx, state);
    }
    if wake.mark >= question.count || !waits && wake.mark > 0 {
        return Ok(Some(wake.mark));
    }
    match (waits, wake.cancelled) {
        (true, _) => Ok(None),
        (false, true) => Err(Errno::RESTART.into()),
        (false, false) => Err(Errno::AGAIN.into()),
    }
}
