//! Pages of files, lent to programs that map them.

use crate::content::{Source, pieces, tail};
use crate::context::{Context, file_of};
use crate::node::PAGE;
use crate::state::State;
use crate::tree::Tree;
use crate::write::own_page;
use abi::{Call, Errno};
use minicbor::{Decode, Encode};
use protocol::object;
use service::Outcome;
use shape::Shape;

/// The page that is always zero: holes are lent from it.
const ZERO_PAGE: u64 = 0;

/// What answers a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Shape)]
enum Answer {
    /// Kept pages from this one on.
    #[n(0)]
    Kept(#[n(0)] u64, #[n(1)] u64),
    /// Pages of the archive from this offset on.
    #[n(1)]
    Archive(#[n(0)] u64, #[n(1)] u64),
}

/// Answers a page fault.
pub(crate) async fn page(cx: Context, question: object::Page) -> Outcome {
    let found = cx.look("pages", |state| find(state, &question));
    let answer = match found? {
        Some(answer) => answer,
        // A page of the archive that holds more than the file: the file gets its own.
        None => {
            let made = cx.step("own", |state| {
                let id = file_of(state, question.handle)?;
                let page = own_page(&cx, state, id, question.offset / PAGE)?;
                Ok::<_, Errno>(Answer::Kept(page, 1))
            });
            // Lack of memory is no lack of a page.
            made.map_err(|errno| {
                if errno == Errno::NOSPC {
                    Errno::NOMEM
                } else {
                    errno
                }
            })?
        }
    };
    cx.end_with_pages(|system, request| match answer {
        Answer::Kept(page, count) => {
            if page == ZERO_PAGE {
                system.call(Call::KeepMap, &[ZERO_PAGE, 1])?;
            } else if let Some((at, length)) = stale(&cx, &question) {
                // Behind the end of the file there are zeroes.
                const ZEROES: [u8; 4096] = [0; 4096];
                system.kept_write(at, &ZEROES[..abi::word::index(length.min(PAGE))]);
            }
            system.reply_kept_pages(request, page, count)
        }
        Answer::Archive(offset, count) => system.reply_archive_pages(request, offset, count),
    })
}

/// The bytes behind the end of the file on the page asked for.
fn stale(cx: &Context, question: &object::Page) -> Option<(u64, u64)> {
    cx.look("stale", |state| {
        let id = file_of(state, question.handle).ok()?;
        let length = state.node(id)?.size();
        let last = length / PAGE;
        let range = question.offset / PAGE..question.offset / PAGE + u64::from(question.pages);
        tail(state, id).filter(|_| range.contains(&last))
    })
}

/// Finds pages that lie together; `None` when the file has to get one of its own.
fn find(state: &State, question: &object::Page) -> Result<Option<Answer>, Errno> {
    let id = file_of(state, question.handle)?;
    let length = state.get(id)?.file_length().map_err(|_| Errno::NODEV)?;
    let offset = question.offset;
    if offset >= length || !offset.is_multiple_of(PAGE) {
        return Err(Errno::NXIO);
    }
    let wanted = u64::from(question.pages.max(1)) * PAGE;
    let found = pieces(state, id, offset, wanted)?;
    let Some(piece) = found.first() else {
        return Err(Errno::NXIO);
    };
    // A kept page counts whole: what is behind the end of the file is zeroed.
    let reaches_end = offset + piece.length == length;
    let count = match piece.source {
        Source::Kept(_) if reaches_end => piece.length.div_ceil(PAGE),
        _ => piece.length / PAGE,
    };
    Ok(match piece.source {
        Source::Kept(at) => Some(Answer::Kept(at / PAGE, count.max(1))),
        Source::Zero => Some(Answer::Kept(ZERO_PAGE, 1)),
        Source::Archive(_) if count == 0 => None,
        Source::Archive(at) => Some(Answer::Archive(at, count)),
    })
}
