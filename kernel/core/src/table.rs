//! Tables of a length that the compiler knows.

use alloc::boxed::Box;

/// A table of so many times the same. It is made where it stays: the kernel's stack has no room for one.
pub(crate) fn table<T: Clone, const LENGTH: usize>(value: T) -> Box<[T; LENGTH]> {
    let made = alloc::vec![value; LENGTH].into_boxed_slice().try_into();
    made.unwrap_or_else(|_| unreachable!("as many as were asked for"))
}
