//! From each version to the other.

use super::version_2::Origin;
use super::{version_1, version_2};
use crate::node::Entry;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use service::container::Value;

impl From<version_1::State> for version_2::State {
    fn from(old: version_1::State) -> Self {
        let origin = if *old.loaded.get() {
            Origin::Archive
        } else {
            Origin::Empty
        };
        let names = old.names.into_entries();
        let order = names
            .map(|((directory, name), Entry { node, cookie })| ((directory, cookie), (name, node)));
        let free: Vec<u64> = old.free.iter().map(|(page, _)| *page).collect();
        version_2::State {
            cookies: BTreeMap::new(),
            order: order.collect(),
            nodes: old.nodes,
            pages: old.pages,
            runs: crate::content::runs(&free, u64::MAX).into_iter().collect(),
            unused: old.next_page,
            released: old.released,
            covers: old.covers,
            open: old.open,
            last: old.last,
            origin: Value::new(origin),
        }
    }
}

impl From<version_2::State> for version_1::State {
    fn from(new: version_2::State) -> Self {
        let loaded = *new.origin.get() == Origin::Archive;
        let names = new.order.into_entries();
        let names = names
            .map(|((directory, cookie), (name, node))| ((directory, name), Entry { node, cookie }));
        let runs = new.runs.into_entries();
        let free = runs.flat_map(|(start, count)| (start..start + count).map(|page| (page, true)));
        version_1::State {
            names: names.collect(),
            nodes: new.nodes,
            pages: new.pages,
            free: free.collect(),
            next_page: new.unused,
            released: new.released,
            covers: new.covers,
            open: new.open,
            last: new.last,
            loaded: Value::new(loaded),
        }
    }
}
