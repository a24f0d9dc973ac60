//! Changing attributes.

use crate::node::{Node, NodeId};
use crate::tree::Tree;
use abi::Errno;
use linux::file::mode::{self, Actor, PERMISSIONS, WRITE};
use protocol::files::times;

/// Stands for an owner or group that stays as it is.
const AS_IT_IS: u32 = u32::MAX;
/// A day in ns: an access time older than this is renewed by a read.
const DAY: u64 = 86_400_000_000_000;

/// Sets permission bits.
///
/// # Errors
/// `PERM` when somebody else owns it, `NOTSUP` for a symbolic link.
pub(crate) fn set_mode<T: Tree>(
    tree: &mut T,
    actor: &Actor<'_>,
    id: NodeId,
    wanted: u32,
    now: u64,
) -> Result<(), Errno> {
    let node = tree.get(id)?;
    if node.is_link() {
        return Err(Errno::NOTSUP);
    }
    if !actor.owns(node.user) {
        return Err(Errno::PERM);
    }
    let bits = actor.settable(wanted, node.group);
    tree.change_node(id, |node| {
        node.mode = node.mode & !PERMISSIONS | bits;
        node.change = now;
    });
    Ok(())
}

/// Sets owner and group; all ones leaves them.
///
/// # Errors
/// `PERM`: only root gives files away, and only the owner changes the group, to one of its own.
pub(crate) fn set_owner<T: Tree>(
    tree: &mut T,
    actor: &Actor<'_>,
    id: NodeId,
    (user, group): (u32, u32),
    now: u64,
) -> Result<(), Errno> {
    let node = tree.get(id)?;
    let owns = actor.user == node.user;
    let user_allowed = user == AS_IT_IS || owns && user == node.user;
    let group_allowed = group == AS_IT_IS || owns && (group == node.group || actor.in_group(group));
    let allowed = actor.is_root() || user_allowed && group_allowed;
    if !allowed {
        return Err(Errno::PERM);
    }
    tree.change_node(id, |node| {
        if user != AS_IT_IS {
            node.user = user;
        }
        if group != AS_IT_IS {
            node.group = group;
        }
        if !node.is_directory() {
            node.mode = mode::without_set_id(node.mode);
        }
        node.change = now;
    });
    Ok(())
}

/// Sets times, see [`times`].
///
/// # Errors
/// `PERM` when somebody else owns it; to set both to the present, permission to write is enough,
/// else `ACCES`.
pub(crate) fn set_times<T: Tree>(
    tree: &mut T,
    actor: &Actor<'_>,
    id: NodeId,
    (access, modification): (u64, u64),
    now: u64,
) -> Result<(), Errno> {
    let node = tree.get(id)?;
    if !actor.owns(node.user) {
        if (access, modification) != (times::NOW, times::NOW) {
            return Err(Errno::PERM);
        }
        tree.permit(actor, id, WRITE)?;
    }
    tree.change_node(id, |node| {
        set_time(&mut node.access, access, now);
        set_time(&mut node.modification, modification, now);
        node.change = now;
    });
    Ok(())
}

fn set_time(time: &mut u64, wanted: u64, now: u64) {
    match wanted {
        times::OMIT => {}
        times::NOW => *time = now,
        at => *time = at,
    }
}

/// The file has been read: renews the access time when it is older than the last change, or a day
/// old, as Linux does by default (relatime).
pub(crate) fn accessed<T: Tree>(tree: &mut T, id: NodeId, now: u64) {
    let stale = |node: &Node| {
        node.access <= node.modification || node.access <= node.change || node.access + DAY <= now
    };
    if tree
        .node(id)
        .is_some_and(|node| node.access < now && stale(node))
    {
        tree.change_node(id, |node| node.access = now);
    }
}

/// The content has been changed by somebody.
pub(crate) fn modified<T: Tree>(tree: &mut T, actor: &Actor<'_>, id: NodeId, now: u64) {
    tree.change_node(id, |node| {
        node.modification = now;
        node.change = now;
        if !actor.is_root() && mode::is_regular(node.mode) {
            node.mode = mode::without_set_id(node.mode);
        }
    });
}
