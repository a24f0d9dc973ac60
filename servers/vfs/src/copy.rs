//! sendfile and copy_file_range: a piece of a regular file, read at an offset and written.
//!
//! Reading at an offset changes nothing, so only the write and the move of the position are effects.
//! A call moves one piece; programs ask until nothing is left.

use crate::arguments::{self, Context};
use crate::attributes::appends;
use crate::found::{self, Found};
use crate::tables::Object;
use crate::transfer::within_limit;
use abi::{Errno, word};
use alloc::vec::Vec;
use linux::file::mode;
use protocol::object::{self, Whence};
use service::{Lend, Outcome, Refused};

/// Bytes that a call moves at most.
const PIECE: u64 = 64 * 1024;

/// Where a piece is read or written.
#[derive(Clone, Copy, Debug)]
struct Side {
    object: Object,
    offset: u64,
    /// The program's variable that holds the offset, or 0 when it is the position.
    variable: u64,
}

impl Side {
    /// Finds out where to start.
    async fn of(cx: &Context, found: &Found, variable: u64) -> Result<Side, Refused> {
        let object = found.object;
        let offset = if variable == 0 {
            position(cx, object).await?
        } else {
            u64::from_le_bytes(arguments::structure(cx, "offset", variable)?)
        };
        if offset.cast_signed() < 0 {
            return Err(Errno::INVAL.into());
        }
        Ok(Side {
            object,
            offset,
            variable,
        })
    }

    /// Puts down that `moved` bytes have been moved.
    async fn advance(&self, cx: &Context, moved: u64) -> Result<(), Refused> {
        let offset = self.offset.saturating_add(moved);
        if self.variable != 0 {
            return arguments::told(cx, "moved", self.variable, &offset.to_le_bytes());
        }
        let Object { server, handle } = self.object;
        let question = object::Seek {
            handle,
            offset: offset.cast_signed(),
            whence: Whence::Set,
        };
        cx.ask("advance", server, question, &[]).await.map(drop)
    }
}

async fn position(cx: &Context, object: Object) -> Result<u64, Refused> {
    let Object { server, handle } = object;
    let question = object::Position { handle };
    cx.repeat("position", server, question, &[]).await
}

async fn read(cx: &Context, from: &Side, count: u64) -> Result<Vec<u8>, Refused> {
    let count = count.min(PIECE);
    let Object { server, handle } = from.object;
    let question = object::ReadAt {
        handle,
        count,
        offset: from.offset,
    };
    let capacity = word::index(count);
    let (length, mut bytes) = cx
        .repeat_reading("piece", server, question, &[], capacity)
        .await?;
    bytes.truncate(word::index(length));
    Ok(bytes)
}

/// sendfile.
pub(crate) async fn send(cx: Context, output: u64, input: u64, offset: u64, count: u64) -> Outcome {
    let from = found::readable(&cx, input)?;
    let to = found::writable(&cx, output)?;
    if !mode::is_regular(from.mode) || appends(to.flags) {
        return Err(Errno::INVAL.into());
    }
    let from = Side::of(&cx, &from, offset).await?;
    let count = within_limit(&cx, &to, None, count.min(PIECE)).await?;
    let bytes = read(&cx, &from, count).await?;
    if bytes.is_empty() {
        return cx.end(|_| 0);
    }
    let Object { server, handle } = to.object;
    let question = object::Write {
        handle,
        count: bytes.len() as u64,
    };
    let lent = [Lend::Bytes(&bytes)];
    let moved = cx.ask("write", server, question, &lent).await?;
    from.advance(&cx, moved).await?;
    cx.end(|_| moved)
}

/// copy_file_range.
pub(crate) async fn copy_range(
    cx: Context,
    [input, input_offset, output, output_offset]: [u64; 4],
    count: u64,
    flags: u64,
) -> Outcome {
    let from = found::readable(&cx, input)?;
    let to = found::writable(&cx, output)?;
    if appends(to.flags) {
        return Err(Errno::BADF.into());
    }
    let both_regular = mode::is_regular(from.mode) && mode::is_regular(to.mode);
    if word::low_32(flags) != 0 || !both_regular {
        return Err(Errno::INVAL.into());
    }
    let same = from.file == to.file;
    let from = Side::of(&cx, &from, input_offset).await?;
    let target = Side::of(&cx, &to, output_offset).await?;
    if same && from.offset.abs_diff(target.offset) < count {
        return Err(Errno::INVAL.into());
    }
    let count = within_limit(&cx, &to, Some(target.offset), count.min(PIECE)).await?;
    let bytes = read(&cx, &from, count).await?;
    if bytes.is_empty() {
        return cx.end(|_| 0);
    }
    let Object { server, handle } = target.object;
    let question = object::WriteAt {
        handle,
        count: bytes.len() as u64,
        offset: target.offset,
    };
    let lent = [Lend::Bytes(&bytes)];
    let moved = cx.ask("write", server, question, &lent).await?;
    from.advance(&cx, moved).await?;
    target.advance(&cx, moved).await?;
    cx.end(|_| moved)
}
