//! Reading files, and the position.

use crate::attributes::accessed;
use crate::content::{LONGEST, Piece, Source, pieces, seek as find};
use crate::context::{Context, now};
use crate::node::{Content, NodeId};
use crate::state::{Open, State};
use crate::tree::Tree;
use abi::{Errno, word};
use core::task::Poll;
use linux::file::flags::{O_NOATIME, reads};
use protocol::Handle;
use protocol::object::{self, Whence};
use service::{Outcome, Refused};

/// Reads at an offset, or at the position, into lease 0. Where the caller's memory has to be
/// fetched first, the mark says how much has been copied already.
pub(crate) async fn read(cx: Context, handle: Handle, count: u64, at: Option<u64>) -> Outcome {
    cx.end_when(0, |state, wake| {
        let mut done = wake.mark;
        let read = copy_out(&cx, state, handle, count, at, &mut done);
        wake.mark = done;
        Poll::Ready(read)
    })
    .await
}

fn copy_out(
    cx: &Context,
    state: &mut State,
    handle: Handle,
    count: u64,
    at: Option<u64>,
    done: &mut u64,
) -> Result<u64, Refused> {
    let description = state.open().get(handle)?;
    let (id, flags) = (description.object, description.flags);
    let offset = at.unwrap_or(description.position);
    if !reads(flags) {
        return Err(Errno::BADF.into());
    }
    let copied = copy_pieces(cx, state, id, offset, count, done);
    match copied {
        Ok(()) => {}
        Err(Refused::Withdrawn) => return Err(Refused::Withdrawn),
        Err(refused) if *done == 0 => return Err(refused),
        // The memory ends here: as much as there is.
        Err(_) => {}
    }
    if at.is_none() {
        let position = offset + *done;
        state
            .open_mut()
            .update(handle, |description| description.position = position)?;
    }
    if *done > 0 && flags & O_NOATIME == 0 {
        accessed(state, id, now(cx));
    }
    Ok(*done)
}

fn copy_pieces(
    cx: &Context,
    state: &State,
    id: NodeId,
    offset: u64,
    count: u64,
    done: &mut u64,
) -> Result<(), Refused> {
    let from = offset.saturating_add(*done);
    for piece in pieces(state, id, from, count.saturating_sub(*done))? {
        copy_piece(cx, piece, *done)?;
        *done += piece.length;
    }
    Ok(())
}

/// Copies a piece of a file to an offset of lease 0.
fn copy_piece(cx: &Context, piece: Piece, to: u64) -> Result<(), Refused> {
    match piece.source {
        Source::Kept(at) => {
            let (system, request) = (cx.system(), cx.request());
            cx.checked(system.kept_to_lease(request, 0, to, at, piece.length))
        }
        Source::Archive(at) => {
            let start = word::index(at);
            let bytes = cx.system().archive();
            let bytes = bytes.get(start..start + word::index(piece.length));
            cx.write_lease(0, to, bytes.ok_or(Errno::IO)?)
        }
        Source::Zero => zeroes(cx, to, piece.length),
    }
}

/// Moves the position.
pub(crate) async fn seek(cx: Context, question: object::Seek) -> Outcome {
    cx.end_with(|state| {
        let description = state.open().get(question.handle)?;
        let (id, position) = (description.object, description.position);
        let node = state.get(id)?;
        let is_file = matches!(node.content, Content::File { .. });
        let moved = match question.whence {
            Whence::Set => 0_u64.checked_add_signed(question.offset),
            Whence::Current => position.checked_add_signed(question.offset),
            Whence::End => node.size().checked_add_signed(question.offset),
            Whence::Data | Whence::Hole if !is_file => return Err(Errno::INVAL.into()),
            Whence::Data | Whence::Hole => {
                let from = u64::try_from(question.offset).map_err(|_| Errno::NXIO)?;
                Some(find(state, id, from, question.whence == Whence::Data)?)
            }
        };
        let moved = moved.filter(|to| *to <= LONGEST).ok_or(Errno::INVAL)?;
        state
            .open_mut()
            .update(question.handle, |description| description.position = moved)?;
        Ok(moved)
    })
}

/// FIONREAD: bytes from the position to the end.
pub(crate) async fn remaining(cx: Context, handle: Handle) -> Outcome {
    cx.end_with(|state| {
        let description = state.open().get(handle)?;
        let length = state
            .get(description.object)?
            .file_length()
            .map_err(|_| Errno::NOTTY)?;
        let left = word::low_32(length.saturating_sub(description.position));
        cx.write_lease(0, 0, &left.to_le_bytes())?;
        Ok(0_u64)
    })
}

/// What holes are read from.
static ZEROES: [u8; 4096] = [0; 4096];

fn zeroes(cx: &Context, to: u64, length: u64) -> Result<(), Refused> {
    let mut done = 0;
    while done < length {
        let part = (length - done).min(ZEROES.len() as u64);
        cx.write_lease(0, to + done, &ZEROES[..word::index(part)])?;
        done += part;
    }
    Ok(())
}
