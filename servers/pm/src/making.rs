//! Processes that are being made. The kernel ends a request that crashes pm twice, in the middle of
//! what it does; so pm keeps what a child has, until it runs. A child that was not born then leaves
//! nothing behind, and one that was born runs.

use crate::create::{free, run};
use crate::process::Making;
use crate::table::effects::key;
use crate::{Context, State};
use abi::{Errno, Pid, RequestId, SpaceId};
use alloc::vec::Vec;

/// Takes a number for a child of `maker`.
///
/// # Errors
/// As [`State::next_number`].
pub(crate) fn begin(cx: &Context, maker: u32) -> Result<u32, Errno> {
    let request = cx.request();
    cx.step("number", |state| {
        let number = state.next_number(maker)?;
        insert(state, number, request);
        Ok(number)
    })
}

/// A request begins to make a process, which has no space of its own yet.
pub(crate) fn insert(state: &mut State, number: u32, request: RequestId) {
    let space = SpaceId::NONE;
    state
        .makings_mut()
        .insert(number, Making { request, space });
}

/// Notes the address space made for a child.
pub(crate) fn has_space(cx: &Context, number: u32, space: SpaceId) {
    cx.step("has space", |state| {
        state
            .makings_mut()
            .update(&number, |making| making.space = space);
    });
}

/// The child runs, or is given up.
pub(crate) fn finish(cx: &Context, number: u32) {
    cx.step("made", |state| {
        state.makings_mut().remove(&number);
    });
    if number == Pid::INIT.0 {
        cx.wake(key::INIT);
    }
}

/// Takes up the children whose making was cut short.
pub(crate) async fn take_up(cx: &Context) {
    let abandoned = cx.look("abandoned makings", |state: &State| {
        let all = state.makings().iter();
        let all = all.filter(|(_, making)| !cx.system().is_live(making.request));
        all.map(|(number, making)| (*number, making.space, state.process(*number).is_some()))
            .collect::<Vec<_>>()
    });
    for (number, space, is_born) in abandoned {
        if is_born {
            cx.log("pm: a child whose making was cut short runs");
            run(cx, number);
        } else {
            cx.log("pm: a child whose making was cut short is given up");
            free(cx, number, space).await;
        }
        finish(cx, number);
    }
}
