//! Making and removing names.

use crate::node::{Content, Entry, Node, NodeId};
use crate::tree::Tree;
use abi::Errno;
use linux::file::mode::{self, Actor, EXECUTE, PERMISSIONS, S_IFDIR, S_ISGID, WRITE};
use linux::file::path;

/// Files there can be.
pub(crate) const NODES: u64 = 1 << 20;

/// What somebody makes.
#[derive(Clone, Debug)]
pub(crate) struct New {
    /// Type and permission bits.
    pub mode: u32,
    /// What it holds. The parent of a directory is filled in.
    pub content: Content,
}

/// Makes a file under a new name.
///
/// # Errors
/// `EXIST`, `ACCES`, `NOENT` in a removed directory, `NOSPC`, `NAMETOOLONG`, `MLINK`.
pub(crate) fn make<T: Tree>(
    tree: &mut T,
    actor: &Actor<'_>,
    (parent, name): (NodeId, &[u8]),
    new: New,
    now: u64,
) -> Result<NodeId, Errno> {
    may_add(tree, actor, parent, name)?;
    if tree.node_count() >= NODES {
        return Err(Errno::NOSPC);
    }
    let directory = tree.get(parent)?;
    let (group, mode) = inherit(actor, directory, new.mode);
    let id = tree.new_number();
    let is_directory = mode::is_directory(mode);
    let node = Node {
        content: if is_directory {
            Content::directory(parent)
        } else {
            new.content
        },
        mode,
        user: actor.user,
        group,
        links: if is_directory { 2 } else { 1 },
        opens: 0,
        access: now,
        modification: now,
        change: now,
        birth: now,
    };
    tree.put_node(id, node);
    insert(tree, parent, name, id, now);
    if is_directory {
        tree.change_node(parent, |directory| directory.links += 1);
    }
    Ok(id)
}

/// The group and mode of something new in a directory. One with set-group-id hands its group on.
fn inherit(actor: &Actor<'_>, directory: &Node, mode: u32) -> (u32, u32) {
    if directory.mode & S_ISGID == 0 {
        return (actor.group, mode);
    }
    let executable = mode & (S_ISGID | 0o010) == S_ISGID | 0o010;
    let mode = if mode::is_directory(mode) {
        mode | S_ISGID
    } else if executable && !actor.is_root() && !actor.in_group(directory.group) {
        mode & !S_ISGID
    } else {
        mode
    };
    (directory.group, mode)
}

/// Whether somebody may put a new name into a directory.
fn may_add<T: Tree>(tree: &T, actor: &Actor<'_>, parent: NodeId, name: &[u8]) -> Result<(), Errno> {
    path::check_name(name)?;
    if path::is_dots(name) || tree.entry(parent, name).is_some() {
        return Err(Errno::EXIST);
    }
    let directory = tree.get(parent)?;
    if !directory.is_directory() {
        return Err(Errno::NOTDIR);
    }
    if directory.links == 0 {
        return Err(Errno::NOENT);
    }
    if directory.links == u32::MAX {
        return Err(Errno::MLINK);
    }
    tree.permit(actor, parent, WRITE | EXECUTE)
}

/// Puts a name in, which is not there.
fn insert<T: Tree>(tree: &mut T, parent: NodeId, name: &[u8], node: NodeId, now: u64) {
    let mut cookie = 0;
    tree.change_node(parent, |directory| {
        if let Content::Directory {
            entries,
            next_cookie,
            ..
        } = &mut directory.content
        {
            cookie = *next_cookie;
            *next_cookie += 1;
            *entries += 1;
        }
        touch(directory, now);
    });
    tree.put_entry(parent, name, Entry { node, cookie });
}

/// Takes a name out, which is there.
fn take<T: Tree>(tree: &mut T, parent: NodeId, name: &[u8], now: u64) {
    tree.change_node(parent, |directory| {
        if let Content::Directory { entries, .. } = &mut directory.content {
            *entries = entries.saturating_sub(1);
        }
        touch(directory, now);
    });
    tree.take_entry(parent, name);
}

fn touch(directory: &mut Node, now: u64) {
    directory.modification = now;
    directory.change = now;
}

