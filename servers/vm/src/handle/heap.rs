//! brk.

use super::{Context, apply, change, close};
use crate::state::Tables;
use service::Outcome;

/// Moves the end of the heap; a program reads from the answer whether it has moved.
pub(super) async fn brk(cx: Context, end: u64) -> Outcome {
    let space = cx.caller().space;
    if let Ok(changed) = change(&cx, "brk", |space, actions| {
        space.set_heap_end(end, actions)
    }) {
        // Pages that go, go: there is nothing to refuse.
        let _ = apply(&cx, space, &changed.actions);
        close(&cx, &changed.closed).await;
    }
    cx.end(|state| state.space(space).map_or(0, |space| space.heap_end()))
}
