//! The names that the compiler's code calls.
#![expect(
    unsafe_code,
    reason = "these are C functions on raw pointers, by their nature"
)]

use core::ffi::c_int;

use crate::bytes;

/// C's `memcpy`.
///
/// # Safety
/// Both ranges are valid for `count` bytes and do not overlap.
#[unsafe(no_mangle)]
unsafe extern "C" fn memcpy(to: *mut u8, from: *const u8, count: usize) -> *mut u8 {
    // SAFETY: what this function requires is what `copy` requires.
    unsafe { bytes::copy(to, from, count) };
    to
}

/// C's `memmove`.
///
/// # Safety
/// Both ranges are valid for `count` bytes.
#[unsafe(no_mangle)]
unsafe extern "C" fn memmove(to: *mut u8, from: *const u8, count: usize) -> *mut u8 {
    // SAFETY: what this function requires is what `shift` requires.
    unsafe { bytes::shift(to, from, count) };
    to
}

/// C's `memset`.
///
/// # Safety
/// The range is valid for `count` bytes.
#[unsafe(no_mangle)]
unsafe extern "C" fn memset(to: *mut u8, value: c_int, count: usize) -> *mut u8 {
    // SAFETY: what this function requires is what `fill` requires. C takes the value's low byte.
    unsafe { bytes::fill(to, value.to_le_bytes()[0], count) };
    to
}

/// C's `memcmp`.
///
/// # Safety
/// Both ranges are valid for `count` bytes.
#[unsafe(no_mangle)]
unsafe extern "C" fn memcmp(left: *const u8, right: *const u8, count: usize) -> c_int {
    // SAFETY: what this function requires is what `compare` requires.
    unsafe { bytes::compare(left, right, count) }
}

/// BSD's `bcmp`: not 0 when the ranges differ.
///
/// # Safety
/// Both ranges are valid for `count` bytes.
#[unsafe(no_mangle)]
unsafe extern "C" fn bcmp(left: *const u8, right: *const u8, count: usize) -> c_int {
    // SAFETY: what this function requires is what `compare` requires.
    unsafe { bytes::compare(left, right, count) }
}

/// Named by the unwinding tables of the precompiled `core`. Panics abort, so nobody calls it.
#[unsafe(no_mangle)]
extern "C" fn rust_eh_personality() -> ! {
    stop()
}

/// Called by landing pads of the precompiled `core`. Panics abort, so none is ever entered.
#[unsafe(no_mangle)]
extern "C" fn _Unwind_Resume() -> ! {
    stop()
}

fn stop() -> ! {
    // SAFETY: an invalid instruction ends the program; that is what is wanted.
    unsafe { core::arch::asm!("ud2", options(noreturn, nomem, nostack)) }
}
