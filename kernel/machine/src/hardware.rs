//! The hardware: one file for each part of it.

pub(crate) mod clock;
pub(crate) mod direct;
pub(crate) mod heap;
pub(crate) mod interrupts;
pub(crate) mod log;
pub(crate) mod machine;
pub(crate) mod port;
pub(crate) mod processor;
pub(crate) mod tables;
