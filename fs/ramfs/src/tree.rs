//! The tree: inodes, names, and which pages hold what. Plain decisions over containers; what is in
//! the pages is `content.rs`'s business.

use abi::Errno;
use alloc::vec::Vec;
use linux::file::mode::{self, Actor};
use linux::file::path;
use linux::file::status::Attributes;
use minicbor::bytes::ByteVec;
use minicbor::{Decode, Encode};
use service::container::{Map, Value};

/// The root's inode.
pub(crate) const ROOT: u64 = 1;
/// The first position of a name in a directory; `.` and `..` are before.
const FIRST_PLACE: u64 = 2;
/// Bytes of a page.
pub(crate) const PAGE: u64 = 4096;
/// The same, as a length.
pub(crate) const PAGE_BYTES: usize = 4096;
/// The largest file, in bytes.
const LARGEST: u64 = 1 << 40;

/// What an inode is, besides its mode.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Content {
    /// A file; its first bytes lie in the boot archive from this offset on, until written.
    #[n(0)]
    File {
        /// Where in the archive.
        #[n(0)]
        archive: u64,
        /// How many bytes.
        #[n(1)]
        archived: u64,
    },
    /// A directory and its parent.
    #[n(1)]
    Directory(#[n(0)] u64),
    /// A symbolic link's text.
    #[n(2)]
    Link(#[n(0)] ByteVec),
    /// A device's number, or 0 for a FIFO.
    #[n(3)]
    Special(#[n(0)] u64),
}

/// An inode. Times are nanoseconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Node {
    /// Type and permission bits.
    #[n(0)]
    pub mode: u32,
    /// The owner.
    #[n(1)]
    pub user: u32,
    /// The group.
    #[n(2)]
    pub group: u32,
    /// Names.
    #[n(3)]
    pub links: u32,
    /// Bytes.
    #[n(4)]
    pub size: u64,
    /// Access, modification, change.
    #[n(5)]
    pub times: [u64; 3],
    /// The rest.
    #[n(6)]
    pub content: Content,
    /// Open descriptions.
    #[n(7)]
    pub open: u32,
}

/// Where a walk ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// At an inode.
    Node(u64),
    /// At a name that does not exist, in this directory.
    Missing(u64, Vec<u8>),
    /// Somewhere that is not for this file system to go on from.
    Stopped(protocol::files::Walk, usize, u32),
}

/// The file system.
#[derive(Debug, Default, Encode, Decode)]
pub struct Tree {
    #[n(0)]
    nodes: Map<u64, Node>,
    /// The inode and the place of each name in a directory.
    #[n(1)]
    names: Map<(u64, ByteVec), (u64, u64)>,
    /// The names in the order they came.
    #[n(2)]
    places: Map<(u64, u64), ByteVec>,
    #[n(3)]
    covered: Map<u64, u32>,
    /// The kept page of each page of a file that was written.
    #[n(4)]
    pages: Map<(u64, u64), u64>,
    /// Kept pages that hold nothing.
    #[n(5)]
    free: Map<u64, ()>,
    #[n(6)]
    last_node: Value<u64>,
    #[n(7)]
    last_place: Value<u64>,
    #[n(8)]
    last_page: Value<u64>,
}

impl Tree {
    /// Whether there is a root.
    #[must_use]
    pub fn is_loaded(&self) -> bool {
        self.nodes.contains(&ROOT)
    }

    /// An inode.
    ///
    /// # Errors
    /// `NOENT`.
    pub fn node(&self, id: u64) -> Result<&Node, Errno> {
        self.nodes.get(&id).ok_or(Errno::NOENT)
    }

    /// Changes an inode.
    pub fn change(&mut self, id: u64, change: impl FnOnce(&mut Node)) {
        self.nodes.update(&id, change);
    }

    /// Makes an inode without a name.
    pub fn make(&mut self, node: Node) -> u64 {
        let id = self.last_node.get() + 1;
        self.last_node.set(id);
        self.nodes.insert(id, node);
        id
    }

    /// The inode of a name.
    #[must_use]
    pub fn find(&self, directory: u64, name: &[u8]) -> Option<u64> {
        let entry = self.names.get(&(directory, name.to_vec().into()));
        entry.map(|(node, _)| *node)
    }

