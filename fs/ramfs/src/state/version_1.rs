//! Version 1: names by directory and name; free pages one by one.

use super::{FIRST_PAGE, Open};
use crate::node::{Entry, Name, Node, NodeId};
use crate::tree::Tree;
use alloc::collections::BTreeSet;
use alloc::vec::Vec;
use minicbor::{Decode, Encode};
use service::container::{Map, Value};
use service::description::Descriptions;
use shape::Shape;

/// What ramfs knows.
#[derive(Debug, Encode, Decode, Shape)]
pub struct State {
    #[n(0)]
    pub(super) nodes: Map<NodeId, Node>,
    #[n(1)]
    pub(super) names: Map<(NodeId, Name), Entry>,
    #[n(2)]
    pub(super) pages: Map<(NodeId, u64), u64>,
    /// Pages that were used once.
    #[n(3)]
    pub(super) free: Map<u64, bool>,
    /// The first page that was never used.
    #[n(4)]
    pub(super) next_page: Value<u64>,
    #[n(5)]
    pub(super) released: Map<u64, bool>,
    #[n(6)]
    pub(super) covers: Map<NodeId, u32>,
    #[n(7)]
    pub(super) open: Descriptions<NodeId>,
    #[n(8)]
    pub(super) last: Value<NodeId>,
    #[n(9)]
    pub(super) loaded: Value<bool>,
}

fn key(directory: NodeId, name: &[u8]) -> (NodeId, Name) {
    (directory, Name(name.into()))
}

impl State {
    /// The names of a directory.
    fn names_in(&self, directory: NodeId) -> impl Iterator<Item = (&Name, &Entry)> {
        let first = key(directory, &[]);
        let names = self.names.range(first..);
        names
            .take_while(move |((of, _), _)| *of == directory)
            .map(|((_, name), entry)| (name, entry))
    }
}

impl Tree for State {
    fn node(&self, id: NodeId) -> Option<&Node> {
        self.nodes.get(&id)
    }

    fn nodes(&self) -> impl Iterator<Item = (NodeId, &Node)> {
        self.nodes.iter().map(|(id, node)| (*id, node))
    }

    fn node_count(&self) -> u64 {
        self.nodes.len() as u64
    }

    fn put_node(&mut self, id: NodeId, node: Node) {
        self.nodes.insert(id, node);
    }

    fn change_node(&mut self, id: NodeId, change: impl FnOnce(&mut Node)) {
        self.nodes.update(&id, change);
    }

    fn take_node(&mut self, id: NodeId) {
        self.nodes.remove(&id);
    }

    fn new_number(&mut self) -> NodeId {
        self.last.change(|last| {
            last.0 += 1;
            *last
        })
    }

    fn entry(&self, directory: NodeId, name: &[u8]) -> Option<Entry> {
        self.names.get(&key(directory, name)).copied()
    }

    fn entries(&self) -> impl Iterator<Item = (NodeId, &[u8], Entry)> {
        let all = self.names.iter();
        all.map(|((directory, name), entry)| (*directory, &name.0[..], *entry))
    }

    fn listing(&self, directory: NodeId, from: u64, most: usize) -> Vec<(Vec<u8>, Entry)> {
        let mut found: Vec<_> = self
            .names_in(directory)
            .filter(|(_, entry)| entry.cookie >= from)
            .collect();
        found.sort_unstable_by_key(|(_, entry)| entry.cookie);
        let first = found.into_iter().take(most);
        first
            .map(|(name, entry)| (name.0.to_vec(), *entry))
            .collect()
    }

    fn name_of(&self, directory: NodeId, node: NodeId) -> Option<Vec<u8>> {
        let mut names = self.names_in(directory);
        names
            .find(|(_, entry)| entry.node == node)
            .map(|(name, _)| name.0.to_vec())
    }

    fn put_entry(&mut self, directory: NodeId, name: &[u8], entry: Entry) {
        self.names.insert(key(directory, name), entry);
    }

    fn take_entry(&mut self, directory: NodeId, name: &[u8]) {
        self.names.remove(&key(directory, name));
    }

    fn page(&self, node: NodeId, index: u64) -> Option<u64> {
        self.pages.get(&(node, index)).copied()
    }

