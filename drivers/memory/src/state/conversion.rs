//! From each version to the other.

use super::{version_1, version_2};
use service::container::Value;

impl From<version_1::State> for version_2::State {
    fn from(old: version_1::State) -> Self {
        version_2::State {
            sources: old.open.convert(Into::into),
            bytes_discarded: old.swallowed,
            writes: Value::new(0),
        }
    }
}

impl From<version_2::State> for version_1::State {
    fn from(new: version_2::State) -> Self {
        version_1::State {
            open: new.sources.convert(Into::into),
            swallowed: new.bytes_discarded,
        }
    }
}
