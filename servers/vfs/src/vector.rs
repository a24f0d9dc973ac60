//! readv, writev and their kin with offsets.
//!
//! A single part is an ordinary read or write. A small write is gathered and asked as one, so that
//! it is one to a pipe as well. Everything else goes part by part as long as the parts are filled;
//! what has no positions is asked first whether it has more, so that a call that has got something
//! does not wait.

use crate::arguments::{self, Context, MEMORY};
use crate::found::{self, Found};
use crate::tables::Object;
use crate::transfer::{self, checked_offset, part, within_limit};
use abi::lease::Access;
use abi::{Errno, word};
use alloc::vec::Vec;
use linux::file::poll;
use linux::file::vector::{self, MAXIMUM, Part, VECTOR_BYTES};
use protocol::object;
use service::{Lend, Outcome, Refused};

/// The largest write that is gathered.
const GATHERED: u64 = 64 * 1024;
/// Stands for the position where an offset is expected (preadv2).
const POSITION: u64 = u64::MAX;

/// Where a transfer takes place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum At {
    /// At the position, which moves.
    Position,
    /// At an offset.
    Offset(u64),
}

impl At {
    /// The offset argument of preadv2 and pwritev2.
    ///
    /// # Errors
    /// `NOTSUP` when flags are set.
    pub(crate) const fn check(offset: u64, flags: u64) -> Result<At, Errno> {
        if word::low_32(flags) != 0 {
            return Err(Errno::NOTSUP);
        }
        Ok(match offset {
            POSITION => At::Position,
            offset => At::Offset(offset),
        })
    }

    const fn after(self, bytes: u64) -> At {
        match self {
            At::Position => At::Position,
            At::Offset(offset) => At::Offset(offset.saturating_add(bytes)),
        }
    }

    const fn offset(self) -> Option<u64> {
        match self {
            At::Position => None,
            At::Offset(offset) => Some(offset),
        }
    }
}

fn parts(cx: &Context, address: u64, count: u64) -> Result<Vec<Part>, Refused> {
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    if count > MAXIMUM {
        return Err(Errno::INVAL.into());
    }
    let bytes = arguments::bytes(cx, "vector", address, count * VECTOR_BYTES)?;
    Ok(vector::parse(&bytes)?)
}

fn check_at(found: &Found, at: At) -> Result<(), Errno> {
    match at {
        At::Position => Ok(()),
        At::Offset(offset) => checked_offset(found, offset).map(drop),
    }
}

/// readv, preadv, preadv2.
pub(crate) async fn read(cx: Context, number: u64, address: u64, count: u64, at: At) -> Outcome {
    let found = found::readable(&cx, number)?;
    check_at(&found, at)?;
    let parts = parts(&cx, address, count)?;
    if let [Part { address, length }] = parts[..] {
        return match at {
            At::Position => transfer::read(cx, number, address, length).await,
            At::Offset(offset) => transfer::read_at(cx, number, address, length, offset).await,
        };
    }
    let mut done = 0;
    for Part { address, length } in parts {
        if done > 0 && !has_more(&cx, &found, poll::IN).await {
            break;
        }
        let memory = part(address, length, Access::Write)?;
        let moved = match read_part(&cx, found.object, length, at.after(done), memory).await {
            Ok(moved) => moved,
            Err(_) if done > 0 => break,
            Err(refused) => return Err(refused),
        };
        done += moved;
        if moved < length {
            break;
        }
    }
    cx.end(|_| done)
}

async fn read_part(
    cx: &Context,
    object: Object,
    count: u64,
    at: At,
    memory: Lend<'_>,
) -> Result<u64, Refused> {
    let Object { server, handle } = object;
    match at {
        At::Position => {
            let question = object::Read { handle, count };
            cx.ask("read", server, question, &[memory]).await
        }
        At::Offset(offset) => {
            let question = object::ReadAt {
                handle,
                count,
                offset,
            };
            cx.ask("read", server, question, &[memory]).await
        }
    }
}

async fn has_more(cx: &Context, found: &Found, events: u32) -> bool {
    if found.never_waits() {
        return true;
    }
    let Object { server, handle } = found.object;
    let question = object::Poll {
        handle,
        events,
        wait: false,
    };
    let ready = cx.repeat("more", server, question, &[]).await;
    ready.is_ok_and(|ready| ready.events & events != 0)
}

/// writev, pwritev, pwritev2.
pub(crate) async fn write(cx: Context, number: u64, address: u64, count: u64, at: At) -> Outcome {
    let found = found::writable(&cx, number)?;
    check_at(&found, at)?;
    let mut parts = parts(&cx, address, count)?;
    if let [Part { address, length }] = parts[..] {
        return match at {
            At::Position => transfer::write(cx, number, address, length).await,
            At::Offset(offset) => transfer::write_at(cx, number, address, length, offset).await,
        };
    }
    let total = parts.iter().map(|part| part.length).sum();
    let allowed = within_limit(&cx, &found, at.offset(), total).await?;
    cut(&mut parts, allowed);
    if allowed == 0 {
        return cx.end(|_| 0);
    }
    if allowed <= GATHERED {
        let mut bytes = Vec::new();
        for Part { address, length } in parts {
            bytes.extend(cx.lease_bytes(MEMORY, address, word::index(length))?);
        }
        let written = write_part(&cx, found.object, allowed, at, Lend::Bytes(&bytes)).await?;
        return cx.end(|_| written);
    }
    write_parts(cx, &found, &parts, at).await
}

async fn write_parts(cx: Context, found: &Found, parts: &[Part], at: At) -> Outcome {
    let mut done = 0;
    for Part { address, length } in parts.iter().copied() {
        if done > 0 && !has_more(&cx, found, poll::OUT).await {
            break;
        }
        let memory = part(address, length, Access::Read)?;
        let moved = match write_part(&cx, found.object, length, at.after(done), memory).await {
            Ok(moved) => moved,
            Err(_) if done > 0 => break,
            Err(refused) => return Err(refused),
        };
        done += moved;
        if moved < length {
            break;
        }
    }
    cx.end(|_| done)
}

async fn write_part(
    cx: &Context,
    object: Object,
    count: u64,
    at: At,
    memory: Lend<'_>,
) -> Result<u64, Refused> {
    let Object { server, handle } = object;
    match at {
        At::Position => {
            let question = object::Write { handle, count };
            cx.ask("write", server, question, &[memory]).await
        }
        At::Offset(offset) => {
            let question = object::WriteAt {
                handle,
                count,
                offset,
            };
            cx.ask("write", server, question, &[memory]).await
        }
    }
}

/// Shortens parts to `limit` bytes in all.
fn cut(parts: &mut Vec<Part>, limit: u64) {
    let mut left = limit;
    for part in parts.iter_mut() {
        part.length = part.length.min(left);
        left -= part.length;
    }
    parts.retain(|part| part.length > 0);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_cut_to_the_limit() {
        let part = |length| Part { address: 1, length };
        let mut parts = [part(5), part(6), part(7)].to_vec();
        cut(&mut parts, 8);
        assert_eq!(parts, [part(5), part(3)]);
    }

    #[test]
    fn offsets_go_on_after_what_is_done() {
        assert_eq!(At::check(u64::MAX, 0), Ok(At::Position));
        assert_eq!(At::check(7, 0).map(|at| at.after(3)), Ok(At::Offset(10)));
        assert_eq!(At::check(7, 1), Err(Errno::NOTSUP));
    }
}
