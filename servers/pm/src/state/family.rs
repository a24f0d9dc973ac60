//! The table of processes, in which they are found by what they have in common, too: by looking at those
//! alone, however many there are.

use super::Kin;
use crate::process::Process;
use abi::SpaceId;
use alloc::collections::BTreeSet;
use minicbor::{Decode, Decoder, Encode, Encoder, decode, encode};
use service::container::Map;
use shape::{Outline, Printer, Shape};

/// What a version keeps of a process.
pub(super) trait Member: Clone {
    /// The process.
    fn process(&self) -> &Process;

    /// Its address space, or none.
    fn space(&self) -> SpaceId;

    /// What it has in common with others.
    fn kin(&self) -> [Kin; 4] {
        let process = self.process();
        [
            Kin::Parent(process.parent),
            Kin::Group(process.group),
            Kin::Session(process.session),
            Kin::Space(self.space()),
        ]
    }
}

/// All processes. It travels as the table alone.
#[derive(Clone, Debug)]
pub(super) struct Family<E> {
    table: Map<u32, E>,
    /// What follows from the table.
    kin: BTreeSet<(Kin, u32)>,
}

impl<E> Default for Family<E> {
    fn default() -> Self {
        Family {
            table: Map::default(),
            kin: BTreeSet::new(),
        }
    }
}

impl<E: Member> Family<E> {
    /// What is kept of a process.
    pub(super) fn get(&self, pid: u32) -> Option<&E> {
        self.table.get(&pid)
    }

    /// Adds a process, or another one of its number.
    pub(super) fn insert(&mut self, pid: u32, member: E) {
        let now = member.kin();
        if let Some(old) = self.table.insert(pid, member) {
            self.leave(pid, old.kin());
        }
        self.kin.extend(now.map(|kin| (kin, pid)));
    }

    /// Forgets a process.
    pub(super) fn remove(&mut self, pid: u32) {
        if let Some(kin) = self.get(pid).map(E::kin) {
            self.table.drop_entry(&pid);
            self.leave(pid, kin);
        }
    }

    fn leave(&mut self, pid: u32, kin: [Kin; 4]) {
        for kin in kin {
            self.kin.remove(&(kin, pid));
        }
    }

    /// Changes what is kept of a process; `None` when there is none.
    pub(super) fn update<R>(&mut self, pid: u32, change: impl FnOnce(&mut E) -> R) -> Option<R> {
        let (before, now, result) = self.table.update(&pid, |member| {
            let before = member.kin();
            let result = change(member);
            (before, member.kin(), result)
        })?;
        for (before, now) in before.into_iter().zip(now) {
            if before != now {
                self.kin.remove(&(before, pid));
                self.kin.insert((now, pid));
            }
        }
        Some(result)
    }

    /// All processes, in order of their numbers, from the first number above `after`.
    pub(super) fn after(&self, after: u32) -> impl Iterator<Item = (u32, &E)> {
        let from = after.saturating_add(1);
        self.table.range(from..).map(|(pid, member)| (*pid, member))
    }

    /// Those that have this in common, in order of their numbers.
    pub(super) fn with(&self, kin: Kin) -> impl Iterator<Item = (u32, &E)> {
        let all = self.kin.range((kin, 0)..=(kin, u32::MAX));
        all.filter_map(|(_, pid)| Some((*pid, self.table.get(pid)?)))
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.table.len()
    }

    /// All of them, for conversions between versions.
    pub(super) fn into_entries(self) -> impl Iterator<Item = (u32, E)> {
        self.table.into_entries()
    }
}

impl<E: Member> From<Map<u32, E>> for Family<E> {
    fn from(table: Map<u32, E>) -> Self {
        let all = table.iter();
        let kin = all.flat_map(|(pid, member)| member.kin().map(|kin| (kin, *pid)));
        Family {
            kin: kin.collect(),
            table,
        }
    }
}

