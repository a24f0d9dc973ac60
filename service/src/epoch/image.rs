//! In the image a service is one thread.

use core::sync::atomic::{AtomicU64, Ordering};

static OPEN: AtomicU64 = AtomicU64::new(0);
static LAST: AtomicU64 = AtomicU64::new(0);

pub(super) fn get() -> (u64, u64) {
    (OPEN.load(Ordering::Relaxed), LAST.load(Ordering::Relaxed))
}

pub(super) fn set(open: u64, last: u64) {
    OPEN.store(open, Ordering::Relaxed);
    LAST.store(last, Ordering::Relaxed);
}
