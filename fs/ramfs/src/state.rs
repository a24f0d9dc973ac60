//! What ramfs knows, in both versions.

mod conversion;
#[cfg(test)]
mod tests;
mod version_1;
mod version_2;

use crate::node::NodeId;
use crate::tree::Tree;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use service::description::Descriptions;

#[cfg(not(feature = "next"))]
pub use version_1::State;
#[cfg(feature = "next")]
pub use version_2::State;

/// What a State has besides its tree.
pub(crate) trait Open {
    /// The open descriptions.
    fn open(&self) -> &Descriptions<NodeId>;
    /// The open descriptions, to change.
    fn open_mut(&mut self) -> &mut Descriptions<NodeId>;
    /// Whether the tree has been filled from the archive.
    fn is_loaded(&self) -> bool;
    /// It has been filled.
    fn set_loaded(&mut self);
}

/// Closes descriptions of what is not there, and counts those of each file.
fn opens<S: Open + Tree>(state: &mut S) -> BTreeMap<NodeId, u32> {
    let mut counted = BTreeMap::new();
    let mut gone = Vec::new();
    for (handle, description) in state.open().iter() {
        if state.node(description.object).is_some() {
            *counted.entry(description.object).or_insert(0) += 1;
        } else {
            gone.push(handle);
        }
    }
    for handle in gone {
        while state.open_mut().close(handle).is_ok() {}
    }
    counted
}

/// The first page that may be a file's: page 0 is always zero.
const FIRST_PAGE: u64 = 1;
