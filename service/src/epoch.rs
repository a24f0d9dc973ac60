//! Which closure over the State is open. Containers log old values under its number, so a closure
//! that a crash cut short can be undone by whoever imports the State.

#[cfg_attr(feature = "image", path = "epoch/image.rs")]
#[cfg_attr(not(feature = "image"), path = "epoch/host.rs")]
mod cell;

use crate::container::settle;

/// Opens a closure and returns its number, which is never used again.
pub(crate) fn begin() -> u64 {
    let (_, last) = cell::get();
    cell::set(last + 1, last + 1);
    cell::set_changed(false);
    last + 1
}

/// Notes that a container has been changed in the open closure.
pub(crate) fn changed() {
    cell::set_changed(true);
}

/// Whether a container has been changed in the open closure.
pub(crate) fn has_changed() -> bool {
    cell::has_changed()
}

/// Closes the open closure: its changes are in memory, and there to stay.
pub(crate) fn end() {
    settle();
    let (_, last) = cell::get();
    cell::set(0, last);
}

/// The number of the open closure, 0 when none is.
pub(crate) fn open() -> u64 {
    cell::get().0
}

/// Takes up the closure in which another instance died, to export its State (on the host, where
/// instances share this cell).
pub(crate) fn reopen(epoch: u64) {
    let (_, last) = cell::get();
    cell::set(epoch, last);
}
