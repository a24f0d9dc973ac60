//! What rs tells pm when the system starts and stops.
//!
//! After a crash: no program sees anything, because none runs yet; rs asks again when two crashes of pm
//! have ended the question.

use crate::protocol;

protocol! {
    number 11, version 1;

    /// All services run: starts the first process from the path `/sbin/init`. Once.
    StartInit = 1 {} -> (), repeatable;
}
