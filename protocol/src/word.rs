//! Values that fit one word of a message, checked when they are read.

use abi::{Endpoint, Pid, SpaceId, Time};

/// A value carried in one 64-bit word.
pub trait Word: Sized {
    /// The word that stands for the value.
    fn to_word(self) -> u64;
    /// The value, unless the word stands for none.
    fn from_word(word: u64) -> Option<Self>;
}

macro_rules! words_of_integers {
    ($($integer:ty),*) => {$(
        impl Word for $integer {
            fn to_word(self) -> u64 {
                u64::from(self)
            }
            fn from_word(word: u64) -> Option<Self> {
                Self::try_from(word).ok()
            }
        }
    )*};
}

words_of_integers!(u8, u16, u32, u64);

impl Word for i64 {
    fn to_word(self) -> u64 {
        self.cast_unsigned()
    }
    fn from_word(word: u64) -> Option<Self> {
        Some(word.cast_signed())
    }
}

impl Word for i32 {
    fn to_word(self) -> u64 {
        i64::from(self).cast_unsigned()
    }
    fn from_word(word: u64) -> Option<Self> {
        word.cast_signed().try_into().ok()
    }
}

impl Word for bool {
    fn to_word(self) -> u64 {
        u64::from(self)
    }
    fn from_word(word: u64) -> Option<Self> {
        match word {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }
}

macro_rules! words_of_names {
    ($($name:ident($inner:ty)),*) => {$(
        impl Word for $name {
            fn to_word(self) -> u64 {
                u64::from(self.0)
            }
            fn from_word(word: u64) -> Option<Self> {
                <$inner>::try_from(word).ok().map($name)
            }
        }
    )*};
}

words_of_names!(
    Endpoint(u16),
    Pid(u32),
    SpaceId(u32),
    Time(u64),
    Handle(u32)
);

/// An open file description at its server. A server never reuses a handle while it is open.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    minicbor::Encode,
    minicbor::Decode,
    shape::Shape,
)]
#[cbor(transparent)]
pub struct Handle(#[n(0)] pub u32);

/// Declares an enumeration whose values travel in a word.
#[macro_export]
macro_rules! word_enum {
    ($(#[$doc:meta])* pub enum $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $value:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, minicbor::Encode, minicbor::Decode, shape::Shape)]
        #[cbor(index_only)]
        pub enum $name { $($(#[$variant_doc])* #[n($value)] $variant = $value,)* }

        impl $crate::Word for $name {
            fn to_word(self) -> u64 {
                self as u64
            }
            fn from_word(word: u64) -> Option<Self> {
                match word { $($value => Some($name::$variant),)* _ => None }
            }
        }
    };
}
