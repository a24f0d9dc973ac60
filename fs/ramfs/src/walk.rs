//! Walking a path, as far as it lies in this file system.

use crate::node::{Node, NodeId};
use crate::tree::Tree;
use abi::Errno;
use abi::limits::PATH_BYTES;
use alloc::vec::Vec;
use linux::file::mode::{Actor, EXECUTE};
use linux::file::path;
use protocol::Handle;
use protocol::files::{Opened, Walk, Walked};

/// What becomes of the last name of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Last {
    /// It is about what it names; a symbolic link is followed.
    Followed,
    /// It is about what it names, and that may be a symbolic link.
    Kept,
    /// It is about the name itself.
    Name,
}

impl Last {
    /// Of a message that says whether it follows.
    pub(crate) const fn of(follow: bool) -> Last {
        if follow { Last::Followed } else { Last::Kept }
    }
}

/// Where a walk went on to another file system, or has to be continued by vfs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stop {
    /// Why.
    pub walk: Walk,
    /// Bytes of the path consumed.
    pub consumed: u32,
    /// The mount, if it is one.
    pub mount: u32,
}

impl From<Stop> for Walked {
    fn from(stop: Stop) -> Walked {
        Walked {
            walk: stop.walk,
            consumed: stop.consumed,
            mount: stop.mount,
        }
    }
}

impl From<Stop> for Opened {
    fn from(stop: Stop) -> Opened {
        Opened {
            walk: stop.walk,
            consumed: stop.consumed,
            handle: Handle(stop.mount),
            mode: 0,
            device: 0,
            length: 0,
        }
    }
}

/// Where a walk ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// At a file.
    Node {
        /// It.
        node: NodeId,
        /// Its directory and its name there, unless that was `.` or `..`.
        name: Option<(NodeId, Vec<u8>)>,
    },
    /// At a name that is not in its directory.
    Missing {
        /// The directory.
        parent: NodeId,
        /// The name.
        name: Vec<u8>,
    },
    /// Before its end.
    Stopped(Stop),
}

struct Walker<'a, T> {
    tree: &'a T,
    actor: &'a Actor<'a>,
    path: &'a [u8],
    last: Last,
    /// Bytes of the path consumed.
    at: usize,
    found: NodeId,
    name: Option<(NodeId, Vec<u8>)>,
}

/// Walks from a directory along a path.
///
/// # Errors
/// `NOENT`, `NOTDIR`, `ACCES`, `NAMETOOLONG`.
pub(crate) fn walk<T: Tree>(
    tree: &T,
    actor: &Actor<'_>,
    start: NodeId,
    path: &[u8],
    last: Last,
) -> Result<Found, Errno> {
    if path.is_empty() {
        return Err(Errno::NOENT);
    }
    if path.len() >= PATH_BYTES {
        return Err(Errno::NAMETOOLONG);
    }
    let mut walker = Walker {
        tree,
        actor,
        path,
        last,
        at: 0,
        found: start,
        name: None,
    };
    while let Some(name) = walker.next_name() {
        if let Some(ended) = walker.step(name)? {
            return Ok(ended);
        }
    }
    walker.end()
}

impl<'a, T: Tree> Walker<'a, T> {
    fn next_name(&mut self) -> Option<&'a [u8]> {
        let rest = &self.path[self.at..];
        let start = rest.iter().position(|byte| *byte != b'/')?;
        let rest = &rest[start..];
        let length = rest.iter().position(|byte| *byte == b'/');
        let name = &rest[..length.unwrap_or(rest.len())];
        self.at += start + name.len();
        Some(name)
    }

    fn is_last(&self) -> bool {
        self.path[self.at..].iter().all(|byte| *byte == b'/')
    }

    fn node(&self) -> Result<&'a Node, Errno> {
        self.tree.get(self.found)
    }

    fn stop(&self, walk: Walk, mount: u32) -> Option<Found> {
        Some(Found::Stopped(Stop {
            walk,
            consumed: abi::word::low_32(self.at as u64),
            mount,
        }))
    }

    fn step(&mut self, name: &[u8]) -> Result<Option<Found>, Errno> {
        if !self.node()?.is_directory() {
            return Err(Errno::NOTDIR);
        }
        self.tree.permit(self.actor, self.found, EXECUTE)?;
        path::check_name(name)?;
        let parent = self.found;
        self.name = None;
        match name {
            b"." => return Ok(None),
            b".." if parent == NodeId::ROOT => return Ok(self.stop(Walk::Above, 0)),
            b".." => {
                self.found = self.tree.parent(parent).ok_or(Errno::NOENT)?;
                self.node().map_err(|_| Errno::NOENT)?;
                return Ok(self.covered());
            }
            _ => {}
        }
        let Some(entry) = self.tree.entry(parent, name) else {
            let name = name.to_vec();
            let missing = Found::Missing { parent, name };
            return self.is_last().then_some(Some(missing)).ok_or(Errno::NOENT);
        };
        self.found = entry.node;
        self.name = Some((parent, name.to_vec()));
        if self.node()?.is_link() && self.follows() {
            return Ok(self.stop(Walk::Link, 0));
        }
        Ok(self.covered())
    }

    /// Whether a link that was met is followed.
    fn follows(&self) -> bool {
        let slashes = path::ends_in_slash(self.path) && self.last != Last::Name;
        !self.is_last() || self.last == Last::Followed || slashes
    }

    /// Stops at a directory that something is mounted on.
    fn covered(&self) -> Option<Found> {
        if self.is_last() && self.last == Last::Name {
            return None;
        }
        let mount = self.tree.cover(self.found)?;
        self.stop(Walk::Mount, mount)
    }

    fn end(self) -> Result<Found, Errno> {
        let slashes = path::ends_in_slash(self.path) && self.last != Last::Name;
        if slashes && !self.node()?.is_directory() {
            return Err(Errno::NOTDIR);
        }
        Ok(Found::Node {
            node: self.found,
            name: self.name,
        })
    }
}
