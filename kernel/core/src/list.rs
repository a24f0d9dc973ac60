//! Doubly linked lists through the records of a table: no allocation, constant time.

/// The end of a list, and an unlinked neighbour.
pub(crate) const NONE: u16 = u16::MAX;

/// A record's neighbours in one list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Link {
    next: u16,
    previous: u16,
}

impl Default for Link {
    fn default() -> Self {
        Link {
            next: NONE,
            previous: NONE,
        }
    }
}

/// Which of its lists a record is linked through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Chain {
    /// Where it is: a queue, a slot's delivered, held or completed requests; the free records.
    Place,
    /// The cancellations that a slot has still to hear.
    Cancel,
    /// The submissions that share a bucket of the table of tags.
    Bucket,
    /// Everything that one slot has submitted, or one process has copies waiting for.
    Maker,
}

/// How many chains there are.
pub(crate) const CHAINS: usize = 4;

/// A record that lists go through.
pub(crate) trait Linked {
    /// The record's neighbours in a chain.
    fn link(&mut self, chain: Chain) -> &mut Link;
    /// The same, to read.
    fn neighbours(&self, chain: Chain) -> Link;
}

/// The ends of a list, and how long it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct List {
    head: u16,
    tail: u16,
    length: u32,
}

impl Default for List {
    fn default() -> Self {
        Self::EMPTY
    }
}

impl List {
    /// A list without records.
    pub(crate) const EMPTY: List = List {
        head: NONE,
        tail: NONE,
        length: 0,
    };

    /// The first record.
    pub(crate) fn first(&self) -> Option<u16> {
        (self.head != NONE).then_some(self.head)
    }

    /// The last record.
    pub(crate) fn last(&self) -> Option<u16> {
        (self.tail != NONE).then_some(self.tail)
    }

    /// The record behind `index`.
    pub(crate) fn after<T: Linked>(items: &[T], chain: Chain, index: u16) -> Option<u16> {
        let next = items[index as usize].neighbours(chain).next;
        (next != NONE).then_some(next)
    }

    /// How many records the list has.
    pub(crate) fn len(&self) -> u32 {
        self.length
    }

    /// Whether it has none.
    pub(crate) fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// Adds a record, which is in no list of this chain, at the end.
    pub(crate) fn push_back<T: Linked>(&mut self, items: &mut [T], chain: Chain, index: u16) {
        *items[index as usize].link(chain) = Link {
            next: NONE,
            previous: self.tail,
        };
        match self.tail {
            NONE => self.head = index,
            tail => items[tail as usize].link(chain).next = index,
        }
        self.tail = index;
        self.length += 1;
    }

    /// Adds a record, which is in no list of this chain, in front of `before`, or at the end.
    pub(crate) fn insert<T: Linked>(
        &mut self,
        items: &mut [T],
        chain: Chain,
        index: u16,
        before: Option<u16>,
    ) {
        let Some(before) = before else {
            return self.push_back(items, chain, index);
        };
        let previous = items[before as usize].neighbours(chain).previous;
        *items[index as usize].link(chain) = Link {
            next: before,
            previous,
        };
        items[before as usize].link(chain).previous = index;
        match previous {
            NONE => self.head = index,
            previous => items[previous as usize].link(chain).next = index,
        }
        self.length += 1;
    }

    /// Adds a record, which is in no list of this chain, at the beginning.
    pub(crate) fn push_front<T: Linked>(&mut self, items: &mut [T], chain: Chain, index: u16) {
        self.insert(items, chain, index, self.first());
    }

    /// Takes a record out; it is in this list.
    pub(crate) fn remove<T: Linked>(&mut self, items: &mut [T], chain: Chain, index: u16) {
        let link = core::mem::take(items[index as usize].link(chain));
        match link.previous {
            NONE => self.head = link.next,
            previous => items[previous as usize].link(chain).next = link.next,
        }
        match link.next {
            NONE => self.tail = link.previous,
            next => items[next as usize].link(chain).previous = link.previous,
        }
        self.length -= 1;
    }

    /// Takes the first record out.
    pub(crate) fn pop_front<T: Linked>(&mut self, items: &mut [T], chain: Chain) -> Option<u16> {
        let index = self.first()?;
        self.remove(items, chain, index);
        Some(index)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    #[derive(Clone, Copy, Default)]
    struct Item(Link);

    impl Linked for Item {
        fn link(&mut self, _: Chain) -> &mut Link {
            &mut self.0
        }
        fn neighbours(&self, _: Chain) -> Link {
            self.0
        }
    }

    fn content(list: &List, items: &[Item]) -> Vec<u16> {
        let mut found = Vec::new();
        let mut at = list.first();
        while let Some(index) = at {
            found.push(index);
            at = List::after(items, Chain::Place, index);
        }
        found
    }

    #[test]
    fn order_is_kept_by_every_operation() {
        let mut items = [Item::default(); 6];
        let mut list = List::default();
        for index in [1, 2, 3] {
            list.push_back(&mut items, Chain::Place, index);
        }
        list.push_front(&mut items, Chain::Place, 0);
        list.insert(&mut items, Chain::Place, 5, Some(2));
        assert_eq!(content(&list, &items), [0, 1, 5, 2, 3]);
        list.remove(&mut items, Chain::Place, 0);
        list.remove(&mut items, Chain::Place, 3);
        list.remove(&mut items, Chain::Place, 5);
        assert_eq!(content(&list, &items), [1, 2]);
        assert_eq!((list.len(), list.last()), (2, Some(2)));
        assert_eq!(list.pop_front(&mut items, Chain::Place), Some(1));
        assert_eq!(list.pop_front(&mut items, Chain::Place), Some(2));
        assert!(list.pop_front(&mut items, Chain::Place).is_none() && list.is_empty());
    }
}
