//! After an import: drops what contradicts itself, one file, name or page at a time.

use crate::make::root;
use crate::node::{Content, FIRST_COOKIE, Node, NodeId};
use crate::tree::Tree;
use alloc::collections::{BTreeMap, BTreeSet};

/// Checks a tree whose files are open so often. Returns how many things were dropped.
pub(crate) fn check<T: Tree>(tree: &mut T, opens: &BTreeMap<NodeId, u32>) -> usize {
    let mut dropped = 0;
    let has_root = tree
        .node(NodeId::ROOT)
        .is_some_and(|node| node.is_directory());
    if !has_root {
        tree.put_node(NodeId::ROOT, root());
        dropped += 1;
    }
    dropped += check_names(tree);
    count(tree, opens);
    dropped += check_nodes(tree);
    dropped + check_pages(tree)
}

/// Drops names of or in what is not there; and second names of directories.
fn check_names<T: Tree>(tree: &mut T) -> usize {
    let mut dropped = 0;
    for (directory, name, entry) in tree.all_entries() {
        let in_directory = tree.node(directory).is_some_and(|node| node.is_directory());
        let sound = match tree.node(entry.node).map(|node| &node.content) {
            Some(Content::Directory { parent, .. }) => {
                *parent == directory && entry.node != NodeId::ROOT
            }
            Some(_) => true,
            None => false,
        };
        if !in_directory || !sound || entry.cookie < FIRST_COOKIE {
            tree.take_entry(directory, &name);
            dropped += 1;
        }
    }
    dropped
}

/// What the names say about a file.
#[derive(Clone, Copy, Default)]
struct Counted {
    names: u32,
    directories: u32,
    entries: u32,
    next_cookie: u64,
}

/// Sets all counters of files to what the names and descriptions say.
fn count<T: Tree>(tree: &mut T, opens: &BTreeMap<NodeId, u32>) {
    let mut counted: BTreeMap<NodeId, Counted> = BTreeMap::new();
    for (directory, _, entry) in tree.all_entries() {
        let is_directory = tree
            .node(entry.node)
            .is_some_and(|node| node.is_directory());
        counted.entry(entry.node).or_default().names += 1;
        let of = counted.entry(directory).or_default();
        of.directories += u32::from(is_directory);
        of.entries += 1;
        of.next_cookie = of.next_cookie.max(entry.cookie + 1);
    }
    for id in tree.node_ids() {
        let found = counted.get(&id).copied().unwrap_or_default();
        let opened = opens.get(&id).copied().unwrap_or(0);
        let Some(node) = tree.node(id) else {
            continue;
        };
        let counted = recounted(node.clone(), id, found, opened);
        // Most files are as they should be: what is not touched is not logged.
        if counted != *node {
            tree.put_node(id, counted);
        }
    }
}

/// A file whose counters say what was found.
fn recounted(mut node: Node, id: NodeId, found: Counted, opened: u32) -> Node {
    node.opens = opened;
    node.links = match &mut node.content {
        Content::Directory {
            entries,
            next_cookie,
            ..
        } => {
            *entries = found.entries;
            *next_cookie = (*next_cookie).max(found.next_cookie).max(FIRST_COOKIE);
            let named = found.names > 0 || id == NodeId::ROOT;
            if named { 2 + found.directories } else { 0 }
        }
        _ => found.names,
    };
    node
}

/// Drops files that nothing leads to.
fn check_nodes<T: Tree>(tree: &mut T) -> usize {
    let before = tree.node_count();
    for id in tree.node_ids() {
        tree.forget_unused(id);
    }
    for id in tree.covered() {
        if !tree.node(id).is_some_and(|node| node.is_directory()) {
            tree.set_cover(id, None);
        }
    }
    usize::try_from(before - tree.node_count()).unwrap_or(usize::MAX)
}

/// Drops pages of what is no file, and pages of two files; the others are free.
fn check_pages<T: Tree>(tree: &mut T) -> usize {
    let mut used = BTreeSet::new();
    let released: BTreeSet<u64> = tree.released().into_iter().collect();
    let mut dropped = 0;
    for (id, index, page) in tree.all_pages() {
        let of_file = tree
            .node(id)
            .is_some_and(|node| matches!(node.content, Content::File { .. }));
        let good = of_file && page != 0 && !released.contains(&page) && used.insert(page);
        if !good {
            tree.take_page(id, index);
            dropped += 1;
        }
    }
    tree.recount(&used);
    dropped
}
