//! dup, dup2, dup3, close_range, umask.

use crate::arguments::{Context, descriptor};
use crate::release::{forget_routes, release};
use crate::tables::{Descriptors, Processes, Released};
use abi::{Errno, word};
use linux::file::flags::O_CLOEXEC;
use service::Outcome;

/// Makes copies of the table first (CLOSE_RANGE_UNSHARE); tables are never shared here.
const UNSHARE: u64 = 2;
/// Only sets the flag (CLOSE_RANGE_CLOEXEC).
const MARK: u64 = 4;

/// dup.
pub(crate) async fn duplicate(cx: Context, number: u64) -> Outcome {
    let process = cx.caller().pid;
    let number = descriptor(number);
    cx.end_with(|state| Ok(state.duplicate(process, number, 0, false).map(u64::from)?))
}

/// dup2.
pub(crate) async fn duplicate_to(cx: Context, number: u64, copy: u64) -> Outcome {
    copy_to(cx, number, copy, false).await
}

/// dup3.
pub(crate) async fn duplicate_with(cx: Context, number: u64, copy: u64, flags: u64) -> Outcome {
    let flags = word::low_32(flags);
    if flags & !O_CLOEXEC != 0 || descriptor(number) == descriptor(copy) {
        return Err(Errno::INVAL.into());
    }
    copy_to(cx, number, copy, flags & O_CLOEXEC != 0).await
}

async fn copy_to(cx: Context, number: u64, copy: u64, close_on_exec: bool) -> Outcome {
    let process = cx.caller().pid;
    let (number, copy) = (descriptor(number), descriptor(copy));
    let released = cx.step("copy", |state| {
        state.duplicate_to(process, number, copy, close_on_exec)
    })?;
    forget_routes(&cx, process, copy, 1);
    release(&cx, released).await;
    cx.end(|_| u64::from(copy))
}

/// close_range.
pub(crate) async fn close_range(cx: Context, first: u64, last: u64, flags: u64) -> Outcome {
    let process = cx.caller().pid;
    let (first, last) = (descriptor(first), descriptor(last));
    let flags = u64::from(word::low_32(flags));
    if first > last || flags & !(UNSHARE | MARK) != 0 {
        return Err(Errno::INVAL.into());
    }
    let released = cx.step("close range", |state| {
        if flags & MARK != 0 {
            state.mark(process, first, last, true);
            return Released::default();
        }
        state.close_all(process, first, last, |_| true)
    });
    forget_routes(&cx, process, first, u32::MAX);
    release(&cx, released).await;
    cx.end(|_| ())
}

/// umask.
pub(crate) async fn set_umask(cx: Context, wanted: u64) -> Outcome {
    let process = cx.caller().pid;
    let wanted = word::low_32(wanted) & 0o777;
    cx.end_with(|state| {
        let before = state.change_settings(process, |settings| settings.umask = wanted)?;
        Ok(u64::from(before.umask))
    })
}
