//! What the driver knows: its open devices, in both versions.

mod conversion;
mod version_1;
mod version_2;

use minicbor::{Decode, Encode};
use shape::Shape;

#[cfg(not(feature = "next"))]
pub use version_1::State;
#[cfg(not(feature = "next"))]
/// What is open.
pub(crate) type Object = Kind;
#[cfg(feature = "next")]
pub use version_2::State;
#[cfg(feature = "next")]
/// What is open.
pub(crate) type Object = version_2::Source;

/// A device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Shape)]
#[cbor(index_only)]
pub enum Kind {
    /// Nothing to read; takes everything.
    #[n(0)]
    Null,
    /// Zeroes without end; takes everything.
    #[n(1)]
    Zero,
    /// Zeroes without end; takes nothing.
    #[n(2)]
    Full,
}

impl Kind {
    /// The device with a minor number (Documentation/admin-guide/devices.txt).
    pub(crate) const fn of_minor(minor: u32) -> Option<Kind> {
        match minor {
            3 => Some(Kind::Null),
            5 => Some(Kind::Zero),
            7 => Some(Kind::Full),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Kind, version_1, version_2};
    use service::State;

    #[test]
    fn open_devices_survive_both_ways() {
        let mut old = version_1::State::fresh(&service::Start::default());
        let full = old.descriptions_mut().open(Kind::Full, 1);
        old.swallow(9);
        let mut new = version_2::State::from(old);
        assert_eq!(new.kind(full), Ok(Kind::Full));
        let null = new.descriptions_mut().open(Kind::Null.into(), 2);
        new.swallow(1);
        let old = version_1::State::from(new);
        assert_eq!(old.kind(full), Ok(Kind::Full));
        assert_eq!(old.kind(null), Ok(Kind::Null));
        assert_eq!(old.swallowed(), 10);
    }

    #[test]
    fn other_minors_are_no_devices() {
        assert_eq!(Kind::of_minor(4), None);
    }
}
