//! From each version to the other.

use super::{version_1, version_2};
use service::container::Value;

impl From<version_1::State> for version_2::State {
    fn from(old: version_1::State) -> Self {
        let openings = Value::new(old.open.iter().count() as u64);
        version_2::State {
            files: old.tree,
            descriptions: old.open,
            openings,
        }
    }
}

impl From<version_2::State> for version_1::State {
    fn from(new: version_2::State) -> Self {
        version_1::State {
            tree: new.files,
            open: new.descriptions,
        }
    }
}