    fn pages(&self, node: NodeId, first: u64, last: u64) -> Vec<(u64, u64)> {
        let found = self.pages.range((node, first)..=(node, last));
        found.map(|((_, index), page)| (*index, *page)).collect()
    }

    fn all_pages(&self) -> Vec<(NodeId, u64, u64)> {
        let all = self.pages.iter();
        all.map(|((node, index), page)| (*node, *index, *page))
            .collect()
    }

    fn page_count(&self) -> u64 {
        self.pages.len() as u64
    }

    fn put_page(&mut self, node: NodeId, index: u64, page: u64) {
        self.pages.insert((node, index), page);
    }

    fn take_page(&mut self, node: NodeId, index: u64) -> Option<u64> {
        self.pages.remove(&(node, index))
    }

    fn pick(&self, count: u64) -> Vec<u64> {
        let again = self.free.iter().map(|(page, _)| *page);
        let unused = *self.next_page.get()..;
        again.chain(unused).take(abi::word::index(count)).collect()
    }

    fn occupy(&mut self, page: u64) {
        let next = *self.next_page.get();
        if page < next {
            self.free.remove(&page);
            return;
        }
        for skipped in next..page {
            self.free.insert(skipped, true);
        }
        self.next_page.set(page + 1);
    }

    fn release(&mut self, page: u64) {
        self.released.insert(page, true);
    }

    fn released(&self) -> Vec<u64> {
        self.released.iter().map(|(page, _)| *page).collect()
    }

    fn free(&mut self, page: u64) {
        if self.released.remove(&page).is_some() {
            self.free.insert(page, true);
            let mut next = *self.next_page.get();
            while self.free.remove(&(next - 1)).is_some() {
                next -= 1;
            }
            self.next_page.set(next);
        }
    }

    fn free_runs(&self) -> Vec<(u64, u64)> {
        let pages: Vec<u64> = self.free.iter().map(|(page, _)| *page).collect();
        let mut runs = crate::content::runs(&pages, u64::MAX);
        runs.push((*self.next_page.get(), 0));
        runs
    }

    fn recount(&mut self, used: &BTreeSet<u64>) {
        let beyond = used.last().map_or(FIRST_PAGE, |last| last + 1);
        let beyond = self
            .released
            .iter()
            .next_back()
            .map_or(beyond, |(last, _)| beyond.max(last + 1));
        let released = &self.released;
        let free = (FIRST_PAGE..beyond)
            .filter(|page| !used.contains(page) && !released.contains(page))
            .map(|page| (page, true));
        self.free = free.collect();
        self.next_page.set(beyond);
    }

    fn cover(&self, node: NodeId) -> Option<u32> {
        self.covers.get(&node).copied()
    }

    fn set_cover(&mut self, node: NodeId, mount: Option<u32>) {
        match mount {
            Some(mount) => drop(self.covers.insert(node, mount)),
            None => drop(self.covers.remove(&node)),
        }
    }

    fn covered(&self) -> Vec<NodeId> {
        self.covers.iter().map(|(node, _)| *node).collect()
    }
}

impl Open for State {
    fn open(&self) -> &Descriptions<NodeId> {
        &self.open
    }

    fn open_mut(&mut self) -> &mut Descriptions<NodeId> {
        &mut self.open
    }

    fn is_loaded(&self) -> bool {
        *self.loaded.get()
    }

    fn set_loaded(&mut self) {
        self.loaded.set(true);
    }
}

impl service::State for State {
    const VERSION: u32 = 1;
    type Other = super::version_2::State;
    const OTHER_VERSION: u32 = 2;

    fn fresh(start: &service::Start) -> Self {
        let nodes = [(NodeId::ROOT, crate::make::root())];
        State {
            nodes: nodes.into_iter().collect(),
            names: Map::default(),
            pages: Map::default(),
            free: Map::default(),
            next_page: Value::new(FIRST_PAGE),
            released: Map::default(),
            covers: Map::default(),
            open: Descriptions::fresh(start),
            last: Value::new(NodeId::ROOT),
            loaded: Value::new(false),
        }
    }

    fn check(&mut self) -> usize {
        let opens = super::opens(self);
        crate::check::check(self, &opens)
    }
}
