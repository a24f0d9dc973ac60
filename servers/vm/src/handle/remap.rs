//! mremap.

use super::{Context, apply, change, close};
use crate::arguments;
use crate::space::{Move, Remap, Remapped};
use abi::limits::COPY_BYTES;
use abi::{Call, CallError, Errno};
use service::{Outcome, Refused};

/// mremap. Pages that move are copied: the new mapping is there from the first step on, the old
/// one goes with the last.
pub(super) async fn remap(cx: Context, words: [u64; 7]) -> Outcome {
    let wanted = arguments::remap(&words)?;
    let changed = change(&cx, "remap", |space, actions| space.remap(&wanted, actions))?;
    let applied = apply(&cx, cx.caller().space, &changed.actions);
    close(&cx, &changed.closed).await;
    applied?;
    match changed.value {
        Remapped::InPlace => cx.end(|_| wanted.address),
        Remapped::Moves(moved) => finish_move(&cx, &wanted, &moved).await,
    }
}

async fn finish_move(cx: &Context, wanted: &Remap, moved: &Move) -> Outcome {
    let copied = match apply(cx, cx.caller().space, &moved.preparation()) {
        Ok(()) => copy(cx, moved)?,
        Err(errno) => Err(errno),
    };
    let changed = match copied {
        Ok(()) => change(cx, "moved", |space, actions| {
            space.finish_move(moved, wanted.old_length, actions)
        }),
        Err(_) => change(cx, "not moved", |space, actions| {
            space.undo_move(moved, wanted.old_length, actions)
        }),
    }?;
    let applied = apply(cx, cx.caller().space, &changed.actions);
    close(cx, &changed.closed).await;
    copied.and(applied)?;
    cx.end(|_| moved.to)
}

/// Copies the pages, a piece at a time. The outer error is that of a request taken back to fetch
/// them: it comes again, and goes on at the piece it has come to.
fn copy(cx: &Context, moved: &Move) -> Result<Result<(), Errno>, Refused> {
    let length = if moved.copies { moved.length } else { 0 };
    let mut done = 0;
    while done < length {
        let here = (length - done).min(COPY_BYTES);
        let mut absent = false;
        let copied = cx.kernel("copy", |system| {
            let arguments = [
                u64::from(cx.caller().space.0),
                moved.to + done,
                cx.request().0,
                0,
                moved.from + done,
                here,
            ];
            let result = system.call(Call::CopyIn, &arguments);
            absent = result == Err(CallError::Absent);
            result.map(drop).map_err(|error| match error {
                CallError::NoMemory => Errno::NOMEM,
                _ => Errno::FAULT,
            })
        });
        if absent {
            return cx.checked(Err(CallError::Absent));
        }
        if copied.is_err() {
            return Ok(copied);
        }
        done += here;
    }
    Ok(Ok(()))
}
