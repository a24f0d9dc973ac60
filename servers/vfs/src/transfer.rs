//! Reading and writing: handed on to the server of the object with a part of the program's memory.

use crate::arguments::{Context, MEMORY, descriptor, int};
use crate::found::{self, Found};
use crate::tables::Object;
use abi::layout::USER_TOP;
use abi::lease::Access;
use abi::limits::ROUTED_DESCRIPTORS;
use abi::{Endpoint, Errno, Message, word};
use linux::file::flags::O_APPEND;
use linux::file::mode;
use linux::file::vector::TRANSFER_LIMIT;
use protocol::object::{self, Whence};
use protocol::{Question, Word};
use service::system::Route;
use service::{Lend, Outcome, Refused};

/// The signal of a write beyond RLIMIT_FSIZE.
const SIGXFSZ: u32 = 25;

/// A part of the caller's memory, to lend.
///
/// # Errors
/// `FAULT` when it does not lie in user memory.
pub(crate) fn part(address: u64, length: u64, access: Access) -> Result<Lend<'static>, Errno> {
    match address.checked_add(length) {
        Some(end) if end <= USER_TOP => Ok(Lend::Part {
            index: MEMORY,
            offset: address,
            length,
            access,
        }),
        _ => Err(Errno::FAULT),
    }
}

/// read.
pub(crate) async fn read(cx: Context, number: u64, address: u64, count: u64) -> Outcome {
    let Object { server, handle } = found::readable(&cx, number)?.object;
    let count = count.min(TRANSFER_LIMIT);
    let memory = part(address, count, Access::Write)?;
    let question = object::Read { handle, count };
    route(&cx, number, server, question.message(), Access::Write);
    cx.forward(server, &question, &[memory])
}

/// Has the kernel send the calls that follow straight to the object's server. What it does not do goes
/// through here.
fn route(cx: &Context, number: u64, to: Endpoint, message: Message, access: Access) {
    let descriptor = descriptor(number);
    if u64::from(descriptor) >= ROUTED_DESCRIPTORS as u64 {
        return;
    }
    let _ = cx.system().route(&Route {
        process: cx.caller().pid,
        descriptor,
        number: cx.message().kind,
        to,
        message,
        access,
        most: TRANSFER_LIMIT,
    });
}

/// write.
pub(crate) async fn write(cx: Context, number: u64, address: u64, count: u64) -> Outcome {
    let found = found::writable(&cx, number)?;
    let count = count.min(TRANSFER_LIMIT);
    let count = within_limit(&cx, &found, None, count).await?;
    let memory = part(address, count, Access::Read)?;
    let Object { server, handle } = found.object;
    let question = object::Write { handle, count };
    if !is_limited(&found) {
        route(&cx, number, server, question.message(), Access::Read);
    }
    cx.forward(server, &question, &[memory])
}

/// Whether RLIMIT_FSIZE is to be looked at.
fn is_limited(found: &Found) -> bool {
    found.file_limit != u64::MAX && mode::is_regular(found.mode)
}

/// pread64.
pub(crate) async fn read_at(
    cx: Context,
    number: u64,
    address: u64,
    count: u64,
    offset: u64,
) -> Outcome {
    let found = found::readable(&cx, number)?;
    let offset = checked_offset(&found, offset)?;
    let count = count.min(TRANSFER_LIMIT);
    let memory = part(address, count, Access::Write)?;
    let Object { server, handle } = found.object;
    let question = object::ReadAt {
        handle,
        count,
        offset,
    };
    cx.forward(server, &question, &[memory])
}

/// pwrite64.
pub(crate) async fn write_at(
    cx: Context,
    number: u64,
    address: u64,
    count: u64,
    offset: u64,
) -> Outcome {
    let found = found::writable(&cx, number)?;
    let offset = checked_offset(&found, offset)?;
    let count = within_limit(&cx, &found, Some(offset), count.min(TRANSFER_LIMIT)).await?;
    let memory = part(address, count, Access::Read)?;
    let Object { server, handle } = found.object;
    let question = object::WriteAt {
        handle,
        count,
        offset,
    };
    cx.forward(server, &question, &[memory])
}

/// An offset to read or write at.
///
/// # Errors
/// `INVAL` when it is negative, `SPIPE` for what has no positions.
pub(crate) fn checked_offset(found: &Found, offset: u64) -> Result<u64, Errno> {
    if offset.cast_signed() < 0 {
        return Err(Errno::INVAL);
    }
    if found.kind() == mode::S_IFIFO {
        return Err(Errno::SPIPE);
    }
    Ok(offset)
}

/// How much of a write RLIMIT_FSIZE allows; without an offset it is one at the position.
///
/// # Errors
/// `FBIG` with SIGXFSZ when it allows nothing.
pub(crate) async fn within_limit(
    cx: &Context,
    found: &Found,
    offset: Option<u64>,
    count: u64,
) -> Result<u64, Refused> {
    if !is_limited(found) || count == 0 {
        return Ok(count);
    }
    let offset = match offset {
        Some(offset) => offset,
        None => next_write(cx, found).await?,
    };
    match found.file_limit.saturating_sub(offset) {
        0 => Err(Refused::raising(Errno::FBIG, SIGXFSZ, false)),
        room => Ok(count.min(room)),
    }
}

/// Checks a length that a file is to get.
///
/// # Errors
/// `INVAL` when it is negative, `FBIG` with SIGXFSZ above RLIMIT_FSIZE.
pub(crate) fn checked_length(length: u64, limit: u64) -> Result<u64, Refused> {
    if length.cast_signed() < 0 {
        return Err(Errno::INVAL.into());
    }
    if length > limit {
        return Err(Refused::raising(Errno::FBIG, SIGXFSZ, false));
    }
    Ok(length)
}

/// Where the next write without an offset goes.
async fn next_write(cx: &Context, found: &Found) -> Result<u64, Refused> {
    let Object { server, handle } = found.object;
    if found.flags & O_APPEND != 0 {
        let question = object::Describe { handle };
        return Ok(cx.repeat("describe", server, question, &[]).await?.length);
    }
    let question = object::Position { handle };
    cx.repeat("position", server, question, &[]).await
}

/// lseek.
pub(crate) async fn seek(cx: Context, number: u64, offset: u64, whence: u64) -> Outcome {
    let found = found::usable(&cx, number)?;
    let whence = u64::from(int(whence).cast_unsigned());
    let whence = Whence::from_word(whence).ok_or(Errno::INVAL)?;
    if found.kind() == mode::S_IFIFO {
        return Err(Errno::SPIPE.into());
    }
    let Object { server, handle } = found.object;
    let question = object::Seek {
        handle,
        offset: offset.cast_signed(),
        whence,
    };
    cx.forward(server, &question, &[])
}

/// getdents64.
pub(crate) async fn entries(cx: Context, number: u64, address: u64, count: u64) -> Outcome {
    let found = found::usable(&cx, number)?;
    if !mode::is_directory(found.mode) {
        return Err(Errno::NOTDIR.into());
    }
    let count = u64::from(word::low_32(count));
    let memory = part(address, count, Access::Write)?;
    let Object { server, handle } = found.object;
    cx.forward(server, &object::Entries { handle, count }, &[memory])
}

/// fsync, fdatasync.
pub(crate) async fn synchronise(cx: Context, number: u64) -> Outcome {
    let found = found::usable(&cx, number)?;
    if !matches!(found.kind(), mode::S_IFREG | mode::S_IFDIR) {
        return Err(Errno::INVAL.into());
    }
    let Object { server, handle } = found.object;
    cx.forward(server, &object::Synchronise { handle }, &[])
}
