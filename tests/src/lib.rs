//! Whole-system tests: scenarios run inside a booted image.

pub mod corpus;
pub mod inside;
pub mod load;
pub mod probe;
pub mod process;
pub mod programs;
pub mod services;
pub mod terminal;
pub mod tool;
pub mod typist;
