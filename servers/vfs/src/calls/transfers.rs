//! Calls that move data.

use super::Arguments;
use crate::arguments::Context;
use crate::transfer;
use alloc::boxed::Box;
use linux_raw_sys::general as raw;
use service::Handler;

/// Answers a call, if it is one of these.
pub(super) fn answer(cx: &Context, number: u32, arguments: Arguments) -> Option<Handler> {
    let [a, b, c, d, ..] = arguments;
    let cx = cx.clone();
    Some(match number {
        raw::__NR_read => Box::pin(transfer::read(cx, a, b, c)),
        raw::__NR_write => Box::pin(transfer::write(cx, a, b, c)),
        raw::__NR_pread64 => Box::pin(transfer::read_at(cx, a, b, c, d)),
        raw::__NR_pwrite64 => Box::pin(transfer::write_at(cx, a, b, c, d)),
        raw::__NR_lseek => Box::pin(transfer::seek(cx, a, b, c)),
        raw::__NR_getdents64 => Box::pin(transfer::entries(cx, a, b, c)),
        raw::__NR_fsync | raw::__NR_fdatasync => Box::pin(transfer::synchronise(cx, a)),
        _ => return None,
    })
}
