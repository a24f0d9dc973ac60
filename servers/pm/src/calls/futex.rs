//! Futexes of processes that have one thread: nobody else changes the word, so a wait ends with a
//! signal or its deadline, or with the wake of a child that borrows the memory. Waking when the word
//! has not changed is allowed (futex(2), "spurious wake-up").

use super::sleep::real_offset;
use crate::table::effects::key;
use crate::{Context, arguments};
use abi::{Errno, Time, word};
use alloc::boxed::Box;
use core::task::Poll;
use linux::process::time::Unit;
use linux_raw_sys::general as number;
use service::{Handler, Outcome, Refused};

/// Answers the call.
pub(super) fn call(cx: &Context, number: u32, words: [u64; 7]) -> Option<Handler> {
    if number != number::__NR_futex {
        return None;
    }
    let cx = cx.clone();
    let [address, operation, value, timeout, ..] = words;
    let operation = word::low_32(operation);
    let flags = number::FUTEX_PRIVATE_FLAG | number::FUTEX_CLOCK_REALTIME;
    Some(match operation & !flags {
        number::FUTEX_WAIT => Box::pin(wait(
            cx,
            address,
            word::low_32(value),
            timeout,
            Counts::Span,
        )),
        number::FUTEX_WAIT_BITSET => {
            let is_real = operation & number::FUTEX_CLOCK_REALTIME != 0;
            let counts = if is_real {
                Counts::RealInstant
            } else {
                Counts::Instant
            };
            Box::pin(wait(cx, address, word::low_32(value), timeout, counts))
        }
        number::FUTEX_WAKE | number::FUTEX_WAKE_BITSET => Box::pin(wake(cx)),
        _ => Box::pin(async { Err(Errno::NOSYS.into()) }),
    })
}

/// What a timeout is.
#[derive(Clone, Copy, Debug)]
enum Counts {
    Span,
    Instant,
    RealInstant,
}

async fn wake(cx: Context) -> Outcome {
    cx.wake(key::futex(cx.caller().space.0));
    // How many were woken is only known afterwards; in one's own memory nobody else waits.
    cx.end(|_| ())
}

fn deadline(cx: &Context, timeout: u64, counts: Counts) -> Result<Time, Refused> {
    if timeout == 0 {
        return Ok(Time::NEVER);
    }
    let time = Unit::Nanoseconds
        .decode(&arguments::read(cx, timeout)?)
        .ok_or(Errno::INVAL)?;
    Ok(match counts {
        Counts::Span => cx.stamp().after(time),
        Counts::Instant => Time(time),
        Counts::RealInstant => Time(time.saturating_sub(real_offset(cx))),
    })
}

async fn wait(cx: Context, address: u64, value: u32, timeout: u64, counts: Counts) -> Outcome {
    if !address.is_multiple_of(4) {
        return Err(Errno::INVAL.into());
    }
    let deadline = arguments::copied(&cx, "deadline", || deadline(&cx, timeout, counts))?;
    cx.end_when(key::futex(cx.caller().space.0), |_, wake| {
        let is_first = wake.mark == 0;
        if is_first {
            match arguments::read(&cx, address).map(u32::from_le_bytes) {
                Err(refused) => return Poll::Ready(Err(refused)),
                Ok(found) if found != value => return Poll::Ready(Err(Errno::AGAIN.into())),
                Ok(_) => wake.mark = 1,
            }
        }
        match () {
            () if wake.passed(deadline) => Poll::Ready(Err(Errno::TIMEDOUT.into())),
            () if wake.cancelled => Poll::Ready(Err(Errno::RESTART.into())),
            () if is_first => Poll::Pending,
            () => Poll::Ready(Ok(())),
        }
    })
    .await
}
