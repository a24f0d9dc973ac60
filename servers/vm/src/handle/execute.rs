//! Execute: the address space of a program about to run.

use super::{Context, capacity, close, destroy_pages};
use crate::action::map_pages;
use crate::space::guarded_start;
use crate::state::{Object, Tables};
use abi::call::Protection;
use abi::layout::PAGE_SIZE;
use abi::{Call, CallError, Errno, SpaceId};
use alloc::vec::Vec;
use minicbor::Decoder;
use protocol::memory::{Execute, Space};
use protocol::payload::ExecutePlan;
use service::Outcome;

/// Bytes that a plan may have: arguments and environment, and some regions.
const PLAN_BYTES: u64 = 1 << 20;
/// The field of [`ExecutePlan`] that holds the stack's bytes.
const STACK_FIELD: u64 = 4;

/// A plan, and where in its encoding the stack's bytes start.
struct Plan {
    content: ExecutePlan,
    stack_offset: u64,
}

/// Makes a space with the regions and the stack that a plan describes. The file's description is
/// vm's from here on, whatever happens.
pub(crate) async fn execute(cx: Context, question: Execute) -> Outcome {
    let object = Object {
        server: question.server,
        handle: question.handle,
    };
    match make(&cx, object).await {
        Ok((space, closed)) => {
            close(&cx, &closed).await;
            cx.end(|state| {
                state.makings_mut().remove(&space);
                Space { space }
            })
        }
        Err(Failed::Unowned(errno)) => {
            close(&cx, &[object]).await;
            Err(errno.into())
        }
        Err(Failed::Owned(errno)) => Err(errno.into()),
    }
}

/// Why there is no space, and whether the description is still to be closed.
enum Failed {
    Unowned(Errno),
    Owned(Errno),
}

async fn make(cx: &Context, object: Object) -> Result<(SpaceId, Vec<Object>), Failed> {
    let plan = read_plan(cx).map_err(Failed::Unowned)?;
    let space = cx.step("space", |state| {
        let space = state.new_space();
        state.makings_mut().insert(space, cx.request());
        space
    });
    let vdso_pages = create(cx, space, plan.content.vdso);
    let changed = cx.step("execute", |state| {
        let pages = vdso_pages?;
        state.execute(space, capacity(cx), &plan.content, object, pages)
    });
    let changed = match changed {
        Ok(changed) => changed,
        Err(errno) => {
            let _ = destroy_pages(cx, "not made", space);
            cx.step("nothing to undo", |state| {
                state.makings_mut().remove(&space);
            });
            return Err(Failed::Unowned(errno));
        }
    };
    if let Err(errno) = fill_stack(cx, space, &plan) {
        let _ = destroy_pages(cx, "not filled", space);
        let closed = cx.step("undo", |state| state.remove_space(space));
        close(cx, &changed.closed).await;
        close(cx, &closed).await;
        return Err(Failed::Owned(errno));
    }
    Ok((space, changed.closed))
}

fn read_plan(cx: &Context) -> Result<Plan, Errno> {
    let length = cx.lease(0).length;
    if length > PLAN_BYTES {
        return Err(Errno::TOOBIG);
    }
    let bytes = cx.lease_bytes(0, 0, abi::word::index(length));
    let bytes = bytes.map_err(|refused| refused.errno().unwrap_or(Errno::IO))?;
    let content = minicbor::decode(&bytes).map_err(|_| Errno::INVAL)?;
    let stack_offset = stack_offset(&bytes).ok_or(Errno::INVAL)?;
    Ok(Plan {
        content,
        stack_offset,
    })
}

/// Where the bytes of the stack start in an encoded plan.
fn stack_offset(plan: &[u8]) -> Option<u64> {
    let mut decoder = Decoder::new(plan);
    let fields = decoder.array().ok()??;
    for _ in 0..STACK_FIELD.min(fields) {
        decoder.skip().ok()?;
    }
    let length = decoder.bytes().ok()?.len();
    Some(decoder.position().checked_sub(length)? as u64)
}

/// Makes the kernel's part of the space; answers the pages of clock and vDSO.
fn create(cx: &Context, space: SpaceId, vdso: u64) -> Result<u64, Errno> {
    cx.kernel("create", |system| {
        let number = u64::from(space.0);
        let made = system.call(Call::SpaceCreate, &[number]);
        let mapped = made.and_then(|_| system.call(Call::MapVdso, &[number, vdso]));
        mapped.map_err(|error| match error {
            CallError::NoMemory => Errno::NOMEM,
            _ => Errno::NOEXEC,
        })
    })
}

/// Maps the top of the stack and copies the initial content there, from the plan to the program at
/// once.
fn fill_stack(cx: &Context, space: SpaceId, plan: &Plan) -> Result<(), Errno> {
    let top = plan.content.stack_top;
    let length = plan.content.stack.len() as u64;
    let start = guarded_start(top, length);
    let pages = (top - start).div_ceil(PAGE_SIZE);
    let read_write = Protection::READ.0 | Protection::WRITE.0;
    cx.kernel("stack", |system| {
        let number = u64::from(space.0);
        map_pages(system, number, start, pages, read_write)?;
        let from = [cx.request().0, 0, plan.stack_offset];
        let arguments = [number, top - length, from[0], from[1], from[2], length];
        let copied = system.call(Call::CopyIn, &arguments);
        copied.map(drop).map_err(|_| Errno::FAULT)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::payload::PlannedRegion;

    #[test]
    fn the_stack_is_found_in_the_encoded_plan() {
        let region = PlannedRegion {
            address: 1 << 20,
            length: 4096,
            protection: 5,
            file_bytes: 7,
            file_offset: 0,
        };
        let plan = ExecutePlan {
            regions: alloc::vec![region; 30],
            heap: 1 << 30,
            stack_top: 1 << 40,
            stack_limit: 8 << 20,
            stack: (0..=255).cycle().take(1000).collect(),
            vdso: 1 << 41,
        };
        let bytes = minicbor::to_vec(&plan).unwrap();
        let offset = abi::word::index(stack_offset(&bytes).unwrap());
        assert_eq!(&bytes[offset..offset + 1000], plan.stack.as_slice());
        assert_eq!(stack_offset(&[]), None);
        assert_eq!(stack_offset(&[0x81, 0x41]), None);
    }
}
