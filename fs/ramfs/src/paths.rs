//! Messages about paths.

use crate::names;
use crate::tree::{Content, Found, Node, ROOT};
use crate::{Context, State, content, now};
use abi::Errno;
use abi::limits::PATH_BYTES;
use abi::word::{index, low_32};
use alloc::boxed::Box;
use alloc::vec::Vec;
use linux::file::flags::{O_CREAT, O_DIRECTORY, O_EXCL, O_NOFOLLOW, O_PATH, O_TRUNC, OpenFlags};
use linux::file::mode::{self, Actor};
use linux::file::path::ends_in_slash;
use linux::file::status::FileSystem;
use protocol::Handle;
use protocol::files::{self, Opened, Request, Walk, Walked, times};
use service::{Handler, Outcome, Refused};

/// TMPFS_MAGIC (`linux/magic.h`).
const KIND: u64 = 0x0102_1994;
/// A page, the block of this file system.
const BLOCK: u64 = 4096;
/// All ones: as it is.
const AS_IT_IS: u32 = u32::MAX;

/// Who asks. File systems know no supplementary groups.
pub(crate) fn actor(cx: &Context) -> Actor<'static> {
    let caller = cx.caller();
    Actor {
        user: caller.user,
        group: caller.group,
        groups: &[],
    }
}

/// The text lent under an index.
pub(crate) fn text(cx: &Context, lease: usize) -> Result<Vec<u8>, Refused> {
    let length = cx.lease(lease).length;
    if length == 0 {
        return Err(Errno::NOENT.into());
    }
    if length > PATH_BYTES as u64 {
        return Err(Errno::NAMETOOLONG.into());
    }
    cx.lease_bytes(lease as u64, 0, index(length))
}

/// Answers a message.
pub(crate) fn handle(cx: Context, request: Request) -> Handler {
    match request {
        Request::Root(_) => Box::pin(async move { cx.end(|state| opened(state, ROOT, O_PATH)) }),
        Request::Open(q) => Box::pin(open(cx, q)),
        Request::Cover(q) => Box::pin(async move {
            cx.end_with(|state| {
                let node = start(state, q.directory)?;
                state.tree_mut().cover(node, q.mount);
                Ok(())
            })
        }),
        Request::PathOf(q) => Box::pin(async move {
            cx.end_with(|state| {
                let path = state
                    .tree()
                    .path_of(start(state, q.directory)?)
                    .ok_or(Errno::NOENT)?;
                if path.len() as u64 > cx.lease(0).length {
                    return Err(Errno::RANGE.into());
                }
                cx.write_lease(0, 0, &path)?;
                Ok(path.len() as u64)
            })
        }),
        Request::Synchronise(_) => Box::pin(async move { cx.end(|_| ()) }),
        Request::MakeDirectory(_)
        | Request::MakeNode(_)
        | Request::MakeLink(_)
        | Request::Remove(_)
        | Request::OpenParent(_)
        | Request::Link(_)
        | Request::Rename(_) => names::handle(cx, request),
        other => Box::pin(about(cx, other)),
    }
}

/// The inode that a path starts at.
pub(crate) fn start(state: &State, handle: Handle) -> Result<u64, Errno> {
    Ok(state.descriptions().get(handle)?.object)
}

/// The answer to a walk that did not end here.
pub(crate) fn onward(walk: Walk, consumed: usize, mount: u32) -> Walked {
    Walked {
        walk,
        consumed: low_32(consumed as u64),
        mount,
    }
}

/// The answer when all is done.
pub(crate) const DONE: Walked = Walked {
    walk: Walk::Done,
    consumed: 0,
    mount: 0,
};

/// Opens an inode, which is there.
pub(crate) fn opened(state: &mut State, node: u64, flags: u32) -> Opened {
    let found = state.tree().node(node).cloned();
    let (mode, length, special) = found.map_or((0, 0, None), |found| {
        let special = match found.content {
            Content::Special(number) if number != 0 => Some(number),
            _ => None,
        };
        (found.mode, found.size, special)
    });
    let kind = mode & mode::S_IFMT;
    let whole = matches!(kind, mode::S_IFREG | mode::S_IFDIR);
    let flags = if whole { flags } else { O_PATH };
    Opened {
        walk: Walk::Done,
        consumed: 0,
        handle: state.open(node, flags),
        mode,
        device: special.unwrap_or(node),
        length,
    }
}

