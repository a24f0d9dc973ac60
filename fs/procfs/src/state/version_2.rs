//! Version 2: what is kept of a content has a name, and contents made are counted.

use super::{Opened, Tables};
use crate::Node;
use alloc::vec::Vec;
use minicbor::bytes::ByteVec;
use minicbor::{Decode, Encode};
use service::description::Descriptions;
use shape::Shape;

/// What is kept of a content.
#[derive(Clone, Debug, Encode, Decode, Shape)]
pub(super) enum Content {
    /// It has not been read.
    #[n(0)]
    Unread,
    /// It is being read.
    #[n(1)]
    Kept(#[n(0)] ByteVec),
    /// It has been read to its end.
    #[n(2)]
    Read,
}

/// What a description refers to.
#[derive(Clone, Debug, Encode, Decode, Shape)]
pub struct Object {
    #[n(2)]
    pub(super) opened: Node,
    #[n(3)]
    pub(super) content: Content,
    /// How often a content was made for it.
    #[n(4)]
    pub(super) made: u32,
}

impl Opened for Object {
    fn new(node: Node) -> Self {
        Object {
            opened: node,
            content: Content::Unread,
            made: 0,
        }
    }

    fn node(&self) -> Node {
        self.opened
    }

    fn content(&self) -> Option<&[u8]> {
        match &self.content {
            Content::Kept(bytes) => Some(bytes.as_slice()),
            Content::Unread | Content::Read => None,
        }
    }

    fn keep(&mut self, content: Option<Vec<u8>>) {
        self.made = self.made.saturating_add(u32::from(content.is_some()));
        self.content = match content {
            Some(bytes) => Content::Kept(bytes.into()),
            None => Content::Read,
        };
    }
}

/// What procfs knows.
#[derive(Debug, Default, Encode, Decode, Shape)]
pub struct State {
    #[n(1)]
    pub(super) descriptions: Descriptions<Object>,
}

impl Tables for State {
    type Object = Object;

    fn open(&self) -> &Descriptions<Object> {
        &self.descriptions
    }

    fn open_mut(&mut self) -> &mut Descriptions<Object> {
        &mut self.descriptions
    }
}

impl service::State for State {
    const VERSION: u32 = 2;
    type Other = super::version_1::State;
    const OTHER_VERSION: u32 = 1;

    fn fresh(start: &service::Start) -> Self {
        State {
            descriptions: super::fresh(start),
        }
    }

    fn check(&mut self) -> usize {
        self.descriptions.check(|_| true)
    }
}
