//! What rs tells pm when the system starts and stops.

use crate::protocol;

protocol! {
    number 11, version 1;

    /// All services run: starts the first process from the path `/sbin/init`. Once.
    StartInit = 1 {} -> (), repeatable;
}
