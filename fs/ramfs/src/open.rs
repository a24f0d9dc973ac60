//! Opening.

use crate::attributes::modified;
use crate::content::set_length;
use crate::context::{Context, actor, check_room, drain, file_of, now};
use crate::make::{self, New};
use crate::names::path;
use crate::node::{Content, NodeId};
use crate::state::{Open, State};
use crate::tree::Tree;
use crate::walk::{Found, Last, walk};
use abi::{Errno, word};
use linux::file::flags::{
    O_CREAT, O_DIRECTORY, O_EXCL, O_NOATIME, O_NOFOLLOW, O_PATH, O_TRUNC, OpenFlags,
};
use linux::file::mode::{self, Actor, PERMISSIONS, S_IFREG};
use linux::file::path as text;
use protocol::Handle;
use protocol::files::{self, Opened, Walk};
use service::{Outcome, Refused};

/// Opens the root directory.
pub(crate) fn root(cx: &Context) -> Outcome {
    cx.end_with(|state| Ok(describe(state, NodeId::ROOT, O_PATH)?))
}

/// Makes a description, and says what it is of.
fn describe(state: &mut State, id: NodeId, flags: u32) -> Result<Opened, Errno> {
    let node = state.get(id)?;
    let (mode, length) = (node.mode, node.size());
    let device = if node.is_device() {
        node.special()
    } else {
        id.0
    };
    let named = !matches!(
        node.content,
        Content::File { .. } | Content::Directory { .. }
    );
    let flags = if named { O_PATH } else { flags };
    let handle = state.open_mut().open(id, flags);
    state.opened(id);
    Ok(Opened {
        walk: Walk::Done,
        consumed: 0,
        handle,
        mode,
        device,
        length,
    })
}

/// Opens a path.
pub(crate) async fn open(cx: Context, question: files::Open) -> Outcome {
    let flags = OpenFlags::check(question.flags)?;
    let path = path(&cx)?;
    let exclusive = flags.has(O_CREAT | O_EXCL);
    let last = Last::of(!flags.has(O_NOFOLLOW) && !exclusive);
    let ended = cx.end_with(|state| {
        let start = file_of(state, question.start)?;
        let actor = actor(&cx);
        match walk(state, &actor, start, &path, last)? {
            Found::Stopped(stop) => Ok(stop.into()),
            Found::Node { .. } if exclusive => Err(Errno::EXIST.into()),
            Found::Node { node, .. } => open_node(&cx, state, &actor, node, flags),
            Found::Missing { .. } if !flags.has(O_CREAT) => Err(Errno::NOENT.into()),
            Found::Missing { .. } if text::ends_in_slash(&path) => Err(Errno::ISDIR.into()),
            Found::Missing { parent, name } => {
                let new = New {
                    mode: S_IFREG | question.mode & PERMISSIONS,
                    content: Content::EMPTY,
                };
                check_room(cx.system(), state.node_count())?;
                let made = make::make(state, &actor, (parent, &name), new, now(&cx))?;
                Ok(describe(state, made, flags.bits())?)
            }
        }
    });
    drain(&cx);
    ended
}

/// Opens what is there.
fn open_node(
    cx: &Context,
    state: &mut State,
    actor: &Actor<'_>,
    id: NodeId,
    flags: OpenFlags,
) -> Result<Opened, Refused> {
    let node = state.get(id)?;
    let is_directory = node.is_directory();
    if flags.has(O_DIRECTORY) && !is_directory {
        return Err(Errno::NOTDIR.into());
    }
    if node.is_link() && !flags.names_only() {
        return Err(Errno::LOOP.into());
    }
    if is_directory
        && !flags.names_only()
        && (flags.needed() & mode::WRITE != 0 || flags.has(O_CREAT))
    {
        return Err(Errno::ISDIR.into());
    }
    let owner = node.user;
    let is_file = matches!(node.content, Content::File { .. });
    if !flags.names_only() {
        state.permit(actor, id, flags.needed())?;
        if flags.has(O_NOATIME) && !actor.owns(owner) {
            return Err(Errno::PERM.into());
        }
    }
    if is_file && flags.has(O_TRUNC) && !flags.names_only() {
        set_length(state, id, 0);
        modified(state, actor, id, now(cx));
    }
    Ok(describe(state, id, flags.bits())?)
}

/// Opens the directory that holds the last name of a path.
pub(crate) async fn open_parent(cx: Context, start: Handle) -> Outcome {
    let path = path(&cx)?;
    let at = text::last_name_start(&path).ok_or(Errno::NOENT)?;
    if text::is_dots(text::without_end_slashes(&path[at..])) {
        return Err(Errno::BUSY.into());
    }
    let above: &[u8] = if at == 0 { b"." } else { &path[..at] };
    cx.end_with(|state| {
        let start = file_of(state, start)?;
        match walk(state, &actor(&cx), start, above, Last::Followed)? {
            Found::Stopped(stop) => Ok(stop.into()),
            Found::Missing { .. } => Err(Errno::NOENT.into()),
            Found::Node { node, .. } => {
                let opened = describe(state, node, O_PATH)?;
                Ok(Opened {
                    consumed: word::low_32(at as u64),
                    ..opened
                })
            }
        }
    })
}
