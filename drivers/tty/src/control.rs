//! ioctl.

use crate::access::{Use, admit, caller};
use crate::happening::follow;
use crate::{CHANGED, Context, State, line};
use abi::{Errno, Time};
use alloc::vec::Vec;
use core::task::Poll;
use protocol::endpoint::PM;
use protocol::inspect::SessionOf;
use protocol::{Handle, object};
use service::{Outcome, Refused, Wake};
use terminal::{Claim, Control, SignalFate, Situation, Transfer};

/// Nanoseconds in a millisecond.
const MILLISECOND: u64 = 1_000_000;

/// Answers a request.
pub(crate) async fn control(cx: Context, question: object::Control) -> Outcome {
    let control = Control::decode(question.request, question.argument)?;
    let handle = question.handle;
    let payload = match control.transfer() {
        Transfer::FromProgram(length) => from_program(&cx, length)?,
        _ => Vec::new(),
    };
    cx.look("open", |state| check(state, handle))?;
    admit(&cx, Use::Control(control)).await?;
    if control.waits_for_output() {
        wait_for_output(&cx).await?;
    }
    if let Control::Break { milliseconds } = control {
        return send_break(cx, milliseconds).await;
    }
    let group_session = match control {
        Control::SetForeground => session_of_group(&cx, &payload).await?,
        _ => None,
    };
    let claim = if cx.caller().user == 0 {
        Claim::Seizing
    } else {
        Claim::Needed
    };
    let situation = Situation {
        caller: caller(&cx, SignalFate::Delivered),
        pid: cx.caller().pid.0,
        claim,
        payload: &payload,
        group_session,
        unsent: 0,
    };
    cx.end_with(|state| apply(&cx, state, control, handle, &situation))
}

fn check(state: &State, handle: Handle) -> Result<(), Errno> {
    let description = state.descriptions().get(handle)?;
    if state.is_dead(description.object) {
        return Err(Errno::IO);
    }
    Ok(())
}

/// The bytes at the argument.
fn from_program(cx: &Context, length: usize) -> Result<Vec<u8>, Refused> {
    if cx.lease(0).length < length as u64 {
        return Err(Errno::FAULT.into());
    }
    cx.lease_bytes(0, 0, length)
}

/// Waits until all that was written has left the chip, if nobody interrupts.
async fn wait_for_output(cx: &Context) -> Result<(), Refused> {
    let drained = cx.step_when("drained", CHANGED, |state, wake| {
        if state.terminal().hung_up() {
            return Poll::Ready(Err(Errno::IO));
        }
        if state.transmit().is_empty() {
            if line::chip(cx).is_idle() {
                return Poll::Ready(Ok(()));
            }
            // The chip does not tell when its last byte has left.
            wake.passed(wake.now.after(MILLISECOND));
        }
        if wake.cancelled {
            return Poll::Ready(Err(Errno::RESTART));
        }
        Poll::Pending
    });
    drained.await.map_err(Refused::from)
}

/// Sends a break. The end of it is kept as the request's mark, so it is not sent twice.
async fn send_break(cx: Context, milliseconds: u64) -> Outcome {
    cx.end_when(CHANGED, |state, wake| {
        if wake.mark == 0 {
            wake.mark = wake.now.after(milliseconds.saturating_mul(MILLISECOND)).0;
            set_break(&cx, state, true);
        }
        if !ended(wake) {
            return Poll::Pending;
        }
        set_break(&cx, state, state.break_condition());
        Poll::Ready(Ok(()))
    })
    .await
}

fn ended(wake: &mut Wake) -> bool {
    wake.passed(Time(wake.mark)) || wake.cancelled
}

fn set_break(cx: &Context, state: &State, on: bool) {
    let format = line::format(state.terminal().settings());
    line::chip(cx).set_break(&format, on);
}

/// The session of the group that is to become the foreground; none when there is no such group.
async fn session_of_group(cx: &Context, payload: &[u8]) -> Result<Option<u32>, Refused> {
    let group = payload
        .first_chunk()
        .map(|bytes| i32::from_le_bytes(*bytes));
    // What is no group is refused later, by those who know the errno.
    let Some(group) = group.and_then(|group| u32::try_from(group).ok()) else {
        return Ok(None);
    };
    let asked = cx.repeat("session", PM, SessionOf { group }, &[]).await;
    match asked {
        Ok(found) => Ok(Some(found.session)),
        Err(refused) if refused.errno() == Some(Errno::SRCH) => Ok(None),
        // When pm cannot say, the caller's word has to do.
        Err(refused) if refused.errno() == Some(Errno::NOSYS) => Ok(Some(cx.caller().session)),
        Err(refused) => Err(refused),
    }
}

/// Changes the terminal and answers.
fn apply(
    cx: &Context,
    state: &mut State,
    control: Control,
    handle: Handle,
    situation: &Situation<'_>,
) -> Result<u64, Refused> {
    check(state, handle)?;
    let situation = Situation {
        unsent: state.transmit().len(),
        ..*situation
    };
    if let Transfer::ToProgram(length) = control.transfer() {
        // These change nothing.
        let answer =
            state.with(|terminal, transmit| terminal.control(control, &situation, transmit))?;
        cx.write_lease(0, 0, &answer.payload[..length.min(answer.payload.len())])?;
        return Ok(0);
    }
    let before = line::format(state.terminal().settings());
    let answer =
        state.with(|terminal, transmit| terminal.control(control, &situation, transmit))?;
    if let Control::BreakCondition { on } = control {
        state.set_break_condition(on);
        set_break(cx, state, on);
    }
    let after = line::format(state.terminal().settings());
    if before != after {
        line::chip(cx).set_format(&after);
    }
    follow(cx, state, &answer.happening);
    Ok(0)
}
