//! Parents wait for children: wait4 and waitid.

use crate::table::{Found, child_information, effects::key};
use crate::{Context, State, arguments, caller};
use abi::Errno;
use core::task::Poll;
use linux::process::signal::Signal;
use linux::process::wait::Wanted;
use service::{Outcome, Refused};

/// Answers wait4.
pub(crate) async fn wait4(cx: Context, words: [u64; 7]) -> Outcome {
    let [pid, status, options, usage, ..] = words;
    let options = abi::word::low_32(options);
    let wanted = Wanted::of_wait4(crate::int(pid), options).ok_or(Errno::INVAL)?;
    wait(cx.clone(), wanted, |found| {
        let Some(found) = found else {
            return Ok(0);
        };
        arguments::write_if(&cx, status, &found.change.word().to_le_bytes())?;
        arguments::write_if(&cx, usage, &found.usage.encode())?;
        Ok(u64::from(found.pid))
    })
    .await
}

/// Answers waitid.
pub(crate) async fn waitid(cx: Context, words: [u64; 7]) -> Outcome {
    let [kind, id, information, options, usage, ..] = words;
    let low = abi::word::low_32;
    let wanted = Wanted::of_waitid(low(kind), low(id), low(options)).ok_or(Errno::INVAL)?;
    wait(cx.clone(), wanted, |found| {
        let Some(found) = found else {
            // Nobody yet: si_signo and si_pid tell so.
            arguments::write_if(&cx, information, &[0; 128])?;
            return Ok(0);
        };
        let told = child_information(found.pid, found.user, found.change, found.usage);
        arguments::write_if(&cx, information, &told.encode(Signal::CHLD))?;
        arguments::write_if(&cx, usage, &found.usage.encode())?;
        Ok(0)
    })
    .await
}

/// Waits for a child; `tell` writes what became of it into the caller's memory.
async fn wait(
    cx: Context,
    wanted: Wanted,
    tell: impl Fn(Option<&Found>) -> Result<u64, Refused>,
) -> Outcome {
    let parent = caller(&cx);
    cx.end_when(key::children(parent), |state, wake| {
        match state.find_changed(parent, &wanted) {
            Err(errno) => Poll::Ready(Err(errno.into())),
            Ok(Some(found)) => Poll::Ready(finish(state, parent, &wanted, &found, &tell)),
            Ok(None) if wanted.at_once => Poll::Ready(tell(None)),
            Ok(None) if wake.cancelled => Poll::Ready(Err(Errno::RESTART.into())),
            Ok(None) => Poll::Pending,
        }
    })
    .await
}

fn finish(
    state: &mut State,
    parent: u32,
    wanted: &Wanted,
    found: &Found,
    tell: impl Fn(Option<&Found>) -> Result<u64, Refused>,
) -> Result<u64, Refused> {
    let result = match tell(Some(found)) {
        Err(Refused::Withdrawn) => return Err(Refused::Withdrawn),
        result => result,
    };
    // As on Linux, a child is gone even when there was nowhere to tell of it.
    if !wanted.keep {
        state.heard(parent, found);
    }
    result
}
