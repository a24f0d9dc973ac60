//! What procfs knows, in both versions: open descriptions, nothing else.

mod conversion;
mod version_1;
mod version_2;

#[cfg(not(feature = "next"))]
pub use version_1::{Object, State};
#[cfg(feature = "next")]
pub use version_2::{Object, State};

use crate::Node;
use alloc::vec::Vec;
use linux_raw_sys::general::O_PATH;
use service::Start;
use service::description::Descriptions;

/// What a description refers to, whichever version it has.
pub trait Opened: Clone {
    /// A node just opened.
    fn new(node: Node) -> Self;
    /// The node.
    fn node(&self) -> Node;
    /// The content as the first read of it found it, while it is being read.
    fn content(&self) -> Option<&[u8]>;
    /// Keeps a content, or lets it go.
    fn keep(&mut self, content: Option<Vec<u8>>);
}

/// The State, whichever version it has.
pub trait Tables {
    /// What its descriptions refer to.
    type Object: Opened;
    /// The open descriptions.
    fn open(&self) -> &Descriptions<Self::Object>;
    /// The open descriptions, to change them.
    fn open_mut(&mut self) -> &mut Descriptions<Self::Object>;
}

/// The descriptions of an instance that starts without a State: that of the root, which is mounted.
fn fresh<O: Opened>(start: &Start) -> Descriptions<O> {
    let mut open = Descriptions::fresh(start);
    open.open_root(O::new(Node::Root), O_PATH);
    open
}

#[cfg(test)]
mod tests {
    use super::{Opened, Tables, version_1, version_2};
    use crate::Node;
    use service::State;

    #[test]
    fn descriptions_survive_an_update_and_a_downgrade() {
        let mut old = version_1::State::fresh(&service::Start::default());
        let handle = old
            .open_mut()
            .open(version_1::Object::new(Node::Process(5)), 7);
        old.open_mut()
            .update(handle, |description| {
                description.position = 3;
                description.object.keep(Some(b"text".to_vec()));
            })
            .unwrap();
        let empty = old.open_mut().open(version_1::Object::new(Node::Root), 0);
        let new = version_2::State::from(old);
        let object = &new.open().get(handle).unwrap().object;
        assert_eq!(object.node(), Node::Process(5));
        assert_eq!(object.content(), Some(&b"text"[..]));
        let mut old = version_1::State::from(new);
        let description = old.open().get(handle).unwrap();
        assert_eq!((description.flags, description.position), (7, 3));
        assert_eq!(description.object.content(), Some(&b"text"[..]));
        assert_eq!(old.open().get(empty).unwrap().object.content(), None);
        assert!(old.open_mut().close(handle).unwrap().is_some());
    }
}
