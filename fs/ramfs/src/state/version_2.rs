//! Version 2: names are in order of their cookies, so that a listing need not sort; free pages are runs.

use super::{FIRST_PAGE, Open};
use crate::node::{Entry, Name, Node, NodeId};
use crate::tree::Tree;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;
use minicbor::{Decode, Encode};
use service::container::{Map, Value};
use service::description::Descriptions;
use shape::Shape;

/// What the tree was filled from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Shape)]
pub(super) enum Origin {
    /// Nothing yet.
    #[n(0)]
    Empty,
    /// The boot archive.
    #[n(1)]
    Archive,
}

/// What ramfs knows.
#[derive(Debug, Encode, Decode, Shape)]
pub struct State {
    #[n(0)]
    pub(super) nodes: Map<NodeId, Node>,
    /// The cookie of each name. It follows from `order`: every import makes it anew, in `check`.
    #[cbor(skip)]
    pub(super) cookies: BTreeMap<(NodeId, Name), u64>,
    /// What is at each cookie.
    #[n(2)]
    pub(super) order: Map<(NodeId, u64), (Name, NodeId)>,
    #[n(3)]
    pub(super) pages: Map<(NodeId, u64), u64>,
    /// Free pages that were used once: first and count.
    #[n(4)]
    pub(super) runs: Map<u64, u64>,
    /// The first page that was never used.
    #[n(5)]
    pub(super) unused: Value<u64>,
    #[n(6)]
    pub(super) released: Map<u64, bool>,
    #[n(7)]
    pub(super) covers: Map<NodeId, u32>,
    #[n(8)]
    pub(super) open: Descriptions<NodeId>,
    #[n(9)]
    pub(super) last: Value<NodeId>,
    #[n(10)]
    pub(super) origin: Value<Origin>,
}

fn key(directory: NodeId, name: &[u8]) -> (NodeId, Name) {
    (directory, Name(name.into()))
}

impl State {
    /// The names of a directory from a cookie on.
    fn names_in(&self, directory: NodeId, from: u64) -> impl Iterator<Item = (&Name, Entry)> {
        let range = (directory, from)..=(directory, u64::MAX);
        self.order
            .range(range)
            .map(|((_, cookie), (name, node))| (name, at(*node, *cookie)))
    }

    /// Makes `cookies` of `order`. Of entries with the same name in a directory one stays; returns how
    /// many were dropped.
    fn index(&mut self) -> usize {
        let entries = self.order.iter();
        let named =
            entries.map(|((directory, cookie), (name, _))| ((*directory, name.clone()), *cookie));
        self.cookies = named.collect();
        let stray = self.order.len() - self.cookies.len();
        if stray > 0 {
            let cookies = &self.cookies;
            self.order.retain(|(directory, cookie), (name, _)| {
                cookies.get(&(*directory, name.clone())) == Some(cookie)
            });
        }
        stray
    }

    /// The run of free pages that a page is in.
    fn run_of(&self, page: u64) -> Option<(u64, u64)> {
        let (start, count) = self.runs.range(..=page).next_back()?;
        (page < start + count).then_some((*start, *count))
    }

    fn put_run(&mut self, start: u64, count: u64) {
        if count > 0 {
            self.runs.insert(start, count);
        }
    }
}

const fn at(node: NodeId, cookie: u64) -> Entry {
    Entry { node, cookie }
}

