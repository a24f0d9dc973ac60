//! The cases.

pub mod boot;
