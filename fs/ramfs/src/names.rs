//! Messages with paths.

use crate::attributes;
use crate::context::{Context, actor, check_room, drain, file_of, now};
use crate::make::{self, Existing, New};
use crate::node::{Content, Node, NodeId};
use crate::open;
use crate::state::State;
use crate::status::{self, Form};
use crate::tree::Tree;
use crate::walk::{Found, Last, walk};
use crate::write;
use abi::limits::PATH_BYTES;
use abi::{Errno, word};
use alloc::boxed::Box;
use alloc::vec::Vec;
use linux::file::mode::{self, Actor, PERMISSIONS, S_IFDIR, S_IFLNK, S_IFMT};
use linux::file::path;
use protocol::files::{Request, Walk, Walked};
use protocol::{Handle, files};
use service::{Handler, Outcome, Refused};

/// Do not replace the new name (RENAME_NOREPLACE).
const NO_REPLACE: u32 = 1;
/// Exchange the two names (RENAME_EXCHANGE).
const EXCHANGE: u32 = 2;

/// Answers a message about paths.
pub(crate) fn handle(cx: Context, request: Request) -> Handler {
    match request {
        Request::Root(_) => Box::pin(async move { open::root(&cx) }),
        Request::Open(q) => Box::pin(open::open(cx, q)),
        Request::OpenParent(q) => Box::pin(open::open_parent(cx, q.start)),
        Request::Status(q) => status(cx, q.start, q.follow, Form::Basic),
        Request::ExtendedStatus(q) => status(cx, q.start, q.follow, Form::Extended),
        Request::FileSystemStatus(q) => status(cx, q.start, true, Form::FileSystem),
        Request::Access(q) => on_node(cx, q.start, Last::of(q.follow), move |cx, state, node| {
            Ok(state.permit(&actor(cx), node, q.wanted)?)
        }),
        Request::ReadLink(q) => Box::pin(read_link(cx, q.start)),
        Request::MakeDirectory(q) => new(
            cx,
            q.start,
            New {
                mode: S_IFDIR | q.mode & PERMISSIONS,
                content: Content::directory(NodeId::ROOT),
            },
        ),
        Request::MakeNode(q) => make_node(cx, q),
        Request::MakeLink(q) => Box::pin(make_link(cx, q.start)),
        Request::Remove(q) => Box::pin(remove(cx, q)),
        Request::Link(q) => Box::pin(link(cx, q)),
        Request::Rename(q) => Box::pin(rename(cx, q)),
        Request::Cover(q) => Box::pin(async move {
            cx.end_with(|state| {
                let node = file_of(state, q.directory)?;
                if !state.get(node)?.is_directory() {
                    return Err(Errno::NOTDIR.into());
                }
                state.set_cover(node, (q.mount != 0).then_some(q.mount));
                Ok(())
            })
        }),
        Request::PathOf(q) => Box::pin(path_of(cx, q.directory)),
        Request::Synchronise(_) => Box::pin(async move { cx.end(|_| ()) }),
        change => set(cx, change),
    }
}

/// Answers a message that changes what a path names.
fn set(cx: Context, request: Request) -> Handler {
    match request {
        Request::SetMode(q) => on_node(cx, q.start, Last::of(q.follow), move |cx, state, node| {
            Ok(attributes::set_mode(
                state,
                &actor(cx),
                node,
                q.mode,
                now(cx),
            )?)
        }),
        Request::SetOwner(q) => on_node(cx, q.start, Last::of(q.follow), move |cx, state, node| {
            let owner = (q.user, q.group);
            Ok(attributes::set_owner(
                state,
                &actor(cx),
                node,
                owner,
                now(cx),
            )?)
        }),
        Request::SetTimes(q) => on_node(cx, q.start, Last::of(q.follow), move |cx, state, node| {
            let times = (q.access, q.modification);
            Ok(attributes::set_times(
                state,
                &actor(cx),
                node,
                times,
                now(cx),
            )?)
        }),
        Request::Truncate(q) => on_node(cx, q.start, Last::Followed, move |cx, state, node| {
            write::truncate_node(cx, state, node, q.length)
        }),
        _ => service::objects::refuse(cx, Errno::NOSYS),
    }
}

