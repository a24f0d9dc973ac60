//! What vm knows, in both versions.

mod conversion;
mod tables;
mod version_1;
mod version_2;

pub use tables::{Changed, Cloned, Object, Shortage, Tables};
#[cfg(not(feature = "next"))]
pub use version_1::State;
#[cfg(feature = "next")]
pub use version_2::State;

#[cfg(test)]
mod tests;
