//! What hello knows, in both versions: who has it open, and how many it has greeted.

use minicbor::{Decode, Encode};
use service::container::Value;
use service::description::Descriptions;
use shape::Shape;

#[cfg(not(feature = "next"))]
pub use version_1::State;
#[cfg(feature = "next")]
pub use version_2::State;

/// Version 1.
mod version_1 {
    use super::{Decode, Descriptions, Encode, Shape, Value};

    /// What hello knows.
    #[derive(Debug, Default, Encode, Decode, Shape)]
    pub struct State {
        #[n(0)]
        pub(super) open: Descriptions<()>,
        #[n(1)]
        pub(super) readers: Value<u64>,
    }

    impl State {
        /// The openings.
        #[must_use]
        pub fn descriptions(&self) -> &Descriptions<()> {
            &self.open
        }

        /// The openings, to change.
        pub fn descriptions_mut(&mut self) -> &mut Descriptions<()> {
            &mut self.open
        }

        /// How many have been greeted.
        #[must_use]
        pub fn readers(&self) -> u64 {
            *self.readers.get()
        }

        /// One more.
        pub fn greeted(&mut self) {
            self.readers.change(|count| *count += 1);
        }
    }

    impl service::State for State {
        const VERSION: u32 = 1;
        type Other = super::version_2::State;
        const OTHER_VERSION: u32 = 2;

        fn fresh(start: &service::Start) -> Self {
            State {
                open: Descriptions::fresh(start),
                ..Self::default()
            }
        }

        fn check(&mut self) -> usize {
            self.open.check(|_| true)
        }
    }

    impl From<super::version_2::State> for State {
        fn from(new: super::version_2::State) -> Self {
            let readers = Value::new(new.readers());
            State {
                open: new.open,
                readers,
            }
        }
    }
}

/// Version 2: dozens and single readers are counted apart.
mod version_2 {
    use super::{Decode, Descriptions, Encode, Shape, Value};

    /// What hello knows.
    #[derive(Debug, Default, Encode, Decode, Shape)]
    pub struct State {
        #[n(0)]
        pub(super) open: Descriptions<()>,
        #[n(2)]
        dozens: Value<u64>,
        #[n(3)]
        singles: Value<u32>,
    }

    impl State {
        /// The openings.
        #[must_use]
        pub fn descriptions(&self) -> &Descriptions<()> {
            &self.open
        }

        /// The openings, to change.
        pub fn descriptions_mut(&mut self) -> &mut Descriptions<()> {
            &mut self.open
        }

        /// How many have been greeted.
        #[must_use]
        pub fn readers(&self) -> u64 {
            self.dozens.get() * 12 + u64::from(*self.singles.get())
        }

        /// One more.
        pub fn greeted(&mut self) {
            let singles = self.singles.get() + 1;
            self.dozens
                .change(|dozens| *dozens += u64::from(singles / 12));
            self.singles.set(singles % 12);
        }
    }

    impl service::State for State {
        const VERSION: u32 = 2;
        type Other = super::version_1::State;
        const OTHER_VERSION: u32 = 1;

        fn fresh(start: &service::Start) -> Self {
            State {
                open: Descriptions::fresh(start),
                ..Self::default()
            }
        }

        fn check(&mut self) -> usize {
            self.open.check(|_| true)
        }
    }

    impl From<super::version_1::State> for State {
        fn from(old: super::version_1::State) -> Self {
            let readers = old.readers();
            State {
                open: old.open,
                dozens: Value::new(readers / 12),
                singles: Value::new(abi::word::low_32(readers % 12)),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{version_1, version_2};

    #[test]
    fn the_count_goes_on_through_an_update_and_back() {
        let mut old = version_1::State::default();
        (0..30).for_each(|_| old.greeted());
        let mut new = version_2::State::from(old);
        assert_eq!(new.readers(), 30);
        (0..7).for_each(|_| new.greeted());
        assert_eq!(version_1::State::from(new).readers(), 37);
    }
}
