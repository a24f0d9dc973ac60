//! What the framework answers for every service: rs asks, because a person wants to see what a
//! service knows. Answered at once, from the State alone.
//!
//! After a crash: `service state` says what the question was ended with (`EFAULT` after two crashes,
//! `EIO` when the service is given up); nobody else asks.

use crate::protocol;

protocol! {
    number 13, version 1;

    /// Writes the service's State and journal as JSON into lease 0; the answer is its length. What
    /// does not fit is left out, list by list, and counted there. `RANGE` when hardly anything fits.
    Show = 1 {} -> u64, repeatable;
}