/// Whether somebody may take a name out of a directory.
fn may_take<T: Tree>(
    tree: &T,
    actor: &Actor<'_>,
    parent: NodeId,
    node: NodeId,
) -> Result<(), Errno> {
    tree.permit(actor, parent, WRITE | EXECUTE)?;
    let (directory, owner) = (tree.get(parent)?, tree.get(node)?.user);
    if actor.is_kept_off(directory.mode, directory.user, owner) {
        return Err(Errno::PERM);
    }
    if tree.cover(node).is_some() {
        return Err(Errno::BUSY);
    }
    Ok(())
}

/// Removes a name: a directory's, or one of anything else.
///
/// # Errors
/// `NOENT`, `ACCES`, `PERM`, `ISDIR`, `NOTDIR`, `NOTEMPTY`, `BUSY`.
pub(crate) fn remove<T: Tree>(
    tree: &mut T,
    actor: &Actor<'_>,
    (parent, name): (NodeId, &[u8]),
    directory: bool,
    now: u64,
) -> Result<(), Errno> {
    let id = tree.entry(parent, name).ok_or(Errno::NOENT)?.node;
    may_take(tree, actor, parent, id)?;
    match (tree.get(id)?.is_directory(), directory) {
        (true, false) => return Err(Errno::ISDIR),
        (false, true) => return Err(Errno::NOTDIR),
        (true, true) => require_empty(tree, id)?,
        (false, false) => {}
    }
    take(tree, parent, name, now);
    unlink(tree, parent, id, now);
    Ok(())
}

fn require_empty<T: Tree>(tree: &T, id: NodeId) -> Result<(), Errno> {
    match tree.get(id)?.content {
        Content::Directory { entries: 0, .. } => Ok(()),
        _ => Err(Errno::NOTEMPTY),
    }
}

/// A file has lost its name in a directory.
fn unlink<T: Tree>(tree: &mut T, parent: NodeId, id: NodeId, now: u64) {
    let mut was_directory = false;
    tree.change_node(id, |node| {
        was_directory = node.is_directory();
        node.links = if was_directory {
            0
        } else {
            node.links.saturating_sub(1)
        };
        node.change = now;
    });
    if was_directory {
        tree.change_node(parent, |directory| {
            directory.links = directory.links.saturating_sub(1);
        });
    }
    tree.forget_unused(id);
}

/// Gives a file a further name.
///
/// # Errors
/// `PERM` for a directory, `NOENT` for a file without names, `MLINK`, and as [`make`].
pub(crate) fn link<T: Tree>(
    tree: &mut T,
    actor: &Actor<'_>,
    id: NodeId,
    (parent, name): (NodeId, &[u8]),
    now: u64,
) -> Result<(), Errno> {
    may_add(tree, actor, parent, name)?;
    let node = tree.get(id)?;
    match node.links {
        _ if node.is_directory() => return Err(Errno::PERM),
        0 => return Err(Errno::NOENT),
        u32::MAX => return Err(Errno::MLINK),
        _ => {}
    }
    tree.change_node(id, |node| {
        node.links += 1;
        node.change = now;
    });
    insert(tree, parent, name, id, now);
    Ok(())
}

/// What renaming does when the new name is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Existing {
    /// It is replaced.
    Replaced,
    /// It is an error.
    Refused,
    /// The two change places.
    Exchanged,
}

/// A name in a directory.
pub(crate) type Place<'a> = (NodeId, &'a [u8]);

