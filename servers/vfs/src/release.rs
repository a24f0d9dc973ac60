//! What a change of the tables leaves to be done.

use crate::arguments::Context;
use crate::tables::{Object, Released};
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

/// Closes a description. That it is not there any more (its server started afresh) is as good.
pub(crate) async fn close(cx: &Context, object: Object) {
    let question = object::Close {
        handle: object.handle,
    };
    let _ = cx.ask("close", object.server, question, &[]).await;
}
