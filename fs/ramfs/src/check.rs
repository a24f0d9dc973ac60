//! After an import: drops what contradicts itself, one file, name or page at a time.

use crate::make::root;
use crate::node::{Content, Entry, FIRST_COOKIE, Node, NodeId};
use crate::tree::Tree;
use abi::word::index;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

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
    let wrong = look(tree, opens);
    dropped += wrong.names.len();
    for (directory, name) in wrong.names {
        tree.take_entry(directory, &name);
    }
    for (id, node) in wrong.nodes {
        tree.put_node(id, node);
    }
    dropped += check_nodes(tree);
    dropped + check_pages(tree)
}

/// What the names say about a file.
#[derive(Clone, Copy, Default)]
struct Counted {
    names: u32,
    directories: u32,
    entries: u32,
    next_cookie: u64,
}

/// A file, and what the names say about it.
struct Row<'a> {
    id: NodeId,
    node: &'a Node,
    counted: Counted,
}

/// What is wrong with names and counters.
struct Wrong {
    /// Names that stand for nothing, or in nothing; second names of directories.
    names: Vec<(NodeId, Vec<u8>)>,
    /// Files whose counters say something else than the other names and the descriptions, with the
    /// right ones.
    nodes: Vec<(NodeId, Node)>,
}

/// Looks through all names once, in a table of all files by number.
fn look<T: Tree>(tree: &T, opens: &BTreeMap<NodeId, u32>) -> Wrong {
    let row = |(id, node)| Row {
        id,
        node,
        counted: Counted::default(),
    };
    let mut rows: Vec<Row<'_>> = tree.nodes().map(row).collect();
    let mut names = Vec::new();
    for (directory, name, entry) in tree.entries() {
        if !count(&mut rows, directory, entry) {
            names.push((directory, name.to_vec()));
        }
    }
    // Most files are as they should be: what is not touched is not logged.
    let nodes = rows.iter().filter_map(|row| {
        let opened = opens.get(&row.id).copied().unwrap_or(0);
        recounted(row, opened)
    });
    Wrong {
        nodes: nodes.collect(),
        names,
    }
}

/// Finds a file: numbers are given out in order, so that it mostly is where its number says.
fn find(rows: &[Row<'_>], id: NodeId) -> Option<usize> {
    let guess = index(id.0.checked_sub(rows.first()?.id.0)?);
    match rows.get(guess) {
        Some(row) if row.id == id => Some(guess),
        _ => rows.binary_search_by_key(&id, |row| row.id).ok(),
    }
}

/// Counts a name for what it is in and what it stands for, if it may be there.
fn count(rows: &mut [Row<'_>], directory: NodeId, entry: Entry) -> bool {
    let (Some(inside), Some(of)) = (find(rows, directory), find(rows, entry.node)) else {
        return false;
    };
    let below = match rows[of].node.content {
        Content::Directory { parent, .. } if parent == directory && entry.node != NodeId::ROOT => 1,
        Content::Directory { .. } => return false,
        _ => 0,
    };
    if !rows[inside].node.is_directory() || entry.cookie < FIRST_COOKIE {
        return false;
    }
    rows[of].counted.names += 1;
    let counted = &mut rows[inside].counted;
    counted.directories += below;
    counted.entries += 1;
    counted.next_cookie = counted.next_cookie.max(entry.cookie + 1);
    true
}

/// The file with the counters that were found, if it has others.
fn recounted(row: &Row<'_>, opened: u32) -> Option<(NodeId, Node)> {
    let Counted {
        names,
        directories,
        entries,
        next_cookie,
    } = row.counted;
    let (links, content) = match row.node.content {
        Content::Directory {
            parent,
            entries: before,
            next_cookie: next,
        } => {
            let named = names > 0 || row.id == NodeId::ROOT;
            let next_cookie = next.max(next_cookie).max(FIRST_COOKIE);
            let content = Content::Directory {
                parent,
                entries,
                next_cookie,
            };
            let differs = (before, next) != (entries, next_cookie);
            let links = if named { 2 + directories } else { 0 };
            (links, differs.then_some(content))
        }
        _ => (names, None),
    };
    if content.is_none() && (row.node.links, row.node.opens) == (links, opened) {
        return None;
    }
    let mut node = row.node.clone();
    node.content = content.unwrap_or(node.content);
    (node.links, node.opens) = (links, opened);
    Some((row.id, node))
}

/// Drops files that nothing leads to.
fn check_nodes<T: Tree>(tree: &mut T) -> usize {
    let unused = tree.nodes().filter(|(_, node)| node.is_unused());
    let unused: Vec<NodeId> = unused.map(|(id, _)| id).collect();
    let before = tree.node_count();
    for id in unused {
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
