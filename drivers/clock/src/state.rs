//! What clock knows, in both versions: whether the time of day has been set, and who has it open.

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

    /// What clock knows.
    #[derive(Debug, Default, Encode, Decode, Shape)]
    pub struct State {
        #[n(0)]
        pub(super) open: Descriptions<()>,
        /// The chip's time when the system's was set, in seconds since 1970; 0 before.
        #[n(1)]
        pub(super) set_from: Value<u64>,
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

        /// Whether the time of day has been set.
        #[must_use]
        pub fn is_set(&self) -> bool {
            *self.set_from.get() != 0
        }

        /// Notes the time that was set.
        pub fn set(&mut self, seconds: u64) {
            self.set_from.set(seconds);
        }

        /// Somebody asked for the chip's time.
        pub fn asked(&mut self) {}
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
            let set_from = Value::new(new.base.get().unwrap_or(0));
            State {
                open: new.descriptions,
                set_from,
            }
        }
    }
}

/// Version 2: the base is optional instead of 0, and questions are counted.
mod version_2 {
    use super::{Decode, Descriptions, Encode, Shape, Value};

    /// What clock knows.
    #[derive(Debug, Default, Encode, Decode, Shape)]
    pub struct State {
        #[n(0)]
        pub(super) descriptions: Descriptions<()>,
        /// The chip's time when the system's was set, in seconds since 1970.
        #[n(2)]
        pub(super) base: Value<Option<u64>>,
        /// How often the chip was asked for somebody.
        #[n(3)]
        pub(super) questions: Value<u64>,
    }

    impl State {
        /// The openings.
        #[must_use]
        pub fn descriptions(&self) -> &Descriptions<()> {
            &self.descriptions
        }

        /// The openings, to change.
        pub fn descriptions_mut(&mut self) -> &mut Descriptions<()> {
            &mut self.descriptions
        }

        /// Whether the time of day has been set.
        #[must_use]
        pub fn is_set(&self) -> bool {
            self.base.get().is_some()
        }

        /// Notes the time that was set.
        pub fn set(&mut self, seconds: u64) {
            self.base.set(Some(seconds));
        }

        /// Somebody asked for the chip's time.
        pub fn asked(&mut self) {
            self.questions.change(|count| *count += 1);
        }
    }

    impl service::State for State {
        const VERSION: u32 = 2;
        type Other = super::version_1::State;
        const OTHER_VERSION: u32 = 1;

        fn fresh(start: &service::Start) -> Self {
            State {
                descriptions: Descriptions::fresh(start),
                ..Self::default()
            }
        }

        fn check(&mut self) -> usize {
            self.descriptions.check(|_| true)
        }
    }

    impl From<super::version_1::State> for State {
        fn from(old: super::version_1::State) -> Self {
            let base = old.is_set().then_some(*old.set_from.get());
            State {
                descriptions: old.open,
                base: Value::new(base),
                questions: Value::new(0),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{version_1, version_2};

    #[test]
    fn the_time_is_set_once_whatever_the_version() {
        let mut old = version_1::State::default();
        assert!(!version_2::State::from(version_1::State::default()).is_set());
        old.set(77);
        let new = version_2::State::from(old);
        assert!(new.is_set());
        assert!(version_1::State::from(new).is_set());
    }
}
