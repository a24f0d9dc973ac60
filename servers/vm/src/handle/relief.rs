//! What a fault does that finds no memory: pm is told so and has somebody end for it; while that
//! one ends, others wait.

use super::Context;
use crate::state::{Shortage, Tables};
use abi::Errno;
use core::task::Poll;

/// The key of those who wait for memory.
pub(super) const MEMORY: u64 = 0;

/// Waits for the end of the process that ends for its memory, after which the page may be there.
///
/// # Errors
/// `NOMEM` when there is none yet: pm asks for it.
pub(super) async fn wait(cx: &Context) -> Result<(), Errno> {
    let dying = cx.step("shortage", |state| {
        let dying = matches!(state.shortage(), Shortage::Victim(_));
        if !dying {
            state.set_shortage(Shortage::Felt);
        }
        dying
    });
    if !dying {
        return Err(Errno::NOMEM);
    }
    let relieved = cx.step_when("relief", MEMORY, |state, wake| {
        let dying = matches!(state.shortage(), Shortage::Victim(_));
        match dying {
            true if wake.cancelled => Poll::Ready(false),
            true => Poll::Pending,
            false => Poll::Ready(true),
        }
    });
    if relieved.await {
        Ok(())
    } else {
        Err(Errno::NOMEM)
    }
}
