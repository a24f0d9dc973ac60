//! What sched knows, in both versions.

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
    use crate::policy::Nice;
    use abi::Pid;
    use service::State as _;

    #[test]
    fn niceness_is_inherited_and_survives_an_update_and_a_downgrade() {
        let mut old = version_1::State::default();
        assert_eq!(old.start(Pid(1), Pid(0)), Nice::NORMAL);
        let nicer = Nice::new(10).unwrap();
        old.set_nice(Pid(1), nicer);
        let mut new = version_2::State::from(old);
        assert_eq!(new.start(Pid(2), Pid(1)), nicer);
        new.stop(Pid(1));
        let old = version_1::State::from(new);
        assert_eq!((old.nice(Pid(1)), old.nice(Pid(2))), (None, Some(nicer)));
    }

    #[test]
    fn a_niceness_that_cannot_be_is_dropped_alone() {
        let mut old = version_1::State::default();
        old.start(Pid(1), Pid(0));
        old.nice
            .insert(Pid(2), minicbor::decode(&[0x18, 40]).unwrap());
        let mut new = version_2::State::from(old);
        assert_eq!((new.check(), new.check()), (1, 0));
        assert!(new.nice(Pid(1)).is_some() && new.nice(Pid(2)).is_none());
    }
}
