//! What the driver knows: its key and its open devices, in both versions.

mod conversion;
mod version_1;
mod version_2;

use minicbor::{Decode, Encode};
use shape::Shape;

#[cfg(not(feature = "next"))]
pub use version_1::State;
#[cfg(feature = "next")]
pub use version_2::State;

/// What is open.
pub(crate) type Object = Kind;

/// A device. Both are alike: the generator is seeded before anybody can ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Shape)]
#[cbor(index_only)]
pub enum Kind {
    /// /dev/random.
    #[n(0)]
    Random,
    /// /dev/urandom.
    #[n(1)]
    Urandom,
}

impl Kind {
    /// The device with a minor number (Documentation/admin-guide/devices.txt).
    pub(crate) const fn of_minor(minor: u32) -> Option<Kind> {
        match minor {
            8 => Some(Kind::Random),
            9 => Some(Kind::Urandom),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Kind, version_1, version_2};
    use service::{Start, State};

    #[test]
    fn the_key_survives_both_ways_and_is_never_given_out() {
        let start = Start {
            seed: [5, 6, 7],
            ..Start::default()
        };
        let mut old = version_1::State::fresh(&start);
        let mut twin = version_1::State::fresh(&start);
        let handle = old.descriptions_mut().open(Kind::Urandom, 0);
        let first = old.take_key();
        assert_eq!(first, twin.take_key());
        let mut new = version_2::State::from(old);
        let second = new.take_key();
        assert_eq!(second, twin.take_key());
        assert_ne!(first, second);
        assert_eq!(new.kind(handle), Ok(Kind::Urandom));
        let mut old = version_1::State::from(new);
        assert_eq!(old.take_key(), twin.take_key());
        twin.mix(b"other");
        assert_ne!(old.take_key(), twin.take_key());
    }
}
