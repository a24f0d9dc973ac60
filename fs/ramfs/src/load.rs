//! The root from the boot archive.

use crate::make::root;
use crate::node::{Archived, Content, Entry, FIRST_COOKIE, Node, NodeId};
use crate::tree::Tree;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use archive::{Archive, Kind};
use linux::file::mode::{S_IFCHR, S_IFDIR, S_IFLNK, S_IFREG};
use linux::file::path;

/// Where the root lies in the archive.
const PREFIX: &[u8] = b"root";
const SECOND: u64 = 1_000_000_000;

/// Fills an empty tree. Returns how many files came from the archive.
pub(crate) fn load<T: Tree>(tree: &mut T, archive: &Archive<'_>) -> usize {
    tree.put_node(NodeId::ROOT, root());
    let mut directories: BTreeMap<Vec<u8>, NodeId> = BTreeMap::new();
    directories.insert(Vec::new(), NodeId::ROOT);
    let mut loaded = 0;
    for entry in archive.entries() {
        let Some(path) = inside(entry.path) else {
            continue;
        };
        if path.is_empty() {
            let attributes = made_of(&entry, NodeId::ROOT);
            tree.change_node(NodeId::ROOT, |root| {
                let links = root.links;
                let content = root.content.clone();
                *root = Node {
                    content,
                    links,
                    ..attributes
                };
            });
            continue;
        }
        let at = path::last_name_start(path).unwrap_or(0);
        let above = path::without_end_slashes(&path[..at]);
        let Some(parent) = directories.get(above).copied() else {
            continue;
        };
        let id = tree.new_number();
        tree.put_node(id, made_of(&entry, parent));
        add(tree, parent, &path[at..], id, entry.kind);
        if entry.kind == Kind::Directory {
            directories.insert(path.to_vec(), id);
        }
        loaded += 1;
    }
    loaded
}

fn inside(path: &[u8]) -> Option<&[u8]> {
    let rest = path.strip_prefix(PREFIX)?;
    match rest.split_first() {
        None => Some(rest),
        Some((b'/', rest)) => Some(rest),
        Some(_) => None,
    }
}

fn made_of(entry: &archive::Entry<'_>, parent: NodeId) -> Node {
    let time = entry.modified.saturating_mul(SECOND);
    let length = entry.data.len() as u64;
    let part = Archived {
        offset: entry.offset,
        length,
    };
    let (kind, content) = match entry.kind {
        Kind::Directory => (S_IFDIR, Content::directory(parent)),
        Kind::File => (
            S_IFREG,
            Content::File {
                length,
                archived: (length > 0).then_some(part),
            },
        ),
        Kind::Link => (S_IFLNK, Content::Link(entry.data.into())),
        Kind::CharacterDevice => (
            S_IFCHR,
            Content::Special(entry.device().unwrap_or_default()),
        ),
    };
    Node {
        content,
        mode: kind | entry.mode,
        user: entry.user,
        group: entry.group,
        links: if entry.kind == Kind::Directory { 2 } else { 1 },
        opens: 0,
        access: time,
        modification: time,
        change: time,
        birth: time,
    }
}

fn add<T: Tree>(tree: &mut T, parent: NodeId, name: &[u8], node: NodeId, kind: Kind) {
    let mut cookie = FIRST_COOKIE;
    tree.change_node(parent, |directory| {
        directory.links += u32::from(kind == Kind::Directory);
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
    });
    tree.put_entry(parent, name, Entry { node, cookie });
}
