//! What a change of the tables leaves to be done.

use crate::arguments::Context;
use crate::tables::{Object, Released};
use abi::Pid;
use protocol::object;

/// The key that requests wait for locks with.
pub(crate) const LOCKS: u64 = 0;

/// Closes what nobody refers to any more, and lets those that wait for locks try again.
pub(crate) async fn release(cx: &Context, released: Released) {
    if released.unlocked {
        cx.wake(LOCKS);
    }
    for object in released.objects {
        close(cx, object).await;
    }
}

/// Has calls on `count` descriptors of a process from this one on come here again.
pub(crate) fn forget_routes(cx: &Context, process: Pid, descriptor: u32, count: u32) {
    // A process that is not there yet, or no more, has none.
    let _ = cx.system().forget_routes(process, descriptor, count.into());
}

/// Closes a description. That it is not there any more (its server started afresh) is as good.
pub(crate) async fn close(cx: &Context, object: Object) {
    let question = object::Close {
        handle: object.handle,
    };
    let _ = cx.ask("close", object.server, question, &[]).await;
}
