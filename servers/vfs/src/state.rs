//! What vfs knows, in both versions. What it does with it is in [`crate::tables`].

mod conversion;
mod version_1;
mod version_2;

#[cfg(not(feature = "next"))]
pub use version_1::State;
#[cfg(feature = "next")]
pub use version_2::State;

#[cfg(test)]
pub(crate) use {version_1::State as Version1, version_2::State as Version2};