/// Reads the path, which is lease 0.
pub(crate) fn path(cx: &Context) -> Result<Vec<u8>, Refused> {
    lent_text(cx, 0)
}

/// Reads a name or path that is lent.
fn lent_text(cx: &Context, index: u8) -> Result<Vec<u8>, Refused> {
    let length = word::index(cx.lease(usize::from(index)).length);
    match length {
        0 => Err(Errno::NOENT.into()),
        length if length >= PATH_BYTES => Err(Errno::NAMETOOLONG.into()),
        length => cx.lease_bytes(u64::from(index), 0, length),
    }
}

/// The answer of a message that has come to its end.
const fn done(mount: u32) -> Walked {
    Walked {
        walk: Walk::Done,
        consumed: 0,
        mount,
    }
}

/// Walks to the end of the path, and does something there; the result is `Walked::mount`.
fn walked(
    cx: &Context,
    start: Handle,
    last: Last,
    act: impl FnOnce(&mut State, Found) -> Result<u32, Refused>,
) -> Outcome {
    let path = path(cx)?;
    let ended = cx.end_with(|state| {
        let start = file_of(state, start)?;
        match walk(state, &actor(cx), start, &path, last)? {
            Found::Stopped(stop) => Ok(stop.into()),
            found => Ok(done(act(state, found)?)),
        }
    });
    drain(cx);
    ended
}

/// Does something with the file that a path names.
fn on_node(
    cx: Context,
    start: Handle,
    last: Last,
    act: impl FnOnce(&Context, &mut State, NodeId) -> Result<(), Refused> + 'static,
) -> Handler {
    Box::pin(async move {
        walked(&cx, start, last, |state, found| match found {
            Found::Node { node, .. } => act(&cx, state, node).map(|()| 0),
            _ => Err(Errno::NOENT.into()),
        })
    })
}

fn status(cx: Context, start: Handle, follow: bool, form: Form) -> Handler {
    on_node(cx, start, Last::of(follow), move |cx, state, node| {
        status::write_status(cx, state, node, form, 1)
    })
}

async fn read_link(cx: Context, start: Handle) -> Outcome {
    walked(&cx, start, Last::Kept, |state, found| {
        let Found::Node { node, .. } = found else {
            return Err(Errno::NOENT.into());
        };
        let Content::Link(text) = &state.get(node)?.content else {
            return Err(Errno::INVAL.into());
        };
        let room = word::index(cx.lease(1).length);
        let text = &text[..text.len().min(room)];
        cx.write_lease(1, 0, text)?;
        let length = word::low_32(text.len() as u64);
        attributes::accessed(state, node, now(&cx));
        Ok(length)
    })
}

/// Makes something that has a name of its own.
fn new(cx: Context, start: Handle, new: New) -> Handler {
    Box::pin(async move { make(&cx, start, new) })
}

fn make(cx: &Context, start: Handle, new: New) -> Outcome {
    let slashes = path::ends_in_slash(&path(cx)?);
    walked(cx, start, Last::Name, |state, found| {
        let Found::Missing { parent, name } = found else {
            return Err(Errno::EXIST.into());
        };
        if slashes && !mode::is_directory(new.mode) {
            return Err(Errno::NOENT.into());
        }
        check_room(cx.system(), state.node_count())?;
        make::make(state, &actor(cx), (parent, &name), new, now(cx))?;
        Ok(0)
    })
}

fn make_node(cx: Context, q: files::MakeNode) -> Handler {
    let content = match q.mode & S_IFMT {
        mode::S_IFREG => Content::EMPTY,
        mode::S_IFIFO | mode::S_IFSOCK => Content::Special(0),
        mode::S_IFCHR | mode::S_IFBLK if cx.caller().user == 0 => Content::Special(q.device),
        mode::S_IFCHR | mode::S_IFBLK => return service::objects::refuse(cx, Errno::PERM),
        _ => return service::objects::refuse(cx, Errno::INVAL),
    };
    let mode = q.mode & (S_IFMT | PERMISSIONS);
    new(cx, q.start, New { mode, content })
}

