//! Version 1: a node and perhaps its content.

use super::{Opened, Tables};
use crate::Node;
use alloc::vec::Vec;
use minicbor::bytes::ByteVec;
use minicbor::{Decode, Encode};
use service::description::Descriptions;
use shape::Shape;

/// What a description refers to.
#[derive(Clone, Debug, Encode, Decode, Shape)]
pub struct Object {
    #[n(0)]
    pub(super) node: Node,
    #[n(1)]
    pub(super) content: Option<ByteVec>,
}

impl Opened for Object {
    fn new(node: Node) -> Self {
        Object {
            node,
            content: None,
        }
    }

    fn node(&self) -> Node {
        self.node
    }

    fn content(&self) -> Option<&[u8]> {
        self.content.as_ref().map(|bytes| bytes.as_slice())
    }

    fn keep(&mut self, content: Option<Vec<u8>>) {
        self.content = content.map(ByteVec::from);
    }
}

/// What procfs knows.
#[derive(Debug, Default, Encode, Decode, Shape)]
pub struct State {
    #[n(0)]
    pub(super) open: Descriptions<Object>,
}

impl Tables for State {
    type Object = Object;

    fn open(&self) -> &Descriptions<Object> {
        &self.open
    }

    fn open_mut(&mut self) -> &mut Descriptions<Object> {
        &mut self.open
    }
}

impl service::State for State {
    const VERSION: u32 = 1;
    type Other = super::version_2::State;
    const OTHER_VERSION: u32 = 2;

    fn fresh(start: &service::Start) -> Self {
        State {
            open: super::fresh(start),
        }
    }

    fn check(&mut self) -> usize {
        self.open.check(|_| true)
    }
}
