//! What rs knows, in both versions.

mod conversion;
mod version_1;
mod version_2;

#[cfg(not(feature = "next"))]
pub use version_1::State;
#[cfg(feature = "next")]
pub use version_2::State;

use crate::record::{Given, Wanted};
use abi::Endpoint;
use alloc::vec::Vec;

/// Whether there can be such a service.
fn is_service(slot: u16) -> bool {
    protocol::endpoint::name(Endpoint(slot)).is_some()
}

/// What the numbers of an instance without a State follow on: the kernel takes none that is not larger
/// than those of instances before.
fn first_number(start: &service::Start) -> u64 {
    u64::from(start.generation.saturating_sub(1)) << 32
}

/// Bytes of given images that are kept at a time.
const GIVEN_BYTES: usize = 8 << 20;

impl State {
    /// The services that are to run, in the order of `endpoint::NAMES`.
    pub(crate) fn up(&self) -> impl Iterator<Item = Endpoint> {
        let slots = protocol::endpoint::NAMES.iter().map(|(_, slot)| *slot);
        slots.filter(|slot| self.record(*slot).is_some_and(|of| of.wanted == Wanted::Up))
    }

    /// Whether there is room to keep images of so many bytes for these services. What they run now
    /// is kept meanwhile; what they ran before is not.
    pub(crate) fn has_room(&self, slots: &[Endpoint], bytes: usize) -> bool {
        let before = self.given_before.iter();
        let before = before.filter(|(of, _)| !slots.contains(&Endpoint(**of)));
        let all = self.given.iter().chain(before);
        all.map(|(_, given)| given.image.len()).sum::<usize>() + bytes <= GIVEN_BYTES
    }

    /// A service runs another image: one that was given and is in no archive, or one of the boot
    /// archive.
    pub(crate) fn change_image(&mut self, slot: Endpoint, image: Option<Vec<u8>>) {
        self.given_before.remove(&slot.0);
        if let Some(before) = self.given.remove(&slot.0) {
            self.given_before.insert(slot.0, before);
        }
        if let Some(image) = image {
            self.given.insert(slot.0, Given { image });
        }
    }

    /// A service runs again what it ran before the last change; done twice, nothing has changed.
    pub(crate) fn change_back(&mut self, slot: Endpoint) {
        let now = self.given.remove(&slot.0);
        let before = self.given_before.remove(&slot.0);
        if let Some(before) = before {
            self.given.insert(slot.0, before);
        }
        if let Some(now) = now {
            self.given_before.insert(slot.0, now);
        }
    }

    /// The services that an update has replaced and that are on probation since, and the version
    /// that each ran before.
    pub(crate) fn updated_by(&self, update: u64) -> Vec<(Endpoint, u32)> {
        let slots = protocol::endpoint::NAMES.iter().map(|(_, slot)| *slot);
        let former = |slot: Endpoint| {
            let former = self.record(slot)?.former?;
            (former.update == update).then_some((slot, former.version))
        };
        slots.filter_map(former).collect()
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
        state.change_image(one, Some(vec![0; 100]));
        // What it runs now stays, to be gone back to.
        assert!(!state.has_room(&[one], super::GIVEN_BYTES - 99));
        assert!(state.has_room(&[two], super::GIVEN_BYTES - 100));
        assert!(!state.has_room(&[two], super::GIVEN_BYTES - 99));
        state.change_image(one, None);
        assert!(!state.has_room(&[two], super::GIVEN_BYTES));
        assert!(state.has_room(&[one], super::GIVEN_BYTES));
        state.change_image(one, None);
        assert!(state.has_room(&[two], super::GIVEN_BYTES));
    }

    #[test]
    fn the_image_before_comes_back() {
        let mut state = super::State::default();
        let slot = Endpoint(1);
        let given = |state: &super::State| state.given(slot).map(|given| given.image);
        state.change_image(slot, Some(vec![1]));
        state.change_image(slot, Some(vec![2]));
        for image in [1, 2, 1] {
            state.change_back(slot);
            assert_eq!(given(&state), Some(vec![image]));
        }
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
