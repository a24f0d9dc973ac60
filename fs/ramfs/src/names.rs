//! Messages about names: making, removing, linking, renaming.

use crate::paths::{DONE, actor, onward, opened, start, text};
use crate::tree::{Content, Found, Node, ROOT};
use crate::{Context, State, now};
use abi::Errno;
use abi::word::low_32;
use alloc::boxed::Box;
use linux::file::flags::O_PATH;
use linux::file::mode;
use linux::file::path;
use protocol::Handle;
use protocol::files::{self, Opened, Request};
use service::{Handler, Outcome, Refused};

/// renameat2: fails when the target exists; exchanges both.
const NO_REPLACE: u32 = 1;
const EXCHANGE: u32 = 2;

pub(crate) fn handle(cx: Context, request: Request) -> Handler {
    match request {
        Request::MakeDirectory(q) => {
            let mode = mode::S_IFDIR | q.mode & mode::PERMISSIONS;
            Box::pin(make_at(cx, q.start, mode, 0))
        }
        Request::MakeNode(q) => Box::pin(make_at(cx, q.start, q.mode, q.device)),
        Request::MakeLink(q) => Box::pin(make_at(cx, q.start, mode::S_IFLNK | 0o777, 0)),
        Request::Remove(q) => Box::pin(remove(cx, q)),
        Request::OpenParent(q) => Box::pin(open_parent(cx, q)),
        Request::Link(q) => Box::pin(link(cx, q)),
        Request::Rename(q) => Box::pin(rename(cx, q)),
        _ => service::objects::refuse(cx, Errno::INVAL),
    }
}

/// Makes an inode with a name. Set-group-id directories pass their group on.
pub(crate) fn make(
    cx: &Context,
    state: &mut State,
    directory: u64,
    name: &[u8],
    mode: u32,
    content: Content,
) -> Result<u64, Refused> {
    let actor = actor(cx);
    let parent = state.tree().node(directory)?;
    changeable(cx, parent)?;
    if parent.links == 0 || (directory != ROOT && parent.links < 2) {
        return Err(Errno::NOENT.into());
    }
    let inherits = parent.mode & mode::S_ISGID != 0;
    let group = if inherits { parent.group } else { actor.group };
    let is_directory = mode::is_directory(mode);
    let keep = if inherits && is_directory {
        mode::S_ISGID
    } else {
        0
    };
    let size = match &content {
        Content::Link(text) => text.len() as u64,
        _ => 0,
    };
    let time = now(cx);
    let made = state.tree_mut().make(Node {
        mode: mode | keep,
        user: actor.user,
        group,
        links: u32::from(is_directory),
        size,
        times: [time; 3],
        content,
        open: 0,
    });
    state.tree_mut().enter(directory, name, made, time);
    Ok(made)
}

/// Whether the caller may change the names of a directory.
fn changeable(cx: &Context, directory: &Node) -> Result<(), Errno> {
    let wanted = mode::WRITE | mode::EXECUTE;
    if actor(cx).may(directory.mode, directory.user, directory.group, wanted) {
        Ok(())
    } else {
        Err(Errno::ACCES)
    }
}

async fn make_at(cx: Context, from: Handle, mode: u32, device: u64) -> Outcome {
    let path = text(&cx, 0)?;
    let is_link = mode & mode::S_IFMT == mode::S_IFLNK;
    let target = if is_link {
        text(&cx, 1)?
    } else {
        alloc::vec![]
    };
    let (mode, content) = match mode & mode::S_IFMT {
        mode::S_IFDIR => (mode, Content::Directory(ROOT)),
        mode::S_IFLNK => (mode, Content::Link(target.into())),
        mode::S_IFREG => (
            mode,
            Content::File {
                archive: 0,
                archived: 0,
            },
        ),
        0 => (
            mode | mode::S_IFREG,
            Content::File {
                archive: 0,
                archived: 0,
            },
        ),
        mode::S_IFIFO => (mode, Content::Special(0)),
        _ if !actor(&cx).is_root() => return Err(Errno::PERM.into()),
        _ => (mode, Content::Special(device)),
    };
    cx.end_with(|state| {
        let from = start(state, from)?;
        match state.tree().walk(&actor(&cx), from, &path, false, false)? {
            Found::Stopped(walk, consumed, mount) => Ok(onward(walk, consumed, mount)),
            Found::Node(_) => Err(Errno::EXIST.into()),
            Found::Missing(_, _) if path::ends_in_slash(&path) && !mode::is_directory(mode) => {
                Err(Errno::NOENT.into())
            }
            Found::Missing(directory, name) => {
                make(&cx, state, directory, &name, mode, content.clone())?;
                Ok(DONE)
            }
        }
    })
}

