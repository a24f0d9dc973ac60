//! What follows from a change of the terminal.

use crate::{CHANGED, Context, State, line};
use protocol::endpoint::PM;
use terminal::Happening;

/// Passes on what a change has brought about; part of the closure that made the change. All of it
/// may be done again after a crash.
pub(crate) fn follow(cx: &Context, state: &mut State, happening: &Happening) {
    note(state, happening);
    if !happening.signals.is_empty() {
        tell_process_manager(cx);
    }
    line::arm(cx, state);
    cx.wake(CHANGED);
}

/// Keeps the signals for pm.
pub(crate) fn note(state: &mut State, happening: &Happening) {
    for signal in &happening.signals {
        state.want(*signal);
    }
}

/// Has pm ask for the signals that it has not sent yet.
pub(crate) fn tell_process_manager(cx: &Context) {
    if cx.system().notify(PM).is_err() {
        cx.log("tty: may not notify pm");
    }
}
