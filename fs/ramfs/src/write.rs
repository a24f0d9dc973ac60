//! Writing files, and their length.
//!
//! A write is one closure: it maps what pages the file lacks, copies, and only then changes the
//! State. A request that is taken back, or an instance that dies, leaves bytes behind the end of
//! the file or bytes that the same request writes again.

use crate::attributes::modified;
use crate::content::{LONGEST, extend, lacking, runs, seed, set_length, tail};
use crate::context::{Context, actor, drain, map, now, room, unmap};
use crate::node::{NodeId, PAGE};
use crate::state::{Open, State};
use crate::tree::Tree;
use abi::limits::{COPY_BYTES, PAGES_PER_CALL};
use abi::{Errno, word};
use alloc::vec::Vec;
use linux::file::flags::{O_APPEND, writes};
use linux::file::mode::WRITE;
use protocol::Handle;
use service::{Outcome, Refused, System};

/// Bytes that one call writes at most, so that a service is never away for long.
const MOST: u64 = 16 << 20;

/// Writes lease 0 at an offset, or at the position; at the end when appending.
pub(crate) async fn write(cx: Context, handle: Handle, count: u64, at: Option<u64>) -> Outcome {
    cx.end_with(|state| {
        let description = state.open().get(handle)?;
        let (id, flags) = (description.object, description.flags);
        if !writes(flags) {
            return Err(Errno::BADF.into());
        }
        let length = state.get(id)?.file_length()?;
        let offset = if flags & O_APPEND != 0 {
            length
        } else {
            at.unwrap_or(description.position)
        };
        let written = write_bytes(&cx, state, id, offset, count.min(MOST))?;
        if at.is_none() {
            state.open_mut().update(handle, |description| {
                description.position = offset + written
            })?;
        }
        Ok(written)
    })
}

/// Pages that a file is to get: index and page.
type Fresh = Vec<(u64, u64)>;

fn write_bytes(
    cx: &Context,
    state: &mut State,
    id: NodeId,
    offset: u64,
    count: u64,
) -> Result<u64, Refused> {
    if count == 0 {
        return Ok(0);
    }
    if offset >= LONGEST {
        return Err(Errno::FBIG.into());
    }
    let count = count.min(LONGEST - offset);
    let (first, last) = (offset / PAGE, (offset + count - 1) / PAGE);
    let missing = lacking(state, id, first, last);
    let fresh = find_pages(cx.system(), state, &missing);
    let end = match missing.get(fresh.len()) {
        None => offset + count,
        // What comes before the first page that could not be had.
        Some(index) => (index * PAGE).min(offset + count),
    };
    if end <= offset {
        give_back(cx.system(), &fresh);
        return Err(Errno::NOSPC.into());
    }
    prepare(cx.system(), state, id, &fresh, (offset, end));
    let copied = copy_in(cx, state, id, &fresh, offset, end - offset);
    let written = match copied {
        Ok(written) => written,
        Err(refused) => {
            give_back(cx.system(), &fresh);
            return Err(refused);
        }
    };
    keep(
        cx.system(),
        state,
        id,
        &fresh,
        (offset + written).div_ceil(PAGE),
    );
    extend(state, id, offset + written);
    modified(state, &actor(cx), id, now(cx));
    Ok(written)
}

/// Maps pages for as many of the missing ones as there is memory for.
fn find_pages(system: &dyn System, state: &State, missing: &[u64]) -> Fresh {
    let wanted = (missing.len() as u64).min(room(system));
    let pages = map(system, state.pick(wanted));
    missing.iter().copied().zip(pages).collect()
}

fn give_back(system: &dyn System, fresh: &Fresh) {
    let pages: Vec<u64> = fresh.iter().map(|(_, page)| *page).collect();
    unmap(system, &runs(&pages, PAGES_PER_CALL));
}

/// Puts what the archive has into fresh pages that are not wholly overwritten, and zeroes into the
/// gap between the end of the file and the first byte.
fn prepare(
    system: &dyn System,
    state: &State,
    id: NodeId,
    fresh: &Fresh,
    (offset, end): (u64, u64),
) {
    for (index, page) in fresh {
        let start = index * PAGE;
        if start < offset || start + PAGE > end {
            fill_from_archive(system, state, id, *index, *page);
        }
    }
    let length = state.node(id).map_or(0, crate::node::Node::size);
    if let Some((at, count)) = tail(state, id).filter(|_| end > length) {
        zero_kept(system, at, count);
    }
}

