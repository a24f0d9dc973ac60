//! Listing a directory. The position is the cookie of the next name, so names that come and go
//! meanwhile make no other name appear twice or not at all.

use crate::attributes::accessed;
use crate::context::{Context, now};
use crate::node::{FIRST_COOKIE, NodeId};
use crate::state::{Open, State};
use crate::tree::Tree;
use abi::{Errno, word};
use alloc::vec::Vec;
use linux::file::entry::{length, push};
use linux::file::mode::entry_type;
use protocol::object;
use service::Outcome;

/// Bytes that one call fills at most.
const MOST: u64 = 65536;

/// getdents64.
pub(crate) async fn entries(cx: Context, question: object::Entries) -> Outcome {
    cx.end_with(|state| {
        let description = state.open().get(question.handle)?;
        let (id, position) = (description.object, description.position);
        let node = state.get(id)?;
        if !node.is_directory() {
            return Err(Errno::NOTDIR.into());
        }
        if node.links == 0 {
            return Err(Errno::NOENT.into());
        }
        let room = word::index(question.count.min(MOST));
        let (bytes, next) = list(state, id, position, room)?;
        cx.write_lease(0, 0, &bytes)?;
        state
            .open_mut()
            .update(question.handle, |description| description.position = next)?;
        accessed(state, id, now(&cx));
        Ok(bytes.len() as u64)
    })
}

/// The entries from a position on that fit, and the position behind them.
fn list(state: &State, id: NodeId, position: u64, room: usize) -> Result<(Vec<u8>, u64), Errno> {
    let mut bytes = Vec::new();
    let mut next = position;
    let parent = state.parent(id).unwrap_or(id);
    let dots: [(&[u8], NodeId); 2] = [(b".", id), (b"..", parent)];
    for (cookie, (name, node)) in (0..).zip(dots) {
        if cookie >= next && !add(state, &mut bytes, room, (node, cookie), name) {
            return full(bytes, next);
        }
        next = next.max(cookie + 1);
    }
    let most = room / length(b"") + 1;
    for (name, entry) in state.listing(id, next.max(FIRST_COOKIE), most) {
        if !add(state, &mut bytes, room, (entry.node, entry.cookie), &name) {
            return full(bytes, next);
        }
        next = entry.cookie + 1;
    }
    Ok((bytes, next))
}

fn full(bytes: Vec<u8>, next: u64) -> Result<(Vec<u8>, u64), Errno> {
    if bytes.is_empty() {
        return Err(Errno::INVAL);
    }
    Ok((bytes, next))
}

fn add(
    state: &State,
    bytes: &mut Vec<u8>,
    room: usize,
    (node, cookie): (NodeId, u64),
    name: &[u8],
) -> bool {
    let kind = state.node(node).map_or(0, |found| entry_type(found.mode));
    push(bytes, room, (node.0, cookie + 1, kind), name)
}
