//! What is in files: the boot archive's bytes, kept pages, or zeroes.

use crate::tree::{Content, PAGE, PAGE_BYTES, Tree};
use crate::{Context, State, now};
use abi::word::index;
use abi::{Call, Errno, RequestId};
use alloc::vec::Vec;
use service::{Refused, System};

/// Bytes that one request writes at most; the program writes the rest with another.
const LONGEST_WRITE: u64 = 1 << 20;
/// Bytes that one request reads at most (Linux's MAX_RW_COUNT).
const LONGEST_READ: u64 = 0x7fff_f000;

/// Where a page's bytes are.
pub(crate) enum Source {
    Kept(u64),
    /// From this offset of the archive on, so many bytes; zeroes follow.
    Archive(u64, u64),
    Zeroes,
}

/// Where the bytes of a page of a file are.
pub(crate) fn source(tree: &Tree, node: u64, page: u64) -> Source {
    if let Some(kept) = tree.page(node, page) {
        return Source::Kept(kept);
    }
    match tree.node(node).map(|node| &node.content) {
        Ok(Content::File { archive, archived }) if page * PAGE < *archived => {
            Source::Archive(archive + page * PAGE, (archived - page * PAGE).min(PAGE))
        }
        _ => Source::Zeroes,
    }
}

/// Copies from a file to lease 0; answers how many bytes.
pub(crate) fn read(
    cx: &Context,
    tree: &Tree,
    node: u64,
    offset: u64,
    count: u64,
) -> Result<u64, Refused> {
    let size = tree.node(node)?.size;
    let end = offset.saturating_add(count.min(LONGEST_READ)).min(size);
    let mut at = offset;
    while at < end {
        let within = at % PAGE;
        let length = (PAGE - within).min(end - at);
        copy_out(
            cx,
            source(tree, node, at / PAGE),
            within,
            at - offset,
            length,
        )?;
        at += length;
    }
    Ok(end.saturating_sub(offset))
}

fn copy_out(
    cx: &Context,
    source: Source,
    within: u64,
    to: u64,
    length: u64,
) -> Result<(), Refused> {
    let system = cx.system();
    match source {
        Source::Kept(kept) => {
            let from = kept * PAGE + within;
            cx.checked(system.kept_to_lease(cx.request(), 0, to, from, length))
        }
        Source::Archive(start, bytes) => {
            let mut piece = [0; PAGE_BYTES];
            archived(system, start, bytes, &mut piece);
            cx.write_lease(0, to, &piece[index(within)..index(within + length)])
        }
        Source::Zeroes => cx.write_lease(0, to, &[0; PAGE_BYTES][..index(length)]),
    }
}

fn archived(system: &dyn System, start: u64, bytes: u64, piece: &mut [u8]) {
    let archive = system.archive();
    if let Some(found) = archive.get(index(start)..index(start + bytes)) {
        piece[..found.len()].copy_from_slice(found);
    }
}

/// Copies from lease 0 to a file; answers how many bytes. The copies come before any change.
pub(crate) fn write(
    cx: &Context,
    state: &mut State,
    node: u64,
    offset: u64,
    count: u64,
) -> Result<u64, Refused> {
    let count = count.min(LONGEST_WRITE);
    let end = offset.checked_add(count).ok_or(Errno::FBIG)?;
    if count == 0 {
        return Ok(0);
    }
    let (first, last) = (offset / PAGE, (end - 1) / PAGE);
    let missing: Vec<u64> = (first..=last)
        .filter(|page| state.tree().page(node, *page).is_none())
        .collect();
    let kept = state.tree().next_pages(missing.len());
    for (page, kept) in missing.iter().zip(&kept) {
        prepare(cx.system(), state.tree(), node, *page, *kept)?;
    }
    let place = |page| match missing.iter().position(|one| *one == page) {
        Some(at) => kept[at],
        None => state.tree().page(node, page).unwrap_or(0),
    };
    let mut at = offset;
    while at < end {
        let length = (PAGE - at % PAGE).min(end - at);
        let to = place(at / PAGE) * PAGE + at % PAGE;
        let copied = cx
            .system()
            .lease_to_kept(cx.request(), 0, at - offset, to, length);
        cx.checked(copied)?;
        at += length;
    }
    let size = state.tree().node(node)?.size.max(end);
    let time = now(cx);
    let tree = state.tree_mut();
    for (page, kept) in missing.iter().zip(&kept) {
        tree.assign(node, *page, *kept);
    }
    tree.change(node, |node| {
        node.size = size;
        node.times[1] = time;
        node.times[2] = time;
    });
    Ok(count)
}

