//! Calls that move data.

use super::Arguments;
use crate::arguments::Context;
use crate::vector::{self, At};
use crate::{attributes, copy, directory, mount, poll, transfer};
use alloc::boxed::Box;
use linux_raw_sys::general as raw;
use service::Handler;

/// Answers a call, if it is one of these.
pub(super) fn answer(cx: &Context, number: u32, arguments: Arguments) -> Option<Handler> {
    let [a, b, c, d, e, f] = arguments;
    let cx = cx.clone();
    Some(match number {
        raw::__NR_read => Box::pin(transfer::read(cx, a, b, c)),
        raw::__NR_write => Box::pin(transfer::write(cx, a, b, c)),
        raw::__NR_pread64 => Box::pin(transfer::read_at(cx, a, b, c, d)),
        raw::__NR_pwrite64 => Box::pin(transfer::write_at(cx, a, b, c, d)),
        raw::__NR_readv => Box::pin(vector::read(cx, a, b, c, At::Position)),
        raw::__NR_writev => Box::pin(vector::write(cx, a, b, c, At::Position)),
        raw::__NR_preadv => Box::pin(vector::read(cx, a, b, c, At::Offset(d))),
        raw::__NR_pwritev => Box::pin(vector::write(cx, a, b, c, At::Offset(d))),
        raw::__NR_preadv2 => {
            Box::pin(async move { vector::read(cx, a, b, c, At::check(d, f)?).await })
        }
        raw::__NR_pwritev2 => {
            Box::pin(async move { vector::write(cx, a, b, c, At::check(d, f)?).await })
        }
        raw::__NR_sendfile => Box::pin(copy::send(cx, a, b, c, d)),
        raw::__NR_copy_file_range => Box::pin(copy::copy_range(cx, [a, b, c, d], e, f)),
        raw::__NR_lseek => Box::pin(transfer::seek(cx, a, b, c)),
        raw::__NR_getdents64 => Box::pin(transfer::entries(cx, a, b, c)),
        raw::__NR_getdents => Box::pin(directory::old_entries(cx, a, b, c)),
        raw::__NR_fsync | raw::__NR_fdatasync => Box::pin(transfer::synchronise(cx, a)),
        raw::__NR_sync => Box::pin(mount::synchronise_all(cx)),
        raw::__NR_syncfs => Box::pin(mount::synchronise_one(cx, a)),
        raw::__NR_fadvise64 | raw::__NR_readahead | raw::__NR_sync_file_range => {
            Box::pin(attributes::advise(cx, a))
        }
        raw::__NR_poll => Box::pin(poll::poll(cx, a, b, c)),
        raw::__NR_ppoll => Box::pin(poll::poll_precisely(
            cx,
            a,
            b,
            c,
            poll::Mask {
                address: d,
                size: e,
            },
        )),
        raw::__NR_select => Box::pin(poll::select(cx, a, [b, c, d], e)),
        raw::__NR_pselect6 => Box::pin(poll::select_precisely(cx, a, [b, c, d], e, f)),
        _ => return None,
    })
}
