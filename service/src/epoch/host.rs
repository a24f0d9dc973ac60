//! On the host many services run in one thread, and many simulations in one process.

use std::cell::Cell;

thread_local! {
    static CELL: Cell<(u64, u64)> = const { Cell::new((0, 0)) };
}

pub(super) fn get() -> (u64, u64) {
    CELL.get()
}

pub(super) fn set(open: u64, last: u64) {
    CELL.set((open, last));
}
