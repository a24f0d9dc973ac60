//! Programs read, write and wait.

use crate::port::Port;
use crate::{CHANGED, Context, State, line, wire};
use abi::{Errno, word};
use core::task::Poll;
use linux_raw_sys::general::{O_NONBLOCK, POLLHUP, POLLIN, POLLOUT, POLLRDNORM, POLLWRNORM};
use protocol::object;
use service::{Outcome, Refused, Wake};

/// How long a writer of control waits for a host that does not say that it has everything.
const PATIENCE: u64 = 5_000_000_000;

/// What a try comes to; nothing if the caller has to wait.
type Try = Result<Option<u64>, Refused>;

fn turn(tried: Try) -> Poll<Result<u64, Refused>> {
    match tried {
        Ok(Some(count)) => Poll::Ready(Ok(count)),
        Ok(None) => Poll::Pending,
        Err(refused) => Poll::Ready(Err(refused)),
    }
}

/// What a caller gets that cannot have what it wants now.
fn nothing(wake: &Wake, flags: u32) -> Try {
    if wake.cancelled {
        Err(Errno::RESTART.into())
    } else if flags & O_NONBLOCK != 0 {
        Err(Errno::AGAIN.into())
    } else {
        Ok(None)
    }
}

/// Reads what is there, or waits for it.
pub(crate) async fn read(cx: Context, question: object::Read) -> Outcome {
    cx.end_when(CHANGED, |state, wake| {
        turn(try_read(&cx, state, wake, question))
    })
    .await
}

fn try_read(cx: &Context, state: &mut State, wake: &Wake, question: object::Read) -> Try {
    let description = state.descriptions().get(question.handle)?;
    if description.object != Port::Input {
        return Err(Errno::BADF.into());
    }
    let incoming = state.incoming();
    let count = word::index(question.count).min(incoming.bytes().len());
    if count == 0 {
        return match incoming.has_ended() || question.count == 0 {
            true => Ok(Some(0)),
            false => nothing(wake, description.flags),
        };
    }
    cx.write_lease(0, 0, &incoming.bytes()[..count])?;
    if state.with_incoming(|incoming| incoming.consume(count)) {
        wire::tell_credit(state);
        line::arm(cx, state);
    }
    Ok(Some(count as u64))
}

/// Writes all bytes, unless the description is non-blocking or the caller is interrupted.
pub(crate) async fn write(cx: Context, question: object::Write) -> Outcome {
    let outcome = cx
        .end_when(CHANGED, |state, wake| {
            turn(try_write(&cx, state, wake, question))
        })
        .await;
    if outcome.is_ok() {
        line::send(&cx);
    }
    outcome
}

fn try_write(cx: &Context, state: &mut State, wake: &mut Wake, question: object::Write) -> Try {
    let description = state.descriptions().get(question.handle)?;
    let (port, flags) = (description.object, description.flags);
    let left = question.count.saturating_sub(wake.mark);
    if port == Port::Input {
        return Err(Errno::BADF.into());
    }
    if left > 0 && state.outgoing(port).has_ended() {
        return Err(Errno::IO.into());
    }
    let room = state.outgoing(port).room();
    if left > 0 && room > 0 {
        let length = word::index(left).min(room);
        let bytes = cx.lease_bytes(0, wake.mark, length)?;
        state.with_outgoing(port, |outgoing| outgoing.take(&bytes));
        wake.mark += length as u64;
        if port == Port::Control {
            end_all(state);
        }
        line::arm(cx, state);
    }
    if wake.mark < question.count {
        return match nothing(wake, flags) {
            Err(_) if wake.mark > 0 => Ok(Some(wake.mark)),
            otherwise => otherwise,
        };
    }
    if port == Port::Control && !is_all_delivered(state) && !wake.cancelled {
        // Whoever tells the status then turns the machine off: the host must have it before.
        let patient = !wake.passed(cx.stamp().after(PATIENCE));
        return Ok((!patient).then_some(wake.mark));
    }
    Ok(Some(wake.mark))
}

/// The status ends the streams.
fn end_all(state: &mut State) {
    for port in Port::WRITTEN {
        state.with_outgoing(port, |outgoing| outgoing.end());
    }
}

fn is_all_delivered(state: &State) -> bool {
    let mut streams = Port::WRITTEN.iter();
    streams.all(|port| state.outgoing(*port).is_delivered())
}

/// What can be done without waiting.
pub(crate) fn readiness(state: &State, port: Port) -> u32 {
    if port != Port::Input {
        let writable = state.outgoing(port).room() > 0;
        return if writable { POLLOUT | POLLWRNORM } else { 0 };
    }
    let incoming = state.incoming();
    let mut events = 0;
    if !incoming.bytes().is_empty() {
        events |= POLLIN | POLLRDNORM;
    }
    if incoming.has_ended() {
        events |= POLLIN | POLLRDNORM | POLLHUP;
    }
    events
}