async fn open(cx: Context, question: files::Open) -> Outcome {
    let flags = OpenFlags::check(question.flags)?;
    let path = text(&cx, 0)?;
    let follow = !flags.has(O_NOFOLLOW) && !flags.has(O_CREAT | O_EXCL);
    cx.end_with(|state| {
        let from = start(state, question.start)?;
        let node = match state.tree().walk(&actor(&cx), from, &path, follow, true)? {
            Found::Stopped(walk, consumed, mount) => {
                return Ok(Opened {
                    walk,
                    consumed: low_32(consumed as u64),
                    handle: Handle(mount),
                    mode: 0,
                    device: 0,
                    length: 0,
                });
            }
            Found::Missing(directory, name) if flags.has(O_CREAT) => {
                if ends_in_slash(&path) {
                    return Err(Errno::ISDIR.into());
                }
                let mode = mode::S_IFREG | question.mode & mode::PERMISSIONS;
                let content = Content::File {
                    archive: 0,
                    archived: 0,
                };
                let made = names::make(&cx, state, directory, &name, mode, content)?;
                return Ok(opened(state, made, flags.bits()));
            }
            Found::Missing(..) => return Err(Errno::NOENT.into()),
            Found::Node(node) => node,
        };
        check_open(&cx, state.tree().node(node)?, flags)?;
        if flags.has(O_TRUNC) && mode::is_regular(state.tree().node(node)?.mode) {
            content::resize(&cx, state, node, 0)?;
        }
        Ok(opened(state, node, flags.bits()))
    })
}

fn check_open(cx: &Context, node: &Node, flags: OpenFlags) -> Result<(), Errno> {
    let is_directory = mode::is_directory(node.mode);
    if flags.has(O_CREAT | O_EXCL) {
        return Err(Errno::EXIST);
    }
    if flags.has(O_DIRECTORY) && !is_directory {
        return Err(Errno::NOTDIR);
    }
    if flags.names_only() {
        return Ok(());
    }
    if node.mode & mode::S_IFMT == mode::S_IFLNK {
        return Err(Errno::LOOP);
    }
    if is_directory && (flags.writes() || flags.has(O_CREAT)) {
        return Err(Errno::ISDIR);
    }
    if actor(cx).may(node.mode, node.user, node.group, flags.needed()) {
        Ok(())
    } else {
        Err(Errno::ACCES)
    }
}

/// The messages about what a path names.
async fn about(cx: Context, request: Request) -> Outcome {
    let path = text(&cx, 0)?;
    let (from, follow) = match &request {
        Request::Status(q) => (q.start, q.follow),
        Request::ExtendedStatus(q) => (q.start, q.follow),
        Request::Access(q) => (q.start, q.follow),
        Request::ReadLink(q) => (q.start, false),
        Request::SetMode(q) => (q.start, q.follow),
        Request::SetOwner(q) => (q.start, q.follow),
        Request::SetTimes(q) => (q.start, q.follow),
        Request::Truncate(q) => (q.start, true),
        Request::FileSystemStatus(q) => (q.start, true),
        _ => return Err(Errno::INVAL.into()),
    };
    cx.end_with(|state| {
        let from = start(state, from)?;
        match state.tree().walk(&actor(&cx), from, &path, follow, true)? {
            Found::Stopped(walk, consumed, mount) => Ok(onward(walk, consumed, mount)),
            Found::Missing(..) => Err(Errno::NOENT.into()),
            Found::Node(node) => apply(&cx, state, node, &request),
        }
    })
}

