//! Calls about paths.

use super::Arguments;
use crate::arguments::Context;
use crate::attributes::Times;
use crate::tables::Place;
use crate::{attributes, directory, mount, names, open, refusals, status};
use alloc::boxed::Box;
use linux::file::flags::{AT_FDCWD, AT_REMOVEDIR, AT_SYMLINK_NOFOLLOW};
use linux_raw_sys::general as raw;
use service::Handler;

/// The working directory, as a descriptor argument.
const HERE: u64 = i64::cast_unsigned(AT_FDCWD as i64);
/// AT_SYMLINK_NOFOLLOW, as an argument.
const NO_FOLLOW: u64 = AT_SYMLINK_NOFOLLOW as u64;
/// AT_REMOVEDIR, as an argument.
const DIRECTORY: u64 = AT_REMOVEDIR as u64;

/// Answers a call that opens, looks or moves, if it is one of these.
pub(super) fn answer(cx: &Context, number: u32, arguments: Arguments) -> Option<Handler> {
    let [a, b, c, d, e, _] = arguments;
    let cx = cx.clone();
    Some(match number {
        raw::__NR_open => Box::pin(open::open(cx, HERE, a, b, c)),
        raw::__NR_openat => Box::pin(open::open(cx, a, b, c, d)),
        raw::__NR_openat2 => Box::pin(open::open_with(cx, a, b, c, d)),
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
        raw::__NR_getcwd => Box::pin(directory::working_directory(cx, a, b)),
        raw::__NR_chdir => Box::pin(directory::change(cx, a, Place::Directory)),
        raw::__NR_chroot => Box::pin(directory::change(cx, a, Place::Root)),
        raw::__NR_mount => Box::pin(mount::mount(cx, [a, b, c], d)),
        raw::__NR_umount2 => Box::pin(mount::unmount(cx, a, b)),
        raw::__NR_getxattr
        | raw::__NR_lgetxattr
        | raw::__NR_setxattr
        | raw::__NR_lsetxattr
        | raw::__NR_listxattr
        | raw::__NR_llistxattr
        | raw::__NR_removexattr
        | raw::__NR_lremovexattr => Box::pin(refusals::attribute(cx)),
        _ => return None,
    })
}

/// Answers a call that changes names or attributes, if it is one of these.
pub(super) fn change(cx: &Context, number: u32, arguments: Arguments) -> Option<Handler> {
    let [a, b, c, d, e, _] = arguments;
    let cx = cx.clone();
    Some(match number {
        raw::__NR_mkdir => Box::pin(names::make_directory(cx, HERE, a, b)),
        raw::__NR_mkdirat => Box::pin(names::make_directory(cx, a, b, c)),
        raw::__NR_mknod => Box::pin(names::make_node(cx, HERE, a, b, c)),
        raw::__NR_mknodat => Box::pin(names::make_node(cx, a, b, c, d)),
        raw::__NR_symlink => Box::pin(names::make_link(cx, a, HERE, b)),
        raw::__NR_symlinkat => Box::pin(names::make_link(cx, a, b, c)),
        raw::__NR_unlink => Box::pin(names::remove(cx, HERE, a, 0)),
        raw::__NR_rmdir => Box::pin(names::remove(cx, HERE, a, DIRECTORY)),
        raw::__NR_unlinkat => Box::pin(names::remove(cx, a, b, c)),
        raw::__NR_rename => Box::pin(names::rename(cx, [HERE, a, HERE, b], 0)),
        raw::__NR_renameat => Box::pin(names::rename(cx, [a, b, c, d], 0)),
        raw::__NR_renameat2 => Box::pin(names::rename(cx, [a, b, c, d], e)),
        raw::__NR_link => Box::pin(names::link(cx, [HERE, a, HERE, b], 0)),
        raw::__NR_linkat => Box::pin(names::link(cx, [a, b, c, d], e)),
        raw::__NR_chmod => Box::pin(attributes::set_mode(cx, HERE, a, b, 0)),
        raw::__NR_fchmodat => Box::pin(attributes::set_mode(cx, a, b, c, 0)),
        raw::__NR_fchmodat2 => Box::pin(attributes::set_mode(cx, a, b, c, d)),
        raw::__NR_chown => Box::pin(attributes::set_owner(cx, HERE, a, [b, c], 0)),
        raw::__NR_lchown => Box::pin(attributes::set_owner(cx, HERE, a, [b, c], NO_FOLLOW)),
        raw::__NR_fchownat => Box::pin(attributes::set_owner(cx, a, b, [c, d], e)),
        raw::__NR_truncate => Box::pin(attributes::truncate(cx, HERE, a, b)),
        raw::__NR_utime => Box::pin(attributes::set_times(cx, HERE, a, (b, Times::Seconds), 0)),
        raw::__NR_utimes => Box::pin(attributes::set_times(
            cx,
            HERE,
            a,
            (b, Times::Microseconds),
            0,
        )),
        raw::__NR_futimesat => {
            Box::pin(attributes::set_times(cx, a, b, (c, Times::Microseconds), 0))
        }
        raw::__NR_utimensat => {
            Box::pin(attributes::set_times(cx, a, b, (c, Times::Nanoseconds), d))
        }
        _ => return None,
    })
}
