//! Processes as programs see them, with and without crashes of pm.

mod kernel;
mod machine;
mod scenarios;
