//! Clone and Destroy: the address space of a child, and the end of one.

use super::{Context, capacity, close, destroy_pages};
use crate::action::parts;
use crate::handle::relief::MEMORY;
use crate::state::{Cloned, Tables};
use abi::{Call, Errno, SpaceId};
use alloc::vec::Vec;
use protocol::memory::{Clone, Destroy, Space};
use service::{Outcome, System};

/// Told to the kernel with pages that stay shared when one of the two writes to them.
const STAY_SHARED: u64 = 1;

/// Copies a space on write.
pub(crate) async fn clone(cx: Context, question: Clone) -> Outcome {
    let made: Result<(SpaceId, Vec<Cloned>), Errno> = cx.step("clone", |state| {
        let child = state.new_space();
        let cloned = state.clone_space(question.parent, child, capacity(&cx))?;
        state.makings_mut().insert(child, cx.request());
        Ok((child, cloned))
    });
    let (child, cloned) = made?;
    let copied = cx.kernel("copy", |system| {
        copy_pages(system, question.parent, child, &cloned)
    });
    if !copied {
        let _ = destroy_pages(&cx, "not copied", child);
        let closed = cx.step("undo", |state| state.remove_space(child));
        close(&cx, &closed).await;
        return Err(Errno::NOMEM.into());
    }
    cx.end(|state| {
        state.makings_mut().remove(&child);
        Space { space: child }
    })
}

/// Whether all pages could be shared.
fn copy_pages(system: &dyn System, parent: SpaceId, child: SpaceId, cloned: &[Cloned]) -> bool {
    let (from, to) = (u64::from(parent.0), u64::from(child.0));
    let share = |part: &Cloned| {
        let how = if part.shared { STAY_SHARED } else { 0 };
        parts(part.start, part.end).all(|(address, pages)| {
            let arguments = [from, to, address, pages, how];
            system.call(Call::CloneRange, &arguments).is_ok()
        })
    };
    system.call(Call::SpaceCreate, &[to]).is_ok() && cloned.iter().all(share)
}

/// Frees the spaces whose making was cut short, as the kernel does with a request that crashes vm
/// twice.
pub(crate) async fn take_up(cx: Context) -> Outcome {
    let abandoned = cx.look("abandoned", |state| {
        let all = state.makings().iter();
        let all = all.filter(|(_, request)| !cx.system().is_live(**request));
        all.map(|(space, _)| *space).collect::<Vec<SpaceId>>()
    });
    for space in abandoned {
        cx.log("vm: a space whose making was cut short is freed");
        let _ = destroy_pages(&cx, "abandoned pages", space);
        let closed = cx.step("abandoned space", |state| state.remove_space(space));
        close(&cx, &closed).await;
    }
    cx.end(|_| ())
}

/// Frees a space. The kernel takes its pages back piece by piece.
pub(crate) async fn destroy(cx: Context, question: Destroy) -> Outcome {
    destroy_pages(&cx, "destroy", question.space)?;
    let closed = cx.step("destroyed", |state| state.remove_space(question.space));
    cx.wake(MEMORY);
    close(&cx, &closed).await;
    cx.end(|_| ())
}
