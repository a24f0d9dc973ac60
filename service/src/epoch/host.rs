//! On the host many services run in one thread, and many simulations in one process.

use std::cell::Cell;

thread_local! {
    static CELL: Cell<(u64, u64)> = const { Cell::new((0, 0)) };
    static CHANGED: Cell<bool> = const { Cell::new(false) };
}

pub(super) fn get() -> (u64, u64) {
    CELL.get()
}

pub(super) fn set(open: u64, last: u64) {
    CELL.set((open, last));
}

pub(super) fn has_changed() -> bool {
    CHANGED.get()
}

pub(super) fn set_changed(changed: bool) {
    CHANGED.set(changed);
}
