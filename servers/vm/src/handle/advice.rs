//! madvise, msync, mincore, and the locks.

use super::{Context, apply, change, finish};
use crate::arguments;
use crate::range::Range;
use crate::region::Marks;
use crate::state::{State, Tables};
use abi::Errno;
use abi::call::Protection;
use abi::layout::{USER_BOTTOM, USER_TOP};
use alloc::vec;
use alloc::vec::Vec;
use service::{Outcome, Refused};

/// Bytes that mincore writes at a time.
const REPORT: u64 = 64 * 1024;

/// madvise.
pub(super) async fn advise(cx: Context, words: [u64; 7]) -> Outcome {
    let Some((range, advice)) = arguments::advise(&words)? else {
        return cx.end(|_| 0);
    };
    let changed = change(&cx, "advise", |space, actions| {
        space.advise(range, advice, actions).map(|()| 0)
    });
    finish(&cx, changed).await
}

/// msync: what a program sees of a file is the file's own, so there is nothing to write back.
pub(super) async fn synchronise(cx: Context, words: [u64; 7]) -> Outcome {
    let range = arguments::synchronise(&words)?;
    cx.end_with(|state| {
        if range.is_none_or(|range| covers(state, &cx, range)) {
            Ok(0)
        } else {
            Err(Errno::NOMEM.into())
        }
    })
}

fn covers(state: &State, cx: &Context, range: Range) -> bool {
    let space = state.space(cx.caller().space);
    space.is_some_and(|space| space.regions.cover(range))
}

/// mincore. Nothing is ever moved out of memory: what may be touched counts as being there.
pub(super) async fn resident(cx: Context, words: [u64; 7]) -> Outcome {
    let range = arguments::range_or_nothing(words[0], words[1])?;
    let target = words[2];
    cx.end_with(|state| {
        let Some(range) = range else { return Ok(0) };
        if !covers(state, &cx, range) {
            return Err(Errno::NOMEM.into());
        }
        let space = state.space(cx.caller().space);
        let parts = space.into_iter().flat_map(|s| s.regions.within(range));
        let mut written = 0;
        for part in parts {
            let there = u8::from(part.protection() != Protection(0));
            report(&cx, target.saturating_add(written), part.pages(), there)?;
            written += part.pages();
        }
        Ok(0)
    })
}

fn report(cx: &Context, target: u64, pages: u64, there: u8) -> Result<(), Refused> {
    let buffer = vec![there; abi::word::index(pages.min(REPORT))];
    let mut done = 0;
    while done < pages {
        let here = (pages - done).min(REPORT);
        let bytes = &buffer[..abi::word::index(here)];
        cx.write_lease(0, target.saturating_add(done), bytes)?;
        done += here;
    }
    Ok(())
}

/// mlock.
pub(super) async fn lock(cx: Context, words: [u64; 7]) -> Outcome {
    let Some(range) = arguments::lock(&words)? else {
        return cx.end(|_| 0);
    };
    let changed = change(&cx, "lock", |space, actions| {
        space.lock(range, actions).map(|()| 0)
    })?;
    apply(&cx, cx.caller().space, &changed.actions)?;
    cx.end(|_| changed.value)
}

/// mlock2, whose one flag lets the pages come later.
pub(super) async fn lock_with_flags(cx: Context, words: [u64; 7]) -> Outcome {
    match words[2] {
        0 => lock(cx, words).await,
        1 => {
            let range = arguments::lock(&words)?;
            let changed = change(&cx, "lock", |space, _| match range {
                Some(range) => space.lock(range, &mut Vec::new()).map(|()| 0),
                None => Ok(0),
            });
            finish(&cx, changed).await
        }
        _ => Err(Errno::INVAL.into()),
    }
}

/// munlock.
pub(super) async fn unlock(cx: Context, words: [u64; 7]) -> Outcome {
    let range = arguments::lock(&words)?;
    let changed = change(&cx, "unlock", |space, _| match range {
        Some(range) => space.unlock(range).map(|()| 0),
        None => Ok(0),
    });
    finish(&cx, changed).await
}

/// mlockall.
pub(super) async fn lock_all(cx: Context, words: [u64; 7]) -> Outcome {
    let at_once = arguments::lock_all(&words)?;
    let changed = change(&cx, "lock all", |space, actions| {
        let regions = space.regions.clone();
        let usable = regions.iter().filter(|r| r.protection() != Protection(0));
        for range in usable.filter_map(|region| region.range()) {
            if at_once {
                space.lock(range, actions)?;
            }
        }
        Ok(0)
    })?;
    apply(&cx, cx.caller().space, &changed.actions)?;
    cx.end(|_| changed.value)
}

/// munlockall.
pub(super) async fn unlock_all(cx: Context) -> Outcome {
    let changed = change(&cx, "unlock all", |space, _| {
        let all = Range::of(USER_BOTTOM, USER_TOP - USER_BOTTOM)?;
        space.regions.change(all, |region| {
            region.marks = region.marks.without(Marks::LOCKED);
        })?;
        Ok(0)
    });
    finish(&cx, changed).await
}
