//! Pages of files, lent to programs that map them.

use crate::content::{Piece, Source, pieces, tail};
use crate::context::{Context, file_of};
use crate::node::PAGE;
use crate::state::State;
use crate::tree::Tree;
use crate::write::own_page;
use abi::{Call, Errno};
use minicbor::{Decode, Encode};
use protocol::object;
use service::Outcome;
use service::system::Answered;
use shape::Shape;

/// The page that is always zero: holes are lent from it.
const ZERO_PAGE: u64 = 0;

/// What answers a fault: so many pages, of which the first is the n-th of those asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Shape)]
struct Answer {
    #[n(0)]
    place: Place,
    #[n(1)]
    first: u64,
    #[n(2)]
    pages: u64,
}

/// Where they lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Shape)]
enum Place {
    /// Kept pages from this one on.
    #[n(0)]
    Kept(#[n(0)] u64),
    /// Pages of the archive from this offset on.
    #[n(1)]
    Archive(#[n(0)] u64),
}

/// Answers a page fault.
pub(crate) async fn page(cx: Context, question: object::Page) -> Outcome {
    let found = cx.look("around", |state| find(state, &question));
    let answer = match found? {
        Some(answer) => answer,
        // A page of the archive that holds more than the file: the file gets its own.
        None => {
            let made = cx.step("made", |state| {
                let id = file_of(state, question.handle)?;
                let page = own_page(&cx, state, id, wanted(&question) / PAGE)?;
                Ok::<_, Errno>(Answer {
                    place: Place::Kept(page),
                    first: question.wanted.into(),
                    pages: 1,
                })
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
    let Answer {
        place,
        first,
        pages,
    } = answer;
    let answered = Answered { first, pages };
    cx.end_with_pages(|system, request| match place {
        Place::Kept(page) => {
            if page == ZERO_PAGE {
                system.call(Call::KeepMap, &[ZERO_PAGE, 1])?;
            } else if let Some((at, length)) = stale(&cx, &question) {
                // Behind the end of the file there are zeroes.
                const ZEROES: [u8; 4096] = [0; 4096];
                system.kept_write(at, &ZEROES[..abi::word::index(length.min(PAGE))]);
            }
            system.reply_kept_pages(request, page, answered)
        }
        Place::Archive(offset) => system.reply_archive_pages(request, offset, answered),
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

/// The offset of the page that is wanted.
fn wanted(question: &object::Page) -> u64 {
    let before = u64::from(question.wanted) * PAGE;
    question.offset.saturating_add(before)
}

/// Finds pages that lie together with the one that is wanted; `None` when the file has to get one of its
/// own.
fn find(state: &State, question: &object::Page) -> Result<Option<Answer>, Errno> {
    let id = file_of(state, question.handle)?;
    let length = state.get(id)?.file_length().map_err(|_| Errno::NODEV)?;
    let (offset, wanted) = (question.offset, wanted(question));
    if wanted >= length || !offset.is_multiple_of(PAGE) {
        return Err(Errno::NXIO);
    }
    let pages = question.pages.max(question.wanted.saturating_add(1));
    let mut at = offset;
    for piece in pieces(state, id, offset, u64::from(pages) * PAGE)? {
        let end = at + piece.length;
        if wanted < end {
            let first = (at - offset) / PAGE;
            return Ok(answer(piece, first, question.wanted.into(), end == length));
        }
        at = end;
    }
    Err(Errno::NXIO)
}

/// The pages of a piece, which begins in the page `first` of those asked for, if the wanted one is whole
/// there.
fn answer(piece: Piece, first: u64, wanted: u64, ends_file: bool) -> Option<Answer> {
    let whole = piece.length / PAGE;
    let (place, first, pages) = match piece.source {
        // A kept page counts whole: what is behind the end of the file is zeroed.
        Source::Kept(at) if ends_file => {
            (Place::Kept(at / PAGE), first, piece.length.div_ceil(PAGE))
        }
        Source::Kept(at) => (Place::Kept(at / PAGE), first, whole),
        Source::Zero => (Place::Kept(ZERO_PAGE), wanted, 1),
        Source::Archive(at) => (Place::Archive(at), first, whole),
    };
    let answer = Answer {
        place,
        first,
        pages,
    };
    (wanted < first + pages).then_some(answer)
}