fn apply(cx: &Context, state: &mut State, id: u64, request: &Request) -> Result<Walked, Refused> {
    match request {
        Request::Status(_) => cx.write_lease(1, 0, &state.tree().attributes(id)?.to_status())?,
        Request::ExtendedStatus(_) => {
            cx.write_lease(1, 0, &state.tree().attributes(id)?.to_extended())?;
        }
        Request::Access(q) => {
            let node = state.tree().node(id)?;
            if !actor(cx).may(node.mode, node.user, node.group, q.wanted) {
                return Err(Errno::ACCES.into());
            }
        }
        Request::ReadLink(_) => {
            let Content::Link(link) = &state.tree().node(id)?.content else {
                return Err(Errno::INVAL.into());
            };
            let length = link.len().min(index(cx.lease(1).length));
            cx.write_lease(1, 0, &link[..length])?;
            return Ok(Walked {
                mount: low_32(length as u64),
                ..DONE
            });
        }
        Request::SetMode(q) => set_mode(cx, state, id, q.mode)?,
        Request::SetOwner(q) => set_owner(cx, state, id, q.user, q.group)?,
        Request::SetTimes(q) => set_times(cx, state, id, [q.access, q.modification])?,
        Request::Truncate(q) => {
            let node = state.tree().node(id)?;
            if mode::is_directory(node.mode) {
                return Err(Errno::ISDIR.into());
            }
            if !mode::is_regular(node.mode) {
                return Err(Errno::INVAL.into());
            }
            if !actor(cx).may(node.mode, node.user, node.group, mode::WRITE) {
                return Err(Errno::ACCES.into());
            }
            content::resize(cx, state, id, q.length)?;
        }
        Request::FileSystemStatus(_) => {
            cx.write_lease(1, 0, &file_system(cx, state).to_bytes())?;
        }
        _ => return Err(Errno::INVAL.into()),
    }
    Ok(DONE)
}

/// What statfs(2) shows.
pub(crate) fn file_system(cx: &Context, state: &State) -> FileSystem {
    let memory = cx.system().memory_statistics();
    let (nodes, pages) = state.tree().counts();
    let free = memory.free.saturating_sub(memory.reserved);
    FileSystem {
        kind: KIND,
        block: BLOCK,
        blocks: pages + free,
        free,
        nodes: nodes + free,
        free_nodes: free,
        identity: 1,
        flags: 0,
    }
}

/// chmod.
pub(crate) fn set_mode(
    cx: &Context,
    state: &mut State,
    id: u64,
    wanted: u32,
) -> Result<(), Refused> {
    let actor = actor(cx);
    let node = state.tree().node(id)?;
    if !actor.owns(node.user) {
        return Err(Errno::PERM.into());
    }
    let bits = actor.settable(wanted, node.group);
    let time = now(cx);
    state.tree_mut().change(id, |node| {
        node.mode = node.mode & mode::S_IFMT | bits;
        node.times[2] = time;
    });
    Ok(())
}

/// chown.
pub(crate) fn set_owner(
    cx: &Context,
    state: &mut State,
    id: u64,
    user: u32,
    group: u32,
) -> Result<(), Refused> {
    let actor = actor(cx);
    let node = state.tree().node(id)?;
    let gives = user != AS_IT_IS && user != node.user;
    let group_allowed = group == AS_IT_IS || actor.in_group(group);
    if !actor.is_root() && (gives || !actor.owns(node.user) || !group_allowed) {
        return Err(Errno::PERM.into());
    }
    let time = now(cx);
    state.tree_mut().change(id, |node| {
        if user != AS_IT_IS {
            node.user = user;
        }
        if group != AS_IT_IS {
            node.group = group;
        }
        if !mode::is_directory(node.mode) {
            node.mode = mode::without_set_id(node.mode);
        }
        node.times[2] = time;
    });
    Ok(())
}

/// utimensat: the owner sets any time; who may write, the present.
pub(crate) fn set_times(
    cx: &Context,
    state: &mut State,
    id: u64,
    wanted: [u64; 2],
) -> Result<(), Refused> {
    let actor = actor(cx);
    let node = state.tree().node(id)?;
    let present = wanted.iter().all(|time| *time == times::NOW);
    let writes = actor.may(node.mode, node.user, node.group, mode::WRITE);
    let may = actor.owns(node.user) || (present && writes);
    if !may {
        let errno = if present { Errno::ACCES } else { Errno::PERM };
        return Err(errno.into());
    }
    let time = now(cx);
    state.tree_mut().change(id, |node| {
        for (to, wanted) in node.times.iter_mut().zip(wanted) {
            *to = match wanted {
                times::NOW => time,
                times::OMIT => *to,
                given => given,
            };
        }
        node.times[2] = time;
    });
    Ok(())
}