async fn make_link(cx: Context, start: Handle) -> Outcome {
    let text = lent_text(&cx, 1)?;
    let new = New {
        mode: S_IFLNK | 0o777,
        content: Content::Link(text[..].into()),
    };
    make(&cx, start, new)
}

async fn remove(cx: Context, q: files::Remove) -> Outcome {
    let path = path(&cx)?;
    let slashes = path::ends_in_slash(&path);
    let last = path::last_name_start(&path).unwrap_or(0);
    let last = path::without_end_slashes(&path[last..]);
    if let Some(errno) = refused_last_name(last, q.directory) {
        return Err(errno.into());
    }
    walked(&cx, q.start, Last::Name, |state, found| {
        let Found::Node {
            node,
            name: Some((parent, name)),
        } = found
        else {
            return Err(Errno::NOENT.into());
        };
        if slashes && !state.get(node)?.is_directory() {
            return Err(Errno::NOTDIR.into());
        }
        let place = (parent, name.as_slice());
        make::remove(state, &actor(&cx), place, q.directory, now(&cx))?;
        Ok(0)
    })
}

/// Why `.` and `..` cannot be removed.
fn refused_last_name(name: &[u8], directory: bool) -> Option<Errno> {
    match (name, directory) {
        (b".", true) => Some(Errno::INVAL),
        (b"..", true) => Some(Errno::NOTEMPTY),
        (b"." | b"..", false) => Some(Errno::ISDIR),
        _ => None,
    }
}

async fn link(cx: Context, q: files::Link) -> Outcome {
    let name = lent_text(&cx, 0)?;
    cx.end_with(|state| {
        let node = file_of(state, q.object)?;
        let directory = file_of(state, q.directory)?;
        let place = (directory, name.as_slice());
        check_room(cx.system(), state.node_count())?;
        Ok(make::link(state, &actor(&cx), node, place, now(&cx))?)
    })
}

async fn rename(cx: Context, q: files::Rename) -> Outcome {
    let existing = match q.flags {
        0 => Existing::Replaced,
        NO_REPLACE => Existing::Refused,
        EXCHANGE => Existing::Exchanged,
        _ => return Err(Errno::INVAL.into()),
    };
    let (old, new) = (lent_text(&cx, 0)?, lent_text(&cx, 1)?);
    let ended = cx.end_with(|state| {
        let from = (file_of(state, q.from)?, old.as_slice());
        let to = (file_of(state, q.to)?, new.as_slice());
        let actor: Actor<'_> = actor(&cx);
        Ok(make::rename(state, &actor, from, to, existing, now(&cx))?)
    });
    drain(&cx);
    ended
}

async fn path_of(cx: Context, directory: Handle) -> Outcome {
    cx.end_with(|state| {
        let text = absolute(state, file_of(state, directory)?)?;
        if text.len() as u64 > cx.lease(0).length {
            return Err(Errno::RANGE.into());
        }
        cx.write_lease(0, 0, &text)?;
        Ok(text.len() as u64)
    })
}

/// The path of a directory from the root.
fn absolute(state: &State, mut node: NodeId) -> Result<Vec<u8>, Errno> {
    let mut names = Vec::new();
    while node != NodeId::ROOT {
        let removed = |found: &Node| found.links == 0;
        if state.node(node).is_none_or(removed) {
            return Err(Errno::NOENT);
        }
        let parent = state.parent(node).ok_or(Errno::NOTDIR)?;
        names.push(state.name_of(parent, node).ok_or(Errno::NOENT)?);
        node = parent;
    }
    let mut text = Vec::new();
    for name in names.iter().rev() {
        text.push(b'/');
        text.extend_from_slice(name);
    }
    if text.is_empty() {
        text.push(b'/');
    }
    Ok(text)
}
