//! In the image a service is one thread.

use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};

static OPEN: AtomicU64 = AtomicU64::new(0);
static LAST: AtomicU64 = AtomicU64::new(0);
static CHANGED: AtomicBool = AtomicBool::new(false);

pub(super) fn get() -> (u64, u64) {
    (OPEN.load(Ordering::Relaxed), LAST.load(Ordering::Relaxed))
}

pub(super) fn set(open: u64, last: u64) {
    OPEN.store(open, Ordering::Relaxed);
    LAST.store(last, Ordering::Relaxed);
}

pub(super) fn has_changed() -> bool {
    CHANGED.load(Ordering::Relaxed)
}

pub(super) fn set_changed(changed: bool) {
    CHANGED.store(changed, Ordering::Relaxed);
}