/// Copies into a zeroed page what a file has there in the archive.
pub(crate) fn fill_from_archive(
    system: &dyn System,
    state: &State,
    id: NodeId,
    index: u64,
    page: u64,
) {
    let Some((at, length)) = seed(state, id, index) else {
        return;
    };
    let start = word::index(at);
    if let Some(bytes) = system.archive().get(start..start + word::index(length)) {
        system.kept_write(page * PAGE, bytes);
    }
}

fn zero_kept(system: &dyn System, at: u64, count: u64) {
    const ZEROES: [u8; 4096] = [0; 4096];
    system.kept_write(at, &ZEROES[..word::index(count.min(PAGE))]);
}

/// Copies lease 0 into the pages of a range. Returns how much; less when the memory ends.
fn copy_in(
    cx: &Context,
    state: &State,
    id: NodeId,
    fresh: &Fresh,
    offset: u64,
    count: u64,
) -> Result<u64, Refused> {
    let mut pages = state.pages(id, offset / PAGE, (offset + count - 1) / PAGE);
    pages.extend_from_slice(fresh);
    pages.sort_unstable();
    let numbers: Vec<u64> = pages.iter().map(|(_, page)| *page).collect();
    let mut done = 0;
    // One page less than a copy may move: the first may start within a page.
    for (first, length) in runs(&numbers, COPY_BYTES / PAGE - 1) {
        let inside = (offset + done) % PAGE;
        let bytes = (length * PAGE - inside).min(count - done);
        let (system, request) = (cx.system(), cx.request());
        let copied = system.lease_to_kept(request, 0, done, first * PAGE + inside, bytes);
        match cx.checked(copied) {
            Ok(()) => done += bytes,
            Err(Refused::Withdrawn) => return Err(Refused::Withdrawn),
            Err(refused) if done == 0 => return Err(refused),
            Err(_) => break,
        }
    }
    Ok(done)
}

/// Gives a file its fresh pages below an index; the others are unmapped.
fn keep(system: &dyn System, state: &mut State, id: NodeId, fresh: &Fresh, beyond: u64) {
    for (index, page) in fresh {
        if *index < beyond {
            state.occupy(*page);
            state.put_page(id, *index, *page);
        } else {
            unmap(system, &[(*page, 1)]);
        }
    }
}

/// Gives a file a page of its own where it has none.
///
/// # Errors
/// `NOSPC`.
pub(crate) fn own_page(
    cx: &Context,
    state: &mut State,
    id: NodeId,
    index: u64,
) -> Result<u64, Errno> {
    if let Some(page) = state.page(id, index) {
        return Ok(page);
    }
    let fresh = find_pages(cx.system(), state, &[index]);
    let (_, page) = *fresh.first().ok_or(Errno::NOSPC)?;
    fill_from_archive(cx.system(), state, id, index, page);
    keep(cx.system(), state, id, &fresh, index + 1);
    Ok(page)
}

/// ftruncate.
pub(crate) async fn truncate(cx: Context, handle: Handle, length: u64) -> Outcome {
    let ended = cx.end_with(|state| {
        let description = state.open().get(handle)?;
        let id = description.object;
        if !writes(description.flags) {
            return Err(Errno::INVAL.into());
        }
        set(&cx, state, id, length)
    });
    drain(&cx);
    ended
}

/// truncate.
///
/// # Errors
/// `ACCES`, `ISDIR`, `INVAL`, `FBIG`.
pub(crate) fn truncate_node(
    cx: &Context,
    state: &mut State,
    id: NodeId,
    length: u64,
) -> Result<(), Refused> {
    state.get(id)?.file_length()?;
    state.permit(&actor(cx), id, WRITE)?;
    set(cx, state, id, length)
}

fn set(cx: &Context, state: &mut State, id: NodeId, length: u64) -> Result<(), Refused> {
    let now_long = state.get(id)?.file_length()?;
    if length > LONGEST {
        return Err(Errno::FBIG.into());
    }
    if let Some((at, count)) = tail(state, id).filter(|_| length > now_long) {
        zero_kept(cx.system(), at, count);
    }
    set_length(state, id, length);
    modified(state, &actor(cx), id, now(cx));
    Ok(())
}