impl<E: Member> FromIterator<(u32, E)> for Family<E> {
    fn from_iter<I: IntoIterator<Item = (u32, E)>>(entries: I) -> Self {
        Map::from_iter(entries).into()
    }
}

impl<C, E: Encode<C>> Encode<C> for Family<E> {
    fn encode<W: encode::Write>(
        &self,
        encoder: &mut Encoder<W>,
        context: &mut C,
    ) -> Result<(), encode::Error<W::Error>> {
        self.table.encode(encoder, context)
    }
}

impl<'b, C, E: Decode<'b, C> + Member> Decode<'b, C> for Family<E> {
    fn decode(decoder: &mut Decoder<'b>, context: &mut C) -> Result<Self, decode::Error> {
        Map::decode(decoder, context).map(Family::from)
    }
}

impl<E: Shape> Shape for Family<E> {
    fn outline(outline: &mut Outline) {
        Map::<u32, E>::outline(outline);
    }

    fn show(&self, printer: &mut Printer<'_>) {
        self.table.show(printer);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;
    use minicbor::{decode, to_vec};

    #[derive(Clone, Debug, Default, Encode, Decode)]
    struct One {
        #[n(0)]
        process: Process,
        #[n(1)]
        space: u32,
    }

    impl Member for One {
        fn process(&self) -> &Process {
            &self.process
        }

        fn space(&self) -> SpaceId {
            SpaceId(self.space)
        }
    }

    fn one(parent: u32, group: u32, space: u32) -> One {
        let process = Process {
            parent,
            group,
            session: 1,
            ..Process::default()
        };
        One { process, space }
    }

    fn with(family: &Family<One>, kin: Kin) -> Vec<u32> {
        family.with(kin).map(|(pid, _)| pid).collect()
    }

    fn family() -> Family<One> {
        let mut family = Family::default();
        family.insert(9, one(1, 7, 3));
        family.insert(7, one(1, 7, 3));
        family.insert(8, one(7, 8, 4));
        family
    }

    #[test]
    fn processes_are_found_by_what_they_have_in_common() {
        let family = family();
        assert_eq!(with(&family, Kin::Parent(1)), [7, 9]);
        assert_eq!(with(&family, Kin::Parent(7)), [8]);
        assert_eq!(with(&family, Kin::Group(7)), [7, 9]);
        assert_eq!(with(&family, Kin::Session(1)), [7, 8, 9]);
        assert_eq!(with(&family, Kin::Space(SpaceId(4))), [8]);
        assert_eq!(with(&family, Kin::Group(1)), []);
    }

    #[test]
    fn whatever_changes_is_found_where_it_is() {
        let mut family = family();
        family.update(9, |one| {
            one.process.group = 8;
            one.process.parent = 7;
            one.space = 5;
        });
        assert_eq!(with(&family, Kin::Group(7)), [7]);
        assert_eq!(with(&family, Kin::Group(8)), [8, 9]);
        assert_eq!(with(&family, Kin::Parent(7)), [8, 9]);
        assert_eq!(with(&family, Kin::Space(SpaceId(3))), [7]);
        family.insert(8, one(1, 7, 4));
        assert_eq!(with(&family, Kin::Group(8)), [9]);
        family.remove(7);
        family.remove(70);
        assert_eq!(with(&family, Kin::Group(7)), [8]);
        assert_eq!(with(&family, Kin::Session(1)), [8, 9]);
        let all: Vec<u32> = family.after(0).map(|(pid, _)| pid).collect();
        assert_eq!((all, family.len()), (alloc::vec![8, 9], 2));
    }

    #[test]
    fn it_travels_as_the_table() {
        let family = family();
        let bytes = to_vec(&family).unwrap();
        assert_eq!(bytes, to_vec(&family.table).unwrap());
        let read: Family<One> = decode(&bytes).unwrap();
        assert_eq!(read.kin, family.kin);
        let again: Family<One> = read.into_entries().collect();
        assert_eq!(again.kin, family.kin);
    }
}