    /// Gives an inode a name; it is not taken.
    pub fn enter(&mut self, directory: u64, name: &[u8], node: u64, now: u64) {
        let place = (self.last_place.get() + 1).max(FIRST_PLACE);
        self.last_place.set(place);
        let name = ByteVec::from(name.to_vec());
        self.names.insert((directory, name.clone()), (node, place));
        self.places.insert((directory, place), name);
        self.nodes.update(&node, |node| {
            node.links += 1;
            node.times[2] = now;
        });
        let is_directory = self.node(node).is_ok_and(|n| mode::is_directory(n.mode));
        self.nodes.update(&node, |node| {
            if let Content::Directory(parent) = &mut node.content {
                *parent = directory;
            }
        });
        self.touch_directory(directory, is_directory, true, now);
    }

    /// Takes a name away; the inode goes with its last name and opening.
    pub fn leave(&mut self, directory: u64, name: &[u8], now: u64) {
        let key = (directory, ByteVec::from(name.to_vec()));
        let Some((node, place)) = self.names.remove(&key) else {
            return;
        };
        self.places.remove(&(directory, place));
        self.nodes.update(&node, |node| {
            node.links = node.links.saturating_sub(1);
            node.times[2] = now;
        });
        let is_directory = self.node(node).is_ok_and(|n| mode::is_directory(n.mode));
        self.touch_directory(directory, is_directory, false, now);
        self.drop_if_unused(node);
    }

    fn touch_directory(&mut self, id: u64, child_is_directory: bool, added: bool, now: u64) {
        self.nodes.update(&id, |node| {
            node.times[1] = now;
            node.times[2] = now;
            if child_is_directory && added {
                node.links += 1;
            } else if child_is_directory {
                node.links = node.links.saturating_sub(1);
            }
        });
    }

    /// Forgets an inode that has neither a name nor an opening.
    pub fn drop_if_unused(&mut self, id: u64) {
        let Ok(node) = self.node(id) else { return };
        let named = node.links > u32::from(mode::is_directory(node.mode));
        if id == ROOT || named || node.open > 0 {
            return;
        }
        self.cut(id, 0);
        self.nodes.remove(&id);
    }

    /// Whether a directory has no names.
    #[must_use]
    pub fn is_empty(&self, directory: u64) -> bool {
        self.places
            .range((directory, 0)..=(directory, u64::MAX))
            .next()
            .is_none()
    }

    /// The names of a directory from a place on, with place and inode.
    pub fn list(&self, directory: u64, from: u64) -> impl Iterator<Item = (u64, &[u8], u64)> {
        let places = self.places.range((directory, from)..=(directory, u64::MAX));
        places.filter_map(move |((_, place), name)| {
            let (node, _) = self.names.get(&(directory, name.clone()))?;
            Some((*place, name.as_slice(), *node))
        })
    }

    /// Covers a directory with a mount, or uncovers it with 0.
    pub fn cover(&mut self, directory: u64, mount: u32) {
        if mount == 0 {
            self.covered.remove(&directory);
        } else {
            self.covered.insert(directory, mount);
        }
    }

    /// Whether a directory is covered.
    #[must_use]
    pub fn is_covered(&self, directory: u64) -> bool {
        self.covered.contains(&directory)
    }

    /// The absolute path of a directory; `None` when it was removed.
    #[must_use]
    pub fn path_of(&self, directory: u64) -> Option<Vec<u8>> {
        let (mut at, mut names) = (directory, Vec::new());
        while at != ROOT {
            let Content::Directory(parent) = self.node(at).ok()?.content else {
                return None;
            };
            let (_, name, _) = self.list(parent, 0).find(|(_, _, node)| *node == at)?;
            names.push(name.to_vec());
            at = parent;
        }
        let mut text: Vec<u8> = names
            .into_iter()
            .rev()
            .flat_map(|n| [b"/".to_vec(), n].concat())
            .collect();
        if text.is_empty() {
            text.push(b'/');
        }
        Some(text)
    }

    /// Whether `inner` is `outer` or lies below it.
    #[must_use]
    pub fn is_within(&self, inner: u64, outer: u64) -> bool {
        let mut at = inner;
        loop {
            if at == outer {
                return true;
            }
            match self.node(at).map(|node| &node.content) {
                Ok(Content::Directory(parent)) if at != ROOT => at = *parent,
                _ => return false,
            }
        }
    }

