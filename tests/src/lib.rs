//! Whole-system tests: scenarios run inside a booted image.

pub mod corpus;
pub mod crasher;
pub mod inside;
pub mod lines;
pub mod probe;
pub mod process;
pub mod services;
pub mod terminal;
pub mod tool;
pub mod typist;
