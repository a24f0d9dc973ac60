//! What rs knows, in both versions.

mod conversion;
mod version_1;
mod version_2;

#[cfg(not(feature = "next"))]
pub use version_1::State;
#[cfg(feature = "next")]
pub use version_2::State;

use crate::record::Given;
use abi::Endpoint;
use alloc::vec::Vec;

/// Whether there can be such a service.
fn is_service(slot: u16) -> bool {
    protocol::endpoint::name(Endpoint(slot)).is_some()
}

/// Bytes of given images that are kept at a time.
const GIVEN_BYTES: usize = 8 << 20;

impl State {
    /// Whether there is room to keep images of so many bytes for these services.
    pub(crate) fn has_room(&self, slots: &[Endpoint], bytes: usize) -> bool {
        let others = self.given.iter();
        let others = others.filter(|(of, _)| !slots.contains(&Endpoint(**of)));
        others.map(|(_, given)| given.image.len()).sum::<usize>() + bytes <= GIVEN_BYTES
    }

    /// Keeps the image that a service runs, which was given and is in no archive.
    pub(crate) fn keep(&mut self, slot: Endpoint, image: Vec<u8>) {
        self.given.insert(slot.0, Given { image });
    }

    /// A service runs an image of the boot archive.
    pub(crate) fn forget(&mut self, slot: Endpoint) {
        self.given.remove(&slot.0);
    }

    /// The image that was given for a service.
    pub(crate) fn given(&self, slot: Endpoint) -> Option<Given> {
        self.given.get(&slot.0).cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::{version_1, version_2};
    use crate::record::{Given, Record, Wanted};
    use abi::{Endpoint, RequestId};
    use service::State as _;

    #[test]
    fn given_images_have_an_end() {
        let mut state = super::State::default();
        let [one, two] = [Endpoint(1), Endpoint(2)];
        assert!(state.has_room(&[one], super::GIVEN_BYTES));
        state.keep(one, vec![0; 100]);
        assert!(state.has_room(&[one], super::GIVEN_BYTES));
        assert!(state.has_room(&[two, one], super::GIVEN_BYTES));
        assert!(!state.has_room(&[two], super::GIVEN_BYTES - 99));
        state.forget(one);
        assert!(state.has_room(&[two], super::GIVEN_BYTES));
    }

    #[test]
    fn what_is_kept_of_nobody_is_dropped_alone() {
        let mut old = version_1::State::default();
        for slot in [2, 60] {
            old.set_record(Endpoint(slot), Record::new(1));
        }
        for slot in [2, 3] {
            old.given.insert(slot, Given { image: vec![1] });
        }
        let number = old.begin(1 << 2, RequestId(7)).unwrap();
        let mut new = version_2::State::from(old);
        // The record of no service, and the image of one that has no record.
        assert_eq!((new.check(), new.check()), (2, 0));
        assert!(new.record(Endpoint(2)).is_some() && new.given.contains(&2));
        assert_eq!(new.transaction().map(|of| of.number), Some(number));
        let mut old = version_1::State::from(new);
        old.last_number = service::container::Value::new(0);
        assert_eq!((old.check(), old.check()), (1, 0));
        assert!(old.transaction().is_none() && old.record(Endpoint(2)).is_some());
    }

    #[test]
    fn records_and_transactions_survive_an_update_and_a_downgrade() {
        let mut old = version_1::State::default();
        old.set_record(
            Endpoint(2),
            Record {
                wanted: Wanted::Down,
                ..Record::new(2)
            },
        );
        let image = vec![1, 2];
        old.given.insert(3, Given { image });
        let number = old.begin(1 << 2, RequestId(7)).unwrap();
        assert_eq!(old.next_fault(), 1);
        let mut new = version_2::State::from(old);
        assert_eq!(new.record(Endpoint(2)).unwrap().wanted, Wanted::Down);
        assert_eq!(new.transaction().unwrap().number, number);
        let kept = |given: Option<Given>| given.map(|given| given.image);
        assert_eq!(kept(new.given.get(&3).cloned()), Some(vec![1, 2]));
        assert_eq!(new.begin(1, RequestId(8)), None);
        new.finish(number);
        assert_eq!(new.begin(1, RequestId(8)), Some(number + 1));
        let mut old = version_1::State::from(new);
        assert_eq!(old.next_fault(), 2);
        assert_eq!(old.transaction().unwrap().owner, RequestId(8));
        assert_eq!(kept(old.given.get(&3).cloned()), Some(vec![1, 2]));
    }
}
