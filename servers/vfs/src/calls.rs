//! The system calls of Linux that vfs answers, by number.

mod descriptors;
mod names;
mod transfers;

use crate::arguments::Context;
use service::Handler;
use service::instance::refuse;

/// The six arguments of a call.
type Arguments = [u64; 6];

/// Answers a call of a program.
pub(crate) fn answer(cx: Context) -> Handler {
    let message = *cx.message();
    let [a, b, c, d, e, f, _] = message.words;
    let arguments = [a, b, c, d, e, f];
    let groups = [
        transfers::answer,
        descriptors::answer,
        names::answer,
        names::change,
    ];
    for group in groups {
        if let Some(handler) = group(&cx, message.kind, arguments) {
            return handler;
        }
    }
    refuse(cx)
}