    /// Follows a path as `protocol::files` says.
    ///
    /// # Errors
    /// `NOTDIR`, `ACCES`, `NOENT` before the last name, `NAMETOOLONG`.
    pub(crate) fn walk(
        &self,
        actor: &Actor<'_>,
        start: u64,
        text: &[u8],
        follow: bool,
        cross: bool,
    ) -> Result<Found, Errno> {
        let (mut node, mut at) = (start, 0);
        let trimmed = path::without_end_slashes(text);
        if trimmed.is_empty() || trimmed[0] == b'/' {
            return Err(Errno::NOENT);
        }
        while at < trimmed.len() {
            let rest = &trimmed[at..];
            let length = rest
                .iter()
                .position(|byte| *byte == b'/')
                .unwrap_or(rest.len());
            let (name, end) = (&rest[..length], at + length);
            let last = end == trimmed.len();
            at = end
                + rest[length..]
                    .iter()
                    .take_while(|byte| **byte == b'/')
                    .count();
            let found = self.node(node)?;
            let Content::Directory(parent) = found.content else {
                return Err(Errno::NOTDIR);
            };
            if !actor.may(found.mode, found.user, found.group, mode::EXECUTE) {
                return Err(Errno::ACCES);
            }
            match name {
                b"." => continue,
                b".." if node == ROOT => {
                    return Ok(Found::Stopped(protocol::files::Walk::Above, end, 0));
                }
                b".." => {
                    node = parent;
                    continue;
                }
                _ => path::check_name(name)?,
            }
            let Some(next) = self.find(node, name) else {
                let missing = Found::Missing(node, name.to_vec());
                return if last { Ok(missing) } else { Err(Errno::NOENT) };
            };
            node = next;
            let is_link = matches!(self.node(node)?.content, Content::Link(_));
            if is_link && (!last || follow || path::ends_in_slash(text)) {
                return Ok(Found::Stopped(protocol::files::Walk::Link, end, 0));
            }
            if let Some(mount) = self.covered.get(&node).filter(|_| cross || !last) {
                return Ok(Found::Stopped(protocol::files::Walk::Mount, end, *mount));
            }
        }
        let wants_directory = path::ends_in_slash(text);
        if wants_directory && !mode::is_directory(self.node(node)?.mode) {
            return Err(Errno::NOTDIR);
        }
        Ok(Found::Node(node))
    }

    /// What stat(2) shows.
    ///
    /// # Errors
    /// `NOENT`.
    pub fn attributes(&self, id: u64) -> Result<Attributes, Errno> {
        let node = self.node(id)?;
        let special = match node.content {
            Content::Special(number) => number,
            _ => 0,
        };
        let pages = self.pages.range((id, 0)..=(id, u64::MAX)).count() as u64;
        let archived = match node.content {
            Content::File { archived, .. } => archived.div_ceil(PAGE),
            _ => 0,
        };
        Ok(Attributes {
            device: 1,
            node: id,
            mode: node.mode,
            links: node.links,
            user: node.user,
            group: node.group,
            special,
            size: node.size,
            allocated: pages.max(archived) * PAGE,
            block: 4096,
            access: node.times[0],
            modification: node.times[1],
            change: node.times[2],
            birth: 0,
        })
    }

    /// Inodes, and kept pages in use.
    #[must_use]
    pub fn counts(&self) -> (u64, u64) {
        (self.nodes.len() as u64, self.pages.len() as u64)
    }

    /// The kept page of a page of a file.
    #[must_use]
    pub fn page(&self, node: u64, page: u64) -> Option<u64> {
        self.pages.get(&(node, page)).copied()
    }

    /// The kept pages that the next `count` written pages get, without taking them.
    #[must_use]
    pub fn next_pages(&self, count: usize) -> Vec<u64> {
        let free = self.free.iter().map(|(page, ())| *page);
        let new = *self.last_page.get()..;
        free.chain(new).take(count).collect()
    }

    /// Gives a file's page a kept page of [`Tree::next_pages`].
    pub fn assign(&mut self, node: u64, page: u64, kept: u64) {
        if self.free.remove(&kept).is_none() {
            self.last_page.set(kept + 1);
        }
        self.pages.insert((node, page), kept);
    }

    /// Sets a file's length and forgets what lies behind it.
    ///
    /// # Errors
    /// `FBIG`.
    pub fn resize(&mut self, id: u64, size: u64, now: u64) -> Result<(), Errno> {
        if size > LARGEST {
            return Err(Errno::FBIG);
        }
        self.cut(id, size.div_ceil(PAGE));
        self.nodes.update(&id, |node| {
            node.size = size;
            node.times[1] = now;
            node.times[2] = now;
            node.mode = node.mode & mode::S_IFMT | mode::without_set_id(node.mode) & 0o7777;
            if let Content::File { archived, .. } = &mut node.content {
                *archived = (*archived).min(size);
            }
        });
        Ok(())
    }

