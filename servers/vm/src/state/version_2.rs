//! Version 2: a space's peak is kept, files are found by what they are, and what is promised is kept
//! with each space.

use super::tables::{Object, Shortage, Tables, check_tables};
use crate::random;
use crate::space::{Sizes, Space};
use abi::layout::PAGE_SIZE;
use abi::{RequestId, SpaceId};
use alloc::vec::Vec;
use minicbor::{Decode, Encode};
use service::container::{Map, Value};
use shape::Shape;

/// A space with what is known about it besides.
#[derive(Clone, Debug, Encode, Decode, Shape)]
pub(super) struct AddressSpace {
    #[n(0)]
    pub(super) space: Space,
    /// The most bytes that were ever mapped.
    #[n(1)]
    pub(super) peak: u64,
    /// Pages it has been promised.
    #[n(2)]
    pub(super) promised: u64,
}

/// A number of vm's and how many spaces use it.
#[derive(Clone, Copy, Debug, Encode, Decode, Shape)]
pub(super) struct Shown {
    #[n(0)]
    pub(super) number: u32,
    #[n(2)]
    pub(super) spaces: u32,
}

/// Whether memory is short.
#[derive(Clone, Copy, Debug, Default, Encode, Decode, Shape)]
pub(super) enum Memory {
    /// It is not.
    #[default]
    #[n(0)]
    Enough,
    /// A fault found none.
    #[n(1)]
    Short,
    /// This space's process has to end.
    #[n(2)]
    Awaited(#[n(0)] SpaceId),
    /// It was, and this space's process has been ended for it.
    #[n(3)]
    Relieved(#[n(0)] SpaceId),
}

/// What vm knows.
#[derive(Debug, Default, Encode, Decode, Shape)]
pub struct State {
    #[n(10)]
    pub(super) address_spaces: Map<SpaceId, AddressSpace>,
    #[n(11)]
    pub(super) shown: Map<Object, Shown>,
    #[n(12)]
    pub(super) objects: Map<u32, Object>,
    /// The last numbers given to a space and to a file.
    #[n(13)]
    pub(super) last: Value<(u32, u32)>,
    #[n(14)]
    pub(super) random: Value<u64>,
    #[n(15)]
    pub(super) memory: Value<Memory>,
    /// Pages promised to all programs: the sum over the spaces.
    #[n(16)]
    pub(super) promised: Value<u64>,
    /// Spaces that are being made, by which request.
    #[n(17)]
    pub(super) makings: Map<SpaceId, RequestId>,
}

impl Tables for State {
    fn space(&self, id: SpaceId) -> Option<&Space> {
        self.address_spaces.get(&id).map(|known| &known.space)
    }

    fn put_space(&mut self, id: SpaceId, space: Space, sizes: &Sizes) {
        let peak = self.peak(id).max(sizes.total);
        let promised = sizes.promised / PAGE_SIZE;
        let known = AddressSpace {
            space,
            peak,
            promised,
        };
        self.address_spaces.insert(id, known);
    }

    fn take_space(&mut self, id: SpaceId) -> Option<Space> {
        if self.shortage() == Shortage::Victim(id) {
            self.memory.set(Memory::Relieved(id));
        }
        self.address_spaces.remove(&id).map(|known| known.space)
    }

    fn space_ids(&self) -> Vec<SpaceId> {
        self.address_spaces.iter().map(|(id, _)| *id).collect()
    }

    fn peak(&self, id: SpaceId) -> u64 {
        self.address_spaces.get(&id).map_or(0, |known| known.peak)
    }

    fn file(&self, number: u32) -> Option<(Object, u32)> {
        let object = *self.objects.get(&number)?;
        let shown = self.shown.get(&object)?;
        Some((object, shown.spaces))
    }

    fn number_of(&self, object: Object) -> Option<u32> {
        self.shown.get(&object).map(|shown| shown.number)
    }

    fn put_file(&mut self, number: u32, object: Object, spaces: u32) {
        self.shown.insert(object, Shown { number, spaces });
        self.objects.insert(number, object);
    }

    fn take_file(&mut self, number: u32) {
        if let Some(object) = self.objects.remove(&number) {
            self.shown.remove(&object);
        }
    }

    fn makings(&self) -> &Map<SpaceId, RequestId> {
        &self.makings
    }

    fn makings_mut(&mut self) -> &mut Map<SpaceId, RequestId> {
        &mut self.makings
    }

    fn new_space(&mut self) -> SpaceId {
        SpaceId(self.last.change(|(space, _)| {
            *space += 1;
            *space
        }))
    }

    fn new_file(&mut self) -> u32 {
        self.last.change(|(_, file)| {
            *file = file.wrapping_add(1);
            *file
        })
    }

    fn random(&mut self) -> u64 {
        self.random.change(random::next)
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
        match *self.memory.get() {
            Memory::Enough | Memory::Relieved(_) => Shortage::None,
            Memory::Short => Shortage::Felt,
            Memory::Awaited(space) => Shortage::Victim(space),
        }
    }

    fn set_shortage(&mut self, shortage: Shortage) {
        self.memory.set(match shortage {
            Shortage::None => Memory::Enough,
            Shortage::Felt => Memory::Short,
            Shortage::Victim(space) => Memory::Awaited(space),
        });
    }
}

impl service::State for State {
    const VERSION: u32 = 2;
    type Other = super::version_1::State;
    const OTHER_VERSION: u32 = 1;

    fn fresh(start: &service::Start) -> Self {
        State {
            random: Value::new(start.seed[0]),
            ..Self::default()
        }
    }

    fn check(&mut self) -> usize {
        let ids = self.space_ids();
        let checked = ids.iter().map(|id| {
            let dropped = self.address_spaces.update(id, |known| known.space.check());
            dropped.unwrap_or(0)
        });
        let mut dropped: usize = checked.sum();
        // The two tables of files say the same.
        let before = self.objects.len() + self.shown.len();
        let shown = &self.shown;
        self.objects
            .retain(|number, object| shown.get(object).is_some_and(|of| of.number == *number));
        let objects = &self.objects;
        self.shown
            .retain(|object, of| objects.get(&of.number) == Some(object));
        dropped += before - self.objects.len() - self.shown.len();
        let numbers: Vec<u32> = self.objects.iter().map(|(number, _)| *number).collect();
        dropped + check_tables(self, &numbers)
    }
}