/// Makes a kept page hold what the file has at a page.
fn prepare(
    system: &dyn System,
    tree: &Tree,
    node: u64,
    page: u64,
    kept: u64,
) -> Result<(), Refused> {
    system
        .call(Call::KeepMap, &[kept, 1])
        .map_err(|_| Errno::NOSPC)?;
    let mut bytes = [0; PAGE_BYTES];
    if let Source::Archive(start, length) = source(tree, node, page) {
        archived(system, start, length, &mut bytes);
    }
    system.kept_write(kept * PAGE, &bytes);
    Ok(())
}

/// Makes a file longer or shorter. What a last page holds behind the end is cleared, so that it does
/// not come back when the file grows again.
pub(crate) fn resize(cx: &Context, state: &mut State, node: u64, size: u64) -> Result<(), Refused> {
    let within = size % PAGE;
    if within != 0
        && size < state.tree().node(node)?.size
        && let Some(kept) = state.tree().page(node, size / PAGE)
    {
        let zeroes = [0; PAGE_BYTES];
        cx.system()
            .kept_write(kept * PAGE + within, &zeroes[index(within)..]);
    }
    let time = now(cx);
    state.tree_mut().resize(node, size, time)?;
    Ok(())
}

/// Answers a page fault: pages in a row from one source.
pub(crate) fn give_pages(cx: &Context, node: u64, offset: u64, pages: u64) -> service::Outcome {
    let first = offset / PAGE;
    if cx.look("size", |state| {
        state.tree().node(node).map(|node| node.size)
    })? <= offset
    {
        return Err(Errno::NXIO.into());
    }
    // A hole gets a page, so that there is one to lend.
    let hole = cx.look("hole", |state| {
        matches!(source(state.tree(), node, first), Source::Zeroes)
    });
    if hole {
        let filled = cx.step("fill", |state| {
            let kept = state.tree().next_pages(1)[0];
            if prepare(cx.system(), state.tree(), node, first, kept).is_err() {
                return false;
            }
            state.tree_mut().assign(node, first, kept);
            true
        });
        if !filled {
            return Err(Errno::NOSPC.into());
        }
    }
    let run = cx.look("run", |state| run(state.tree(), node, first, pages.max(1)));
    let Some((archive, start, count)) = run else {
        return Err(Errno::NXIO.into());
    };
    cx.end_with_pages(|system: &dyn System, request: RequestId| {
        if archive {
            system.reply_archive_pages(request, start, count)
        } else {
            system.reply_kept_pages(request, start, count)
        }
    })
}

/// Pages in a row: whether they are the archive's, where they start, how many.
fn run(tree: &Tree, node: u64, first: u64, pages: u64) -> Option<(bool, u64, u64)> {
    match source(tree, node, first) {
        Source::Zeroes => None,
        Source::Kept(kept) => {
            let same = |at: &u64| tree.page(node, first + at) == Some(kept + at);
            let count = (1..pages).take_while(same).count() as u64 + 1;
            Some((false, kept, count))
        }
        Source::Archive(start, _) => {
            let same = |at: &u64| matches!(source(tree, node, first + at), Source::Archive(..));
            let count = (1..pages).take_while(same).count() as u64 + 1;
            Some((true, start, count))
        }
    }
}