    fn cut(&mut self, id: u64, first: u64) {
        let gone: Vec<(u64, u64)> = self
            .pages
            .range((id, first)..=(id, u64::MAX))
            .map(|(key, _)| *key)
            .collect();
        for key in gone {
            if let Some(kept) = self.pages.remove(&key) {
                self.free.insert(kept, ());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ACTOR: Actor<'static> = Actor {
        user: 0,
        group: 0,
        groups: &[],
    };

    fn node(mode: u32, content: Content) -> Node {
        Node {
            mode,
            user: 0,
            group: 0,
            links: 0,
            size: 0,
            times: [0; 3],
            content,
            open: 0,
        }
    }

    fn tree() -> Tree {
        let mut tree = Tree::default();
        tree.make(node(mode::S_IFDIR | 0o755, Content::Directory(ROOT)));
        tree.change(ROOT, |root| root.links = 2);
        tree
    }

    fn file(tree: &mut Tree, name: &[u8]) -> u64 {
        let made = tree.make(node(
            mode::S_IFREG | 0o644,
            Content::File {
                archive: 0,
                archived: 0,
            },
        ));
        tree.enter(ROOT, name, made, 1);
        made
    }

    #[test]
    fn names_are_found_listed_in_order_and_left() {
        let mut tree = tree();
        let (b, a) = (file(&mut tree, b"b"), file(&mut tree, b"a"));
        let listed: Vec<u64> = tree.list(ROOT, 0).map(|(_, _, node)| node).collect();
        assert_eq!(listed, [b, a]);
        assert_eq!(
            tree.walk(&ACTOR, ROOT, b"./a", true, true),
            Ok(Found::Node(a))
        );
        assert_eq!(
            tree.walk(&ACTOR, ROOT, b"a/", true, true),
            Err(Errno::NOTDIR)
        );
        tree.leave(ROOT, b"a", 2);
        assert_eq!(
            tree.walk(&ACTOR, ROOT, b"a", true, true),
            Ok(Found::Missing(ROOT, b"a".to_vec()))
        );
        assert_eq!(tree.node(a), Err(Errno::NOENT));
        assert_eq!(
            tree.walk(&ACTOR, ROOT, b"..", true, true)
                .map(|f| matches!(f, Found::Stopped(..))),
            Ok(true)
        );
    }

    #[test]
    fn directories_know_their_path() {
        let mut tree = tree();
        let outer = tree.make(node(mode::S_IFDIR | 0o755, Content::Directory(0)));
        tree.change(outer, |node| node.links = 1);
        tree.enter(ROOT, b"outer", outer, 1);
        let inner = tree.make(node(mode::S_IFDIR | 0o755, Content::Directory(0)));
        tree.change(inner, |node| node.links = 1);
        tree.enter(outer, b"inner", inner, 1);
        assert_eq!(tree.path_of(inner), Some(b"/outer/inner".to_vec()));
        assert_eq!(tree.path_of(ROOT), Some(b"/".to_vec()));
        assert!(tree.is_within(inner, outer) && !tree.is_within(outer, inner));
        assert_eq!(
            (
                tree.node(outer).unwrap().links,
                tree.node(ROOT).unwrap().links
            ),
            (3, 3)
        );
        tree.leave(outer, b"inner", 2);
        assert_eq!(tree.node(inner), Err(Errno::NOENT));
        assert_eq!(tree.node(outer).unwrap().links, 2);
    }

    #[test]
    fn pages_are_used_again() {
        let mut tree = tree();
        let a = file(&mut tree, b"a");
        for (page, kept) in tree.next_pages(3).into_iter().enumerate() {
            tree.assign(a, page as u64, kept);
        }
        tree.resize(a, PAGE + 1, 1).unwrap();
        assert_eq!((tree.page(a, 1), tree.page(a, 2)), (Some(1), None));
        assert_eq!(tree.next_pages(2), [2, 3]);
        tree.change(a, |node| node.open = 1);
        tree.leave(ROOT, b"a", 1);
        assert_eq!(tree.page(a, 0), Some(0));
        tree.change(a, |node| node.open = 0);
        tree.drop_if_unused(a);
        assert_eq!(tree.next_pages(4), [0, 1, 2, 3]);
    }
}
