//! From each version to the other.

use super::version_2::Published;
use super::{version_1, version_2};
use service::container::Value;

impl From<version_1::State> for version_2::State {
    fn from(old: version_1::State) -> Self {
        let total = Value::new(old.names.len() as u64);
        let names = old.names.into_entries();
        let published =
            names.map(|((kind, number), server)| ((number, kind), Published::Server(server)));
        version_2::State {
            published: published.collect(),
            total,
        }
    }
}

impl From<version_2::State> for version_1::State {
    fn from(new: version_2::State) -> Self {
        let published = new.published.into_entries();
        let names = published.map(|((number, kind), published)| match published {
            Published::Server(server) | Published::TakenOver(server, _) => ((kind, number), server),
        });
        version_1::State {
            names: names.collect(),
        }
    }
}
