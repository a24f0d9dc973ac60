//! Calls about paths.

use super::Arguments;
use crate::arguments::Context;
use crate::{open, status};
use alloc::boxed::Box;
use linux::file::flags::{AT_FDCWD, AT_SYMLINK_NOFOLLOW};
use linux_raw_sys::general as raw;
use service::Handler;

/// The working directory, as a descriptor argument.
const HERE: u64 = i64::cast_unsigned(AT_FDCWD as i64);
/// AT_SYMLINK_NOFOLLOW, as an argument.
const NO_FOLLOW: u64 = AT_SYMLINK_NOFOLLOW as u64;

/// Answers a call, if it is one of these.
pub(super) fn answer(cx: &Context, number: u32, arguments: Arguments) -> Option<Handler> {
    let [a, b, c, d, e, _] = arguments;
    let cx = cx.clone();
    Some(match number {
        raw::__NR_open => Box::pin(open::open(cx, HERE, a, b, c)),
        raw::__NR_openat => Box::pin(open::open(cx, a, b, c, d)),
        raw::__NR_creat => Box::pin(open::open(cx, HERE, a, open::CREATE, b)),
        raw::__NR_stat => Box::pin(status::status(cx, HERE, a, b, 0)),
        raw::__NR_lstat => Box::pin(status::status(cx, HERE, a, b, NO_FOLLOW)),
        raw::__NR_newfstatat => Box::pin(status::status(cx, a, b, c, d)),
        raw::__NR_statx => Box::pin(status::extended_status(cx, a, b, c, d, e)),
        raw::__NR_statfs => Box::pin(status::file_system_status(cx, a, b)),
        raw::__NR_access => Box::pin(status::access(cx, HERE, a, b, 0)),
        raw::__NR_faccessat => Box::pin(status::access(cx, a, b, c, 0)),
        raw::__NR_faccessat2 => Box::pin(status::access(cx, a, b, c, d)),
        raw::__NR_readlink => Box::pin(status::read_link(cx, HERE, a, b, c)),
        raw::__NR_readlinkat => Box::pin(status::read_link(cx, a, b, c, d)),
        _ => return None,
    })
}
