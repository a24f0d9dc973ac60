//! What rs knows, in both versions.

mod conversion;
mod version_1;
mod version_2;

#[cfg(not(feature = "next"))]
pub use version_1::State;
#[cfg(feature = "next")]
pub use version_2::State;

#[cfg(test)]
mod tests {
    use super::{version_1, version_2};
    use crate::record::{Record, Wanted};
    use abi::{Endpoint, RequestId};

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
        let number = old.begin(1 << 2, RequestId(7)).unwrap();
        assert_eq!(old.next_fault(), 1);
        let mut new = version_2::State::from(old);
        assert_eq!(new.record(Endpoint(2)).unwrap().wanted, Wanted::Down);
        assert_eq!(new.transaction().unwrap().number, number);
        assert_eq!(new.begin(1, RequestId(8)), None);
        new.finish(number);
        assert_eq!(new.begin(1, RequestId(8)), Some(number + 1));
        let mut old = version_1::State::from(new);
        assert_eq!(old.next_fault(), 2);
        assert_eq!(old.transaction().unwrap().owner, RequestId(8));
    }
}
