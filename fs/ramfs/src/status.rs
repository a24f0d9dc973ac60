//! Showing and changing what is known of files.

use crate::context::{Context, actor, file_of, now, room};
use crate::make::NODES;
use crate::node::{NodeId, PAGE};
use crate::state::State;
use crate::tree::Tree;
use abi::Errno;
use linux::file::mode::Actor;
use linux::file::status::{FileSystem, magic};
use protocol::{Handle, object};
use service::{Outcome, Refused};

/// The pages that statfs(2) shows where the kernel tells nothing.
const UNKNOWN_PAGES: u64 = 1 << 18;

/// As what the status is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// `struct stat`.
    Basic,
    /// `struct statx`.
    Extended,
    /// `struct statfs`, of the whole file system.
    FileSystem,
}

/// Writes the status of a file into a lease.
///
/// # Errors
/// Those of the copy.
pub(crate) fn write_status(
    cx: &Context,
    state: &State,
    id: NodeId,
    form: Form,
    lease: u64,
) -> Result<(), Refused> {
    let node = state.get(id)?;
    let attributes = || node.attributes(id, state.pages(id, 0, u64::MAX).len() as u64);
    match form {
        Form::Basic => cx.write_lease(lease, 0, &attributes().to_status()),
        Form::Extended => cx.write_lease(lease, 0, &attributes().to_extended()),
        Form::FileSystem => cx.write_lease(lease, 0, &file_system(cx, state).to_bytes()),
    }
}

fn file_system(cx: &Context, state: &State) -> FileSystem {
    let free = room(cx.system()).min(UNKNOWN_PAGES);
    let nodes = state.node_count();
    FileSystem {
        kind: magic::RAM,
        block: PAGE,
        blocks: state.page_count() + free,
        free,
        nodes: NODES,
        free_nodes: NODES.saturating_sub(nodes),
        identity: 1,
        flags: 0,
    }
}

/// Writes the status of what is open into lease 0.
pub(crate) async fn status_of(cx: Context, handle: Handle, form: Form) -> Outcome {
    cx.end_with(|state| {
        let node = file_of(state, handle)?;
        write_status(&cx, state, node, form, 0)
    })
}

/// Describes what is open, for servers.
pub(crate) async fn describe(cx: Context, handle: Handle) -> Outcome {
    cx.end_with(|state| {
        let id = file_of(state, handle)?;
        let node = state.get(id)?;
        Ok(object::Description {
            length: node.size(),
            mode: node.mode,
            user: node.user,
            group: node.group,
            node: id.0,
            device: node.special(),
        })
    })
}

/// Changes attributes of what is open. The change gets the file and the time.
pub(crate) async fn change(
    cx: Context,
    handle: Handle,
    change: impl FnOnce(&mut State, &Actor<'_>, (NodeId, u64)) -> Result<(), Errno>,
) -> Outcome {
    cx.end_with(|state| {
        let node = file_of(state, handle)?;
        Ok(change(state, &actor(&cx), (node, now(&cx)))?)
    })
}
