//! Calls about descriptors.

use super::Arguments;
use crate::arguments::Context;
use crate::{attributes, control, directory, duplicate, lock, open, pipe, refusals, status};
use alloc::boxed::Box;
use linux_raw_sys::general as raw;
use service::Handler;

/// Answers a call, if it is one of these.
pub(super) fn answer(cx: &Context, number: u32, arguments: Arguments) -> Option<Handler> {
    let [a, b, c, d, ..] = arguments;
    let cx = cx.clone();
    Some(match number {
        raw::__NR_close => Box::pin(open::close_descriptor(cx, a)),
        raw::__NR_close_range => Box::pin(duplicate::close_range(cx, a, b, c)),
        raw::__NR_dup => Box::pin(duplicate::duplicate(cx, a)),
        raw::__NR_dup2 => Box::pin(duplicate::duplicate_to(cx, a, b)),
        raw::__NR_dup3 => Box::pin(duplicate::duplicate_with(cx, a, b, c)),
        raw::__NR_fcntl => Box::pin(control::control(cx, a, b, c)),
        raw::__NR_ioctl => Box::pin(control::device_control(cx, a, b, c)),
        raw::__NR_flock => Box::pin(lock::lock_whole(cx, a, b)),
        raw::__NR_pipe => Box::pin(pipe::create(cx, a, 0)),
        raw::__NR_pipe2 => Box::pin(pipe::create(cx, a, b)),
        raw::__NR_fstat => Box::pin(status::status_of(cx, a, b)),
        raw::__NR_fstatfs => Box::pin(status::file_system_status_of(cx, a, b)),
        raw::__NR_fchmod => Box::pin(attributes::set_mode_of(cx, a, b)),
        raw::__NR_fchown => Box::pin(attributes::set_owner_of(cx, a, b, c)),
        raw::__NR_ftruncate => Box::pin(attributes::truncate_of(cx, a, b)),
        raw::__NR_fallocate => Box::pin(attributes::allocate(cx, a, b, c, d)),
        raw::__NR_fchdir => Box::pin(directory::change_to(cx, a)),
        raw::__NR_umask => Box::pin(duplicate::set_umask(cx, a)),
        raw::__NR_fgetxattr
        | raw::__NR_fsetxattr
        | raw::__NR_flistxattr
        | raw::__NR_fremovexattr => Box::pin(refusals::attribute_of(cx, a)),
        raw::__NR_socket | raw::__NR_socketpair => Box::pin(refusals::make_socket(cx)),
        raw::__NR_connect
        | raw::__NR_accept
        | raw::__NR_accept4
        | raw::__NR_bind
        | raw::__NR_listen
        | raw::__NR_sendto
        | raw::__NR_recvfrom
        | raw::__NR_sendmsg
        | raw::__NR_recvmsg
        | raw::__NR_shutdown
        | raw::__NR_getsockname
        | raw::__NR_getpeername
        | raw::__NR_setsockopt
        | raw::__NR_getsockopt => Box::pin(refusals::on_socket(cx, a)),
        _ => return None,
    })
}
