//! The tables that a State of either version has, and what follows from them.

use crate::node::{Content, Entry, Node, NodeId};
use abi::Errno;
use alloc::collections::BTreeSet;
use alloc::vec::Vec;
use linux::file::mode::Actor;

/// Files, names and pages. Pages are numbers in the kept area; page 0 is always zero and belongs to
/// no file. A page is free, of a file, or *released*: no longer a file's, but still mapped.
pub(crate) trait Tree {
    /// A file.
    fn node(&self, id: NodeId) -> Option<&Node>;
    /// All files, in the order of their numbers.
    fn nodes(&self) -> impl Iterator<Item = (NodeId, &Node)>;
    /// How many files there are.
    fn node_count(&self) -> u64;
    /// Puts a file in.
    fn put_node(&mut self, id: NodeId, node: Node);
    /// Changes a file, if it is there.
    fn change_node(&mut self, id: NodeId, change: impl FnOnce(&mut Node));
    /// Takes a file out.
    fn take_node(&mut self, id: NodeId);
    /// A number for a new file.
    fn new_number(&mut self) -> NodeId;

    /// What a name in a directory stands for.
    fn entry(&self, directory: NodeId, name: &[u8]) -> Option<Entry>;
    /// All names of all directories.
    fn entries(&self) -> impl Iterator<Item = (NodeId, &[u8], Entry)>;
    /// At most so many names of a directory, in the order of their cookies, from a cookie on.
    fn listing(&self, directory: NodeId, from: u64, most: usize) -> Vec<(Vec<u8>, Entry)>;
    /// The name of a file in a directory.
    fn name_of(&self, directory: NodeId, node: NodeId) -> Option<Vec<u8>>;
    /// Puts a name in, or lets it stand for something else.
    fn put_entry(&mut self, directory: NodeId, name: &[u8], entry: Entry);
    /// Takes a name out.
    fn take_entry(&mut self, directory: NodeId, name: &[u8]);

    /// The page of a file with an index.
    fn page(&self, node: NodeId, index: u64) -> Option<u64>;
    /// The pages of a file from index `first` up to and with index `last`: index and page.
    fn pages(&self, node: NodeId, first: u64, last: u64) -> Vec<(u64, u64)>;
    /// All pages of all files.
    fn all_pages(&self) -> Vec<(NodeId, u64, u64)>;
    /// How many pages files have.
    fn page_count(&self) -> u64;
    /// Gives a file a page.
    fn put_page(&mut self, node: NodeId, index: u64, page: u64);
    /// Takes a page of a file.
    fn take_page(&mut self, node: NodeId, index: u64) -> Option<u64>;

    /// Free pages, so many; they stay free.
    fn pick(&self, count: u64) -> Vec<u64>;
    /// A free page is free no longer.
    fn occupy(&mut self, page: u64);
    /// A file has no use for a page any more.
    fn release(&mut self, page: u64);
    /// Pages that can be free once they are unmapped.
    fn released(&self) -> Vec<u64>;
    /// A released page is free.
    fn free(&mut self, page: u64);
    /// Free pages below the first that was never used, which comes last: start and count.
    fn free_runs(&self) -> Vec<(u64, u64)>;
    /// Counts anew which pages are free: those neither used nor released.
    fn recount(&mut self, used: &BTreeSet<u64>);

    /// The mount that covers a directory.
    fn cover(&self, node: NodeId) -> Option<u32>;
    /// Covers or uncovers a directory.
    fn set_cover(&mut self, node: NodeId, mount: Option<u32>);
    /// The directories that are covered.
    fn covered(&self) -> Vec<NodeId>;

    /// A file that ought to be there.
    ///
    /// # Errors
    /// `IO` when it is not.
    fn get(&self, id: NodeId) -> Result<&Node, Errno> {
        self.node(id).ok_or(Errno::IO)
    }

    /// Whether somebody may do all of `wanted` with a file.
    ///
    /// # Errors
    /// `ACCES`.
    fn permit(&self, actor: &Actor<'_>, id: NodeId, wanted: u32) -> Result<(), Errno> {
        let node = self.get(id)?;
        if actor.may(node.mode, node.user, node.group, wanted) {
            Ok(())
        } else {
            Err(Errno::ACCES)
        }
    }

    /// Counts an open description.
    fn opened(&mut self, id: NodeId) {
        self.change_node(id, |node| node.opens = node.opens.saturating_add(1));
    }

    /// Counts the end of an open description.
    fn closed(&mut self, id: NodeId) {
        self.change_node(id, |node| node.opens = node.opens.saturating_sub(1));
        self.forget_unused(id);
    }

    /// Forgets a file that has neither names nor open descriptions.
    fn forget_unused(&mut self, id: NodeId) {
        let unused = self.node(id).is_some_and(Node::is_unused);
        if unused && id != NodeId::ROOT {
            self.release_from(id, 0);
            self.set_cover(id, None);
            self.take_node(id);
        }
    }

    /// Releases the pages of a file from an index on.
    fn release_from(&mut self, id: NodeId, first: u64) {
        for (index, page) in self.pages(id, first, u64::MAX) {
            self.take_page(id, index);
            self.release(page);
        }
    }

    /// The directory that a directory is in.
    fn parent(&self, id: NodeId) -> Option<NodeId> {
        match self.node(id)?.content {
            Content::Directory { parent, .. } => Some(parent),
            _ => None,
        }
    }

    /// Whether a directory is another one or lies below it.
    fn lies_in(&self, mut inner: NodeId, outer: NodeId) -> bool {
        loop {
            if inner == outer {
                return true;
            }
            match self.parent(inner) {
                Some(parent) if parent != inner => inner = parent,
                _ => return false,
            }
        }
    }
}
