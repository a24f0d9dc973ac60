//! ramfs on a pretended machine, with crashes, updates and absent memory.
#![expect(
    clippy::cast_possible_truncation,
    reason = "numbers in tests are small"
)]

mod crashes;
mod data;
mod kernel;
mod model;
mod paths;
mod world;

pub(crate) use kernel::{Crash, Kernel};
pub(crate) use world::World;
