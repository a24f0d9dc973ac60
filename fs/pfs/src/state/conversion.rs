//! From each version to the other.

use super::{version_1, version_2};
use service::container::Value;

impl From<version_1::State> for version_2::State {
    fn from(old: version_1::State) -> Self {
        version_2::State {
            pipes: old.pipes,
            named: old.fifos,
            open: old.open,
            made: Value::new(*old.last.get()),
            last: old.last,
        }
    }
}

impl From<version_2::State> for version_1::State {
    fn from(new: version_2::State) -> Self {
        version_1::State {
            pipes: new.pipes,
            fifos: new.named,
            open: new.open,
            last: new.last,
        }
    }
}
