//! Where the bytes of a file lie.
//!
//! ```text
//! index of a page:   0        1        2        3        4
//! table of pages:             page 9            page 4
//! archive:           ======== ======== ====
//! read from:         archive  page 9   archive  page 4   (end, or a hole)
//! ```
//! The bytes of a page behind the end of the file mean nothing; who makes the file longer zeroes
//! them first. What lies in the archive is never changed: a write gives the file a page.

use crate::node::{Archived, Content, NodeId, PAGE};
use crate::tree::Tree;
use abi::Errno;
use abi::limits::COPY_BYTES;
use alloc::vec::Vec;

/// The longest file.
pub(crate) const LONGEST: u64 = i64::MAX as u64;

/// Bytes of a file that lie together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// In the kept area, at an offset.
    Kept(u64),
    /// In the boot archive, at an offset.
    Archive(u64),
    /// Nowhere: they are zero.
    Zero,
}

/// A piece of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Piece {
    /// Where it lies.
    pub source: Source,
    /// Bytes.
    pub length: u64,
}

fn archived<T: Tree>(tree: &T, id: NodeId) -> Option<Archived> {
    match tree.node(id)?.content {
        Content::File { archived, .. } => archived,
        _ => None,
    }
}

/// The pieces of a range of a file, as far as the file goes.
///
/// # Errors
/// `ISDIR`, `INVAL` for what is no regular file.
pub(crate) fn pieces<T: Tree>(
    tree: &T,
    id: NodeId,
    offset: u64,
    count: u64,
) -> Result<Vec<Piece>, Errno> {
    let length = tree.get(id)?.file_length()?;
    let end = offset.saturating_add(count).min(length);
    let mut found = Vec::new();
    if offset >= end {
        return Ok(found);
    }
    let archive = archived(tree, id);
    let mut at = offset;
    for (index, page) in tree.pages(id, offset / PAGE, (end - 1) / PAGE) {
        bare(archive, at, index * PAGE, &mut found);
        at = at.max(index * PAGE);
        let stop = end.min((index + 1) * PAGE);
        add(&mut found, Source::Kept(page * PAGE + at % PAGE), stop - at);
        at = stop;
    }
    bare(archive, at, end, &mut found);
    Ok(found)
}

/// Adds what a file has from `at` to `end` without pages of its own.
fn bare(archive: Option<Archived>, at: u64, end: u64, found: &mut Vec<Piece>) {
    if at >= end {
        return;
    }
    let limit = archive.map_or(0, |part| part.length).clamp(at, end);
    if let Some(part) = archive.filter(|_| at < limit) {
        add(found, Source::Archive(part.offset + at), limit - at);
    }
    if limit < end {
        add(found, Source::Zero, end - limit);
    }
}

/// Adds a piece; one that goes on where the last one ends makes it longer, up to what one copy
/// may move.
fn add(found: &mut Vec<Piece>, source: Source, length: u64) {
    if let Some(last) = found.last_mut() {
        let goes_on = match (last.source, source) {
            (Source::Kept(before), Source::Kept(at))
            | (Source::Archive(before), Source::Archive(at)) => before + last.length == at,
            (Source::Zero, Source::Zero) => true,
            _ => false,
        };
        if goes_on && last.length + length <= COPY_BYTES {
            last.length += length;
            return;
        }
    }
    let mut done = 0;
    while done < length {
        let part = (length - done).min(COPY_BYTES);
        let source = match source {
            Source::Kept(at) => Source::Kept(at + done),
            Source::Archive(at) => Source::Archive(at + done),
            Source::Zero => Source::Zero,
        };
        found.push(Piece {
            source,
            length: part,
        });
        done += part;
    }
}

/// The indices of a range in which a file has no page of its own.
pub(crate) fn lacking<T: Tree>(tree: &T, id: NodeId, first: u64, last: u64) -> Vec<u64> {
    let mut missing = Vec::new();
    let mut next = first;
    for (index, _) in tree.pages(id, first, last) {
        missing.extend(next..index);
        next = index + 1;
    }
    missing.extend(next..=last);
    missing
}

/// The bytes of the archive that a page of a file has to start with: offset and length.
pub(crate) fn seed<T: Tree>(tree: &T, id: NodeId, index: u64) -> Option<(u64, u64)> {
    let part = archived(tree, id)?;
    let start = index * PAGE;
    let length = part.length.checked_sub(start).filter(|left| *left > 0)?;
    Some((part.offset + start, length.min(PAGE)))
}

/// The bytes of the kept area that have to be zeroed before a file becomes longer: offset and
/// length.
pub(crate) fn tail<T: Tree>(tree: &T, id: NodeId) -> Option<(u64, u64)> {
    let length = tree.get(id).ok()?.file_length().ok()?;
    let inside = length % PAGE;
    if inside == 0 {
        return None;
    }
    let page = tree.page(id, length / PAGE)?;
    Some((page * PAGE + inside, PAGE - inside))
}

/// Sets the length of a file whose tail has been zeroed if it becomes longer. What lies behind the
/// new end is gone.
pub(crate) fn set_length<T: Tree>(tree: &mut T, id: NodeId, length: u64) {
    tree.release_from(id, length.div_ceil(PAGE));
    tree.change_node(id, |node| {
        if let Content::File {
            length: now,
            archived,
        } = &mut node.content
        {
            *now = length;
            *archived = archived
                .map(|part| Archived {
                    length: part.length.min(length),
                    ..part
                })
                .filter(|part| part.length > 0);
        }
    });
}

/// Makes a file at least so long, nothing else.
pub(crate) fn extend<T: Tree>(tree: &mut T, id: NodeId, end: u64) {
    tree.change_node(id, |node| {
        if let Content::File { length, .. } = &mut node.content {
            *length = (*length).max(end);
        }
    });
}

/// Where the next data (or, if not `data`, the next hole) at or after an offset is.
///
/// # Errors
/// `NXIO` when there is none; the end of a file is a hole.
pub(crate) fn seek<T: Tree>(tree: &T, id: NodeId, offset: u64, data: bool) -> Result<u64, Errno> {
    let length = tree.get(id)?.file_length()?;
    if offset >= length {
        return Err(Errno::NXIO);
    }
    let mut at = offset;
    for piece in pieces(tree, id, offset, length - offset)? {
        if (piece.source != Source::Zero) == data {
            return Ok(at);
        }
        at += piece.length;
    }
    if data { Err(Errno::NXIO) } else { Ok(length) }
}

/// Consecutive numbers as runs: first and count.
pub(crate) fn runs(numbers: &[u64], most: u64) -> Vec<(u64, u64)> {
    let mut found: Vec<(u64, u64)> = Vec::new();
    for number in numbers {
        match found.last_mut() {
            Some((first, count)) if *first + *count == *number && *count < most => *count += 1,
            _ => found.push((*number, 1)),
        }
    }
    found
}
