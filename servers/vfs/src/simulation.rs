//! A small machine for tests: vfs between programs and pretended servers, with crashes, updates and
//! absent memory at any kernel call.
#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::too_many_lines,
    reason = "the pretended machine is small, and its servers are one match each"
)]

mod files;
mod machine;
mod neighbours;
mod world;

mod tests_crash;
mod tests_names;
mod tests_tables;
mod tests_waiting;

use machine::{Crash, Machine, Submission};
use neighbours::Neighbours;
use world::World;
