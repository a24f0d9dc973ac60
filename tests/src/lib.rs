//! Whole-system tests: scenarios run inside a booted image.

pub mod corpus;
pub mod inside;
pub mod process;
pub mod terminal;
pub mod tool;
pub mod typist;