async fn remove(cx: Context, question: files::Remove) -> Outcome {
    let path = text(&cx, 0)?;
    let last = path::last_name_start(&path).unwrap_or(0);
    let name = path::without_end_slashes(&path)[last..].to_vec();
    match name.as_slice() {
        b"." if question.directory => return Err(Errno::INVAL.into()),
        b".." if question.directory => return Err(Errno::NOTEMPTY.into()),
        b"." | b".." => return Err(Errno::ISDIR.into()),
        _ => {}
    }
    cx.end_with(|state| {
        let from = start(state, question.start)?;
        let node = match state.tree().walk(&actor(&cx), from, &path, false, false)? {
            Found::Stopped(walk, consumed, mount) => return Ok(onward(walk, consumed, mount)),
            Found::Missing(..) => return Err(Errno::NOENT.into()),
            Found::Node(node) => node,
        };
        let parent = parent_of(&cx, state, from, &path[..last])?;
        removable(&cx, state, parent, node)?;
        let is_directory = mode::is_directory(state.tree().node(node)?.mode);
        let errno = match (question.directory, is_directory) {
            (true, false) => Some(Errno::NOTDIR),
            (false, true) => Some(Errno::ISDIR),
            (true, true) if state.tree().is_covered(node) => Some(Errno::BUSY),
            (true, true) if !state.tree().is_empty(node) => Some(Errno::NOTEMPTY),
            _ => None,
        };
        if let Some(errno) = errno {
            return Err(errno.into());
        }
        let time = now(&cx);
        state.tree_mut().leave(parent, &name, time);
        Ok(DONE)
    })
}

/// The directory of a last name, whose walk came to an end here.
fn parent_of(cx: &Context, state: &State, from: u64, path: &[u8]) -> Result<u64, Errno> {
    if path.is_empty() {
        return Ok(from);
    }
    match state.tree().walk(&actor(cx), from, path, true, true)? {
        Found::Node(node) => Ok(node),
        _ => Err(Errno::NOENT),
    }
}

fn removable(cx: &Context, state: &State, parent: u64, node: u64) -> Result<(), Errno> {
    let directory = state.tree().node(parent)?;
    changeable(cx, directory)?;
    let owner = state.tree().node(node)?.user;
    if actor(cx).is_kept_off(directory.mode, directory.user, owner) {
        return Err(Errno::PERM);
    }
    Ok(())
}

async fn open_parent(cx: Context, question: files::OpenParent) -> Outcome {
    let path = text(&cx, 0)?;
    let last = path::last_name_start(&path).unwrap_or(0);
    let name = &path::without_end_slashes(&path)[last..];
    if path::is_dots(name) {
        return Err(Errno::BUSY.into());
    }
    path::check_name(name)?;
    cx.end_with(|state| {
        let from = start(state, question.start)?;
        let before = &path[..last];
        let found = if before.is_empty() {
            Found::Node(from)
        } else {
            state.tree().walk(&actor(&cx), from, before, true, true)?
        };
        match found {
            Found::Stopped(walk, consumed, mount) => Ok(Opened {
                walk,
                consumed: low_32(consumed as u64),
                handle: Handle(mount),
                mode: 0,
                device: 0,
                length: 0,
            }),
            Found::Missing(..) => Err(Errno::NOENT.into()),
            Found::Node(node) if !mode::is_directory(state.tree().node(node)?.mode) => {
                Err(Errno::NOTDIR.into())
            }
            Found::Node(node) => Ok(Opened {
                consumed: low_32(last as u64),
                ..opened(state, node, O_PATH)
            }),
        }
    })
}

