//! crasher: has services end at each of their points, and looks at what comes of it.
//!
//! It runs inside. rs arranges a crash at the n-th point of a service (`abi::slot::Fault::AtPoint`);
//! then a set of services is updated, or programs of the corpus run, and what came of it is compared
//! with what comes of it when nothing crashes.

pub mod ask;
pub mod chance;
pub mod memory;
pub mod pages;
pub mod pauses;
pub mod recovery;
pub mod serve;
pub mod snippet;
pub mod transaction;
