//! Calls of which there is nothing but the right refusal: sockets and extended attributes.

use crate::arguments::Context;
use crate::found;
use abi::Errno;
use service::{Outcome, Refused};

/// Not a socket (ENOTSOCK).
const NOT_A_SOCKET: Errno = Errno(linux_raw_sys::errno::ENOTSOCK);
/// Address family not supported (EAFNOSUPPORT).
const NO_SUCH_FAMILY: Errno = Errno(linux_raw_sys::errno::EAFNOSUPPORT);

/// socket, socketpair: there is no network, and no family of addresses.
pub(crate) async fn make_socket(_: Context) -> Outcome {
    Err(NO_SUCH_FAMILY.into())
}

/// Calls on a socket: no descriptor is one.
pub(crate) async fn on_socket(cx: Context, number: u64) -> Outcome {
    found::usable(&cx, number)?;
    Err(NOT_A_SOCKET.into())
}

/// getxattr and its kin: no file system has extended attributes.
pub(crate) async fn attribute(_: Context) -> Outcome {
    Err(Errno::NOTSUP.into())
}

/// fgetxattr and its kin.
pub(crate) async fn attribute_of(cx: Context, number: u64) -> Outcome {
    found::usable(&cx, number)?;
    Err(Refused::from(Errno::NOTSUP))
}
