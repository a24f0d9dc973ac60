//! A small machine for tests: vfs between programs and pretended servers, with crashes, updates and
//! absent memory at any kernel call.

mod files;
mod machine;
mod world;

mod tests_crash;
mod tests_names;
mod tests_tables;
mod tests_waiting;

use files::Neighbours;
use machine::{Crash, Machine, Submission};
use world::World;
