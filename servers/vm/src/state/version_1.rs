//! Version 1: spaces, and the files they show with a count.

use super::tables::{Object, Shortage, Tables, check_tables};
use crate::random;
use crate::space::{Sizes, Space};
use abi::{RequestId, SpaceId};
use alloc::vec::Vec;
use minicbor::{Decode, Encode};
use service::container::{Map, Value};
use shape::Shape;

/// A file and how many spaces show it.
#[derive(Clone, Copy, Debug, Encode, Decode, Shape)]
pub(super) struct File {
    #[n(0)]
    pub(super) object: Object,
    #[n(1)]
    pub(super) spaces: u32,
}

/// Whether memory is short.
#[derive(Clone, Copy, Debug, Default, Encode, Decode, Shape)]
pub(super) enum Need {
    /// It is not.
    #[default]
    #[n(0)]
    None,
    /// A fault found none.
    #[n(1)]
    Felt,
    /// This space's process has to end.
    #[n(2)]
    Victim(#[n(0)] SpaceId),
}

/// What vm knows.
#[derive(Debug, Default, Encode, Decode, Shape)]
pub struct State {
    #[n(0)]
    pub(super) spaces: Map<SpaceId, Space>,
    #[n(1)]
    pub(super) files: Map<u32, File>,
    #[n(2)]
    pub(super) last_space: Value<u32>,
    #[n(3)]
    pub(super) last_file: Value<u32>,
    #[n(4)]
    pub(super) seed: Value<u64>,
    /// Pages promised to all programs.
    #[n(5)]
    pub(super) promised: Value<u64>,
    #[n(6)]
    pub(super) need: Value<Need>,
    /// Spaces that are being made, by which request.
    #[n(7)]
    pub(super) makings: Map<SpaceId, RequestId>,
}

impl Tables for State {
    fn space(&self, id: SpaceId) -> Option<&Space> {
        self.spaces.get(&id)
    }

    fn put_space(&mut self, id: SpaceId, space: Space, _: &Sizes) {
        self.spaces.insert(id, space);
    }

    fn take_space(&mut self, id: SpaceId) -> Option<Space> {
        self.spaces.remove(&id)
    }

    fn space_ids(&self) -> Vec<SpaceId> {
        self.spaces.iter().map(|(id, _)| *id).collect()
    }

    /// This version does not keep it: what is mapped now.
    fn peak(&self, id: SpaceId) -> u64 {
        self.space(id).map_or(0, |space| space.sizes().total)
    }

    fn file(&self, number: u32) -> Option<(Object, u32)> {
        let file = self.files.get(&number)?;
        Some((file.object, file.spaces))
    }

    fn number_of(&self, object: Object) -> Option<u32> {
        let mut files = self.files.iter();
        files
            .find(|(_, file)| file.object == object)
            .map(|(number, _)| *number)
    }

    fn put_file(&mut self, number: u32, object: Object, spaces: u32) {
        self.files.insert(number, File { object, spaces });
    }

    fn take_file(&mut self, number: u32) {
        self.files.remove(&number);
    }

    fn makings(&self) -> &Map<SpaceId, RequestId> {
        &self.makings
    }

    fn makings_mut(&mut self) -> &mut Map<SpaceId, RequestId> {
        &mut self.makings
    }

    fn new_space(&mut self) -> SpaceId {
        self.last_space.change(|last| *last += 1);
        SpaceId(*self.last_space.get())
    }

    fn new_file(&mut self) -> u32 {
        self.last_file.change(|last| *last = last.wrapping_add(1));
        *self.last_file.get()
    }

    fn random(&mut self) -> u64 {
        self.seed.change(random::next)
    }

    fn promised(&self) -> u64 {
        *self.promised.get()
    }

    fn set_promised(&mut self, pages: u64) {
        if pages != self.promised() {
            self.promised.set(pages);
        }
    }

    fn shortage(&self) -> Shortage {
        match *self.need.get() {
            Need::None => Shortage::None,
            Need::Felt => Shortage::Felt,
            Need::Victim(space) => Shortage::Victim(space),
        }
    }

    fn set_shortage(&mut self, shortage: Shortage) {
        self.need.set(match shortage {
            Shortage::None => Need::None,
            Shortage::Felt => Need::Felt,
            Shortage::Victim(space) => Need::Victim(space),
        });
    }
}

impl service::State for State {
    const VERSION: u32 = 1;
    type Other = super::version_2::State;
    const OTHER_VERSION: u32 = 2;

    fn fresh(start: &service::Start) -> Self {
        State {
            seed: Value::new(start.seed[0]),
            ..Self::default()
        }
    }

    fn check(&mut self) -> usize {
        let ids = self.space_ids();
        let checked = ids.iter().map(|id| {
            let dropped = self.spaces.update(id, Space::check);
            dropped.unwrap_or(0)
        });
        let dropped: usize = checked.sum();
        let numbers: Vec<u32> = self.files.iter().map(|(number, _)| *number).collect();
        dropped + check_tables(self, &numbers)
    }
}
