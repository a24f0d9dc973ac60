//! Calls about descriptors.

use super::Arguments;
use crate::arguments::Context;
use crate::{duplicate, open, pipe, status};
use alloc::boxed::Box;
use linux_raw_sys::general as raw;
use service::Handler;

/// Answers a call, if it is one of these.
pub(super) fn answer(cx: &Context, number: u32, arguments: Arguments) -> Option<Handler> {
    let [a, b, c, ..] = arguments;
    let cx = cx.clone();
    Some(match number {
        raw::__NR_close => Box::pin(open::close_descriptor(cx, a)),
        raw::__NR_close_range => Box::pin(duplicate::close_range(cx, a, b, c)),
        raw::__NR_dup => Box::pin(duplicate::duplicate(cx, a)),
        raw::__NR_dup2 => Box::pin(duplicate::duplicate_to(cx, a, b)),
        raw::__NR_dup3 => Box::pin(duplicate::duplicate_with(cx, a, b, c)),
        raw::__NR_pipe => Box::pin(pipe::create(cx, a, 0)),
        raw::__NR_pipe2 => Box::pin(pipe::create(cx, a, b)),
        raw::__NR_fstat => Box::pin(status::status_of(cx, a, b)),
        raw::__NR_fstatfs => Box::pin(status::file_system_status_of(cx, a, b)),
        raw::__NR_umask => Box::pin(duplicate::set_umask(cx, a)),
        _ => return None,
    })
}