async fn link(cx: Context, question: files::Link) -> Outcome {
    let name = text(&cx, 0)?;
    path::check_name(&name)?;
    cx.end_with(|state| {
        let node = start(state, question.object)?;
        let directory = start(state, question.directory)?;
        if mode::is_directory(state.tree().node(node)?.mode) {
            return Err(Errno::PERM.into());
        }
        if state.tree().node(node)?.links == 0 {
            return Err(Errno::NOENT.into());
        }
        if state.tree().find(directory, &name).is_some() {
            return Err(Errno::EXIST.into());
        }
        changeable(&cx, state.tree().node(directory)?)?;
        let time = now(&cx);
        state.tree_mut().enter(directory, &name, node, time);
        Ok(())
    })
}

async fn rename(cx: Context, question: files::Rename) -> Outcome {
    let (old, new) = (text(&cx, 0)?, text(&cx, 1)?);
    path::check_name(&new)?;
    if question.flags & !(NO_REPLACE | EXCHANGE) != 0 {
        return Err(Errno::INVAL.into());
    }
    cx.end_with(|state| {
        let from = start(state, question.from)?;
        let to = start(state, question.to)?;
        let node = state.tree().find(from, &old).ok_or(Errno::NOENT)?;
        let target = state.tree().find(to, &new);
        removable(&cx, state, from, node)?;
        changeable(&cx, state.tree().node(to)?)?;
        if state.tree().is_covered(node) || target.is_some_and(|t| state.tree().is_covered(t)) {
            return Err(Errno::BUSY.into());
        }
        if state.tree().is_within(to, node) {
            return Err(Errno::INVAL.into());
        }
        let time = now(&cx);
        match target {
            Some(_) if question.flags & NO_REPLACE != 0 => return Err(Errno::EXIST.into()),
            None if question.flags & EXCHANGE != 0 => return Err(Errno::NOENT.into()),
            Some(target) if target == node => return Ok(()),
            Some(target) if question.flags & EXCHANGE != 0 => {
                removable(&cx, state, to, target)?;
                if state.tree().is_within(from, target) {
                    return Err(Errno::INVAL.into());
                }
                exchange(state, (from, &old, node), (to, &new, target), time);
                return Ok(());
            }
            Some(target) => {
                replaceable(state, node, target)?;
                removable(&cx, state, to, target)?;
                state.tree_mut().leave(to, &new, time);
            }
            None => {}
        }
        move_name(state, (from, &old, node), (to, &new), time);
        Ok(())
    })
}

fn replaceable(state: &State, node: u64, target: u64) -> Result<(), Errno> {
    let is_directory = |id| {
        state
            .tree()
            .node(id)
            .map(|node| mode::is_directory(node.mode))
    };
    match (is_directory(node)?, is_directory(target)?) {
        (true, false) => Err(Errno::NOTDIR),
        (false, true) => Err(Errno::ISDIR),
        (true, true) if !state.tree().is_empty(target) => Err(Errno::NOTEMPTY),
        _ => Ok(()),
    }
}

/// The new name comes before the old one goes, so that the inode always has one.
fn move_name(
    state: &mut State,
    (from, old, node): (u64, &[u8], u64),
    (to, new): (u64, &[u8]),
    time: u64,
) {
    let tree = state.tree_mut();
    tree.enter(to, new, node, time);
    tree.leave(from, old, time);
}

fn exchange(
    state: &mut State,
    (from, old, node): (u64, &[u8], u64),
    (to, new, target): (u64, &[u8], u64),
    time: u64,
) {
    let tree = state.tree_mut();
    // Openings keep both while they have no name.
    tree.change(node, |node| node.open += 1);
    tree.change(target, |node| node.open += 1);
    tree.leave(from, old, time);
    tree.leave(to, new, time);
    tree.enter(to, new, node, time);
    tree.enter(from, old, target, time);
    tree.change(node, |node| node.open -= 1);
    tree.change(target, |node| node.open -= 1);
}