/// Moves a name.
///
/// # Errors
/// `NOENT`, `EXIST`, `ACCES`, `PERM`, `INVAL` for a directory into itself, `NOTEMPTY`, `ISDIR`,
/// `NOTDIR`, `BUSY`, `NAMETOOLONG`.
pub(crate) fn rename<T: Tree>(
    tree: &mut T,
    actor: &Actor<'_>,
    from: Place<'_>,
    to: Place<'_>,
    existing: Existing,
    now: u64,
) -> Result<(), Errno> {
    path::check_name(from.1)?;
    path::check_name(to.1)?;
    if path::is_dots(from.1) || path::is_dots(to.1) {
        return Err(Errno::BUSY);
    }
    let old = tree.entry(from.0, from.1).ok_or(Errno::NOENT)?.node;
    let new = tree.entry(to.0, to.1).map(|entry| entry.node);
    match (existing, new) {
        (Existing::Refused, Some(_)) => return Err(Errno::EXIST),
        (Existing::Exchanged, None) => return Err(Errno::NOENT),
        _ => {}
    }
    require_apart(tree, old, to.0, Errno::INVAL)?;
    may_take(tree, actor, from.0, old)?;
    may_turn(tree, actor, old, from.0, to.0)?;
    let Some(new) = new else {
        may_add(tree, actor, to.0, to.1)?;
        carry(tree, old, from, to, now);
        return Ok(());
    };
    let otherwise = match existing {
        Existing::Exchanged => Errno::INVAL,
        _ => Errno::NOTEMPTY,
    };
    require_apart(tree, new, from.0, otherwise)?;
    may_take(tree, actor, to.0, new)?;
    if old == new {
        return Ok(());
    }
    if existing == Existing::Exchanged {
        may_turn(tree, actor, new, to.0, from.0)?;
        exchange(tree, (old, from), (new, to), now);
        return Ok(());
    }
    match (tree.get(old)?.is_directory(), tree.get(new)?.is_directory()) {
        (true, false) => return Err(Errno::NOTDIR),
        (false, true) => return Err(Errno::ISDIR),
        (true, true) => require_empty(tree, new)?,
        (false, false) => {}
    }
    take(tree, to.0, to.1, now);
    unlink(tree, to.0, new, now);
    carry(tree, old, from, to, now);
    Ok(())
}

/// Refuses to move a file to where it would lie in itself.
fn require_apart<T: Tree>(
    tree: &T,
    moved: NodeId,
    target: NodeId,
    errno: Errno,
) -> Result<(), Errno> {
    let nested = tree.get(moved)?.is_directory() && tree.lies_in(target, moved);
    if nested { Err(errno) } else { Ok(()) }
}

/// A directory that gets another parent is itself written.
fn may_turn<T: Tree>(
    tree: &T,
    actor: &Actor<'_>,
    id: NodeId,
    from: NodeId,
    to: NodeId,
) -> Result<(), Errno> {
    if from == to || !tree.get(id)?.is_directory() {
        return Ok(());
    }
    tree.permit(actor, id, WRITE)
}

/// Moves a file to a name that is not there.
fn carry<T: Tree>(tree: &mut T, id: NodeId, from: Place<'_>, to: Place<'_>, now: u64) {
    take(tree, from.0, from.1, now);
    insert(tree, to.0, to.1, id, now);
    turn(tree, id, from.0, to.0, now);
}

fn exchange<T: Tree>(
    tree: &mut T,
    (old, from): (NodeId, Place<'_>),
    (new, to): (NodeId, Place<'_>),
    now: u64,
) {
    take(tree, from.0, from.1, now);
    take(tree, to.0, to.1, now);
    insert(tree, from.0, from.1, new, now);
    insert(tree, to.0, to.1, old, now);
    turn(tree, old, from.0, to.0, now);
    turn(tree, new, to.0, from.0, now);
}

/// Tells a moved file its new parent.
fn turn<T: Tree>(tree: &mut T, id: NodeId, from: NodeId, to: NodeId, now: u64) {
    let mut is_directory = false;
    tree.change_node(id, |node| {
        node.change = now;
        if let Content::Directory { parent, .. } = &mut node.content {
            *parent = to;
            is_directory = true;
        }
    });
    if is_directory && from != to {
        tree.change_node(from, |node| node.links = node.links.saturating_sub(1));
        tree.change_node(to, |node| node.links = node.links.saturating_add(1));
    }
}

/// The root directory of an empty file system.
pub(crate) fn root() -> Node {
    Node {
        content: Content::directory(NodeId::ROOT),
        mode: S_IFDIR | 0o755 & PERMISSIONS,
        user: 0,
        group: 0,
        links: 2,
        opens: 0,
        access: 0,
        modification: 0,
        change: 0,
        birth: 0,
    }
}
