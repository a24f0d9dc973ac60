//! From each version to the other.

use super::version_2::Content;
use super::{version_1, version_2};

impl From<version_1::State> for version_2::State {
    fn from(old: version_1::State) -> Self {
        version_2::State {
            descriptions: old.open.convert(|object| version_2::Object {
                opened: object.node,
                made: u32::from(object.content.is_some()),
                content: object.content.map_or(Content::Unread, Content::Kept),
            }),
        }
    }
}

impl From<version_2::State> for version_1::State {
    fn from(new: version_2::State) -> Self {
        version_1::State {
            open: new.descriptions.convert(|object| version_1::Object {
                node: object.opened,
                content: match object.content {
                    Content::Kept(bytes) => Some(bytes),
                    Content::Unread | Content::Read => None,
                },
            }),
        }
    }
}