/// Puts a free page into runs, joined with those next to it.
pub(super) fn join(runs: &mut Map<u64, u64>, page: u64) {
    let mut start = page;
    let mut count = 1;
    let before = runs.range(..page).next_back().map(|(s, c)| (*s, *c));
    if let Some((first, length)) = before.filter(|(s, c)| s + c == page) {
        runs.remove(&first);
        start = first;
        count += length;
    }
    if let Some(length) = runs.remove(&(page + 1)) {
        count += length;
    }
    runs.insert(start, count);
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
        let cookie = *self.cookies.get(&key(directory, name))?;
        let (_, node) = self.order.get(&(directory, cookie))?;
        Some(at(*node, cookie))
    }

    fn entries(&self) -> impl Iterator<Item = (NodeId, &[u8], Entry)> {
        let all = self.order.iter();
        all.map(|((directory, cookie), (name, node))| (*directory, &name.0[..], at(*node, *cookie)))
    }

    fn listing(&self, directory: NodeId, from: u64, most: usize) -> Vec<(Vec<u8>, Entry)> {
        let found = self.names_in(directory, from).take(most);
        found
            .map(|(name, entry)| (name.0.to_vec(), entry))
            .collect()
    }

    fn name_of(&self, directory: NodeId, node: NodeId) -> Option<Vec<u8>> {
        let mut names = self.names_in(directory, 0);
        names
            .find(|(_, entry)| entry.node == node)
            .map(|(name, _)| name.0.to_vec())
    }

    fn put_entry(&mut self, directory: NodeId, name: &[u8], entry: Entry) {
        self.take_entry(directory, name);
        self.cookies.insert(key(directory, name), entry.cookie);
        let name = Name(name.into());
        self.order
            .insert((directory, entry.cookie), (name, entry.node));
    }

    fn take_entry(&mut self, directory: NodeId, name: &[u8]) {
        if let Some(cookie) = self.cookies.remove(&key(directory, name)) {
            self.order.remove(&(directory, cookie));
        }
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
        let again = self.runs.iter();
        let again = again.flat_map(|(start, count)| *start..start + count);
        let unused = *self.unused.get()..;
        again.chain(unused).take(abi::word::index(count)).collect()
    }

    fn occupy(&mut self, page: u64) {
        let next = *self.unused.get();
        if page >= next {
            self.put_run(next, page - next);
            self.unused.set(page + 1);
        } else if let Some((start, count)) = self.run_of(page) {
            self.runs.remove(&start);
            self.put_run(start, page - start);
            self.put_run(page + 1, start + count - page - 1);
        }
    }

    fn release(&mut self, page: u64) {
        self.released.insert(page, true);
    }

    fn released(&self) -> Vec<u64> {
        self.released.iter().map(|(page, _)| *page).collect()
    }

    fn free(&mut self, page: u64) {
        if self.released.remove(&page).is_some() {
            join(&mut self.runs, page);
            if let Some((start, _)) = self.run_of(*self.unused.get() - 1) {
                self.runs.remove(&start);
                self.unused.set(start);
            }
        }
    }

    fn free_runs(&self) -> Vec<(u64, u64)> {
        let mut runs: Vec<_> = self.runs.iter().map(|(s, c)| (*s, *c)).collect();
        runs.push((*self.unused.get(), 0));
        runs
    }

    fn recount(&mut self, used: &BTreeSet<u64>) {
        let beyond = used.last().map_or(FIRST_PAGE, |last| last + 1);
        let last = self.released.iter().next_back();
        let beyond = last.map_or(beyond, |(last, _)| beyond.max(last + 1));
        let free: Vec<u64> = (FIRST_PAGE..beyond)
            .filter(|page| !used.contains(page) && !self.released.contains(page))
            .collect();
        self.runs = crate::content::runs(&free, u64::MAX).into_iter().collect();
        self.unused.set(beyond);
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
        *self.origin.get() == Origin::Archive
    }

    fn set_loaded(&mut self) {
        self.origin.set(Origin::Archive);
    }
}

impl service::State for State {
    const VERSION: u32 = 2;
    type Other = super::version_1::State;
    const OTHER_VERSION: u32 = 1;

    fn fresh(start: &service::Start) -> Self {
        let nodes = [(NodeId::ROOT, crate::make::root())];
        State {
            nodes: nodes.into_iter().collect(),
            cookies: BTreeMap::new(),
            order: Map::default(),
            pages: Map::default(),
            runs: Map::default(),
            unused: Value::new(FIRST_PAGE),
            released: Map::default(),
            covers: Map::default(),
            open: Descriptions::fresh(start),
            last: Value::new(NodeId::ROOT),
            origin: Value::new(Origin::Empty),
        }
    }

    fn check(&mut self) -> usize {
        let opens = super::opens(self);
        self.index() + crate::check::check(self, &opens)
    }
}
