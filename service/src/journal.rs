//! What handlers have done, kept with the State.

use crate::container::{Groups, Value};
use abi::{Reply, RequestId};
use alloc::vec::Vec;
use minicbor::{Decode, Encode};
use shape::Shape;

/// A label in the source, known by its FNV-1a hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode, Shape)]
#[cbor(transparent)]
pub(crate) struct Label(#[n(0)] u32);

impl Label {
    pub(crate) const fn of(name: &str) -> Label {
        let bytes = name.as_bytes();
        let mut hash = 0x811c_9dc5_u32;
        let mut at = 0;
        while at < bytes.len() {
            hash = (hash ^ bytes[at] as u32).wrapping_mul(0x0100_0193);
            at += 1;
        }
        Label(hash)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode, Shape)]
pub(crate) enum Key {
    /// The n-th question.
    #[n(0)]
    Child(#[n(0)] u32),
    /// The n-th use of a label for a step or an observation.
    #[n(1)]
    Step(#[n(0)] Label, #[n(1)] u32),
    /// The bytes that came with the n-th question of this label.
    #[n(4)]
    Bytes(#[n(0)] Label, #[n(1)] u32),
    /// How far a waiting request has come.
    #[n(2)]
    Mark,
    /// The request's answer, which an instance before has not given, or not for certain.
    #[n(3)]
    Done,
}

/// A reply as the journal keeps it.
#[derive(Clone, Copy, Debug, Encode, Decode, Shape)]
pub(crate) struct KeptReply(#[n(0)] i64, #[n(1)] [u64; 6], #[n(2)] u32, #[n(3)] u32);

impl From<Reply> for KeptReply {
    fn from(r: Reply) -> Self {
        KeptReply(r.result, r.words, r.signal, r.signal_group)
    }
}

impl From<KeptReply> for Reply {
    fn from(k: KeptReply) -> Self {
        Reply {
            result: k.0,
            words: k.1,
            signal: k.2,
            signal_group: k.3,
        }
    }
}

#[derive(Clone, Debug, Encode, Decode, Shape)]
pub(crate) enum Item {
    #[n(0)]
    Asked(#[n(0)] Label),
    #[n(1)]
    Answered(#[n(0)] Label, #[n(1)] KeptReply),
    #[n(2)]
    Kept(#[cbor(n(0), with = "minicbor::bytes")] Vec<u8>),
    #[n(3)]
    Mark(#[n(0)] u64),
    #[n(4)]
    Done(#[n(0)] KeptReply),
}

/// The answer to a request.
#[derive(Clone, Copy, Debug, Encode, Decode, Shape)]
pub(crate) struct Answer(#[n(0)] RequestId, #[n(1)] KeptReply);

#[derive(Clone, Debug, Default, Encode, Decode, Shape)]
pub(crate) struct Journal {
    #[n(0)]
    entries: Groups<Key, Item>,
    /// The last answer. There is no need for the ones before: each is given to the kernel before the
    /// next one is decided.
    #[n(1)]
    answer: Value<Option<Answer>>,
}

impl Journal {
    pub(crate) fn get(&self, id: RequestId, key: Key) -> Option<&Item> {
        self.entries.get(id.0, key)
    }

    /// The answer of a request that was answered.
    pub(crate) fn answer(&self, id: RequestId) -> Option<Reply> {
        match (self.answer.get(), self.get(id, Key::Done)) {
            (Some(Answer(of, reply)), _) if *of == id => Some(Reply::from(*reply)),
            (_, Some(Item::Done(reply))) => Some(Reply::from(*reply)),
            _ => None,
        }
    }

    /// Puts the last answer of the instance before where it stays until it has been given, whatever
    /// is answered first.
    pub(crate) fn keep_answer(&mut self) {
        if let Some(Answer(id, reply)) = *self.answer.get() {
            self.put(id, Key::Done, Item::Done(reply));
            self.answer.set(None);
        }
    }

    /// Keeps the answer of a request instead of the last one.
    pub(crate) fn set_answer(&mut self, id: RequestId, reply: Reply) {
        self.answer.set(Some(Answer(id, reply.into())));
    }

    pub(crate) fn put(&mut self, id: RequestId, key: Key, item: Item) {
        self.entries.put(id.0, key, item);
    }

    /// The questions of a request, in order.
    pub(crate) fn children(&self, id: RequestId) -> impl DoubleEndedIterator<Item = (u32, &Item)> {
        self.entries
            .group(id.0)
            .filter_map(|(key, item)| match key {
                Key::Child(n) => Some((n, item)),
                _ => None,
            })
    }

    /// The index of the next question of a request.
    pub(crate) fn next_child(&self, id: RequestId) -> u32 {
        self.children(id).next_back().map_or(0, |(n, _)| n + 1)
    }

    /// Drops everything of a request.
    pub(crate) fn forget(&mut self, id: RequestId) {
        self.entries.drop_group(id.0);
    }

    /// The requests something is kept for.
    pub(crate) fn requests(&self) -> Vec<RequestId> {
        self.entries.groups().map(RequestId).collect()
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }
}
