//! What vm does with its requests.

mod advice;
mod clone;
mod execute;
mod fault;
mod heap;
mod inspect;
mod mapping;
mod relief;
mod remap;

pub(crate) use clone::{clone, destroy, take_up};
pub(crate) use execute::execute;
pub(crate) use fault::page_fault;
pub(crate) use inspect::{inspect, regions, set_limits, victim};

use crate::action::{self, Actions};
use crate::space::Space;
use crate::state::{Changed, Object, State, Tables};
use crate::{MemoryManager, action::Action};
use abi::call::MemoryStatistics;
use abi::{Call, Errno, SpaceId};
use alloc::boxed::Box;
use linux_raw_sys::general as linux;
use minicbor::{Decode, Encode};
use protocol::object;
use service::instance::refuse;
use service::{Cx, Handler, Outcome};

type Context = Cx<MemoryManager>;

/// Answers a system call of a program.
pub(crate) fn linux_call(cx: Context, number: u32, words: [u64; 7]) -> Handler {
    match number {
        linux::__NR_brk => Box::pin(heap::brk(cx, words[0])),
        linux::__NR_mmap => Box::pin(mapping::map(cx, words)),
        linux::__NR_munmap => Box::pin(mapping::unmap(cx, words)),
        linux::__NR_mprotect => Box::pin(mapping::protect(cx, words)),
        linux::__NR_mremap => Box::pin(remap::remap(cx, words)),
        linux::__NR_madvise => Box::pin(advice::advise(cx, words)),
        linux::__NR_msync => Box::pin(advice::synchronise(cx, words)),
        linux::__NR_mincore => Box::pin(advice::resident(cx, words)),
        linux::__NR_mlock => Box::pin(advice::lock(cx, words)),
        linux::__NR_mlock2 => Box::pin(advice::lock_with_flags(cx, words)),
        linux::__NR_munlock => Box::pin(advice::unlock(cx, words)),
        linux::__NR_mlockall => Box::pin(advice::lock_all(cx, words)),
        linux::__NR_munlockall => Box::pin(advice::unlock_all(cx)),
        _ => refuse(cx),
    }
}

/// How many pages can be promised to programs in all.
fn capacity(cx: &Context) -> u64 {
    promisable(&cx.system().memory_statistics())
}

/// What programs have and could have, less what page tables for it take.
fn promisable(memory: &MemoryStatistics) -> u64 {
    let all = memory.free.saturating_sub(memory.reserved) + memory.programs;
    all - all / 128
}

/// Changes the caller's space in one step of the handler.
fn change<T>(
    cx: &Context,
    label: &'static str,
    change: impl FnOnce(&mut Space, &mut Actions) -> Result<T, Errno>,
) -> Result<Changed<T>, Errno>
where
    T: Encode<()> + for<'b> Decode<'b, ()> + Clone + 'static,
{
    cx.step(label, |state: &mut State| {
        state.change(cx.caller().space, capacity(cx), change)
    })
}

/// Does to the pages of a space what a change of its table asks for.
///
/// # Errors
/// As [`action::apply`].
fn apply(cx: &Context, space: SpaceId, actions: &[Action]) -> Result<(), Errno> {
    if actions.is_empty() {
        return Ok(());
    }
    cx.kernel("pages", |system| action::apply(system, space, actions))
}

/// Gives up descriptions.
async fn close(cx: &Context, objects: &[Object]) {
    for object in objects {
        let handle = object.handle;
        let closed = cx.ask("close", object.server, object::Close { handle }, &[]);
        // A server that has forgotten the description has closed it.
        let _ = closed.await;
    }
}

/// Carries out a change of the caller's space and ends the request with its value.
async fn finish(cx: &Context, changed: Result<Changed<u64>, Errno>) -> Outcome {
    let changed = changed?;
    let applied = apply(cx, cx.caller().space, &changed.actions);
    close(cx, &changed.closed).await;
    applied?;
    cx.end(|_| changed.value)
}

/// Frees the pages of a space.
///
/// # Errors
/// `BUSY` when a program runs in it.
fn destroy_pages(cx: &Context, label: &'static str, space: SpaceId) -> Result<(), Errno> {
    cx.kernel(label, |system| {
        let destroyed = system.call(Call::SpaceDestroy, &[u64::from(space.0)]);
        destroyed.map(drop).map_err(|_| Errno::BUSY)
    })
}

#[cfg(test)]
mod tests;
