//! Copying, filling and comparing memory with general registers only.
//!
//! Up to 32 bytes go through registers, the last bytes overlapping those before. More go by
//! `rep movsq` and `rep stosq`, eight bytes an iteration: where iterations are counted (an
//! emulator's instruction counter) these cost an eighth of the byte-wise forms.
#![expect(unsafe_code, reason = "raw memory is what these functions are about")]

use core::arch::asm;
use core::cmp::Ordering;

/// Up to this many bytes pass through registers.
const SMALL: usize = 32;

/// Copies `count` bytes.
///
/// # Safety
/// Both ranges are valid for `count` bytes and do not overlap.
pub unsafe fn copy(to: *mut u8, from: *const u8, count: usize) {
    // SAFETY: the caller vouches for both ranges; `words` and the tail lie within them.
    unsafe {
        if count <= SMALL {
            return copy_small(to, from, count);
        }
        let tail = from.add(count - 8).cast::<u64>().read_unaligned();
        asm!(
            "rep movsq",
            inout("rcx") count / 8 => _, inout("rdi") to => _, inout("rsi") from => _,
            options(nostack, preserves_flags),
        );
        to.add(count - 8).cast::<u64>().write_unaligned(tail);
    }
}

/// Copies `count` bytes between ranges that may overlap.
///
/// # Safety
/// Both ranges are valid for `count` bytes.
pub unsafe fn shift(to: *mut u8, from: *const u8, count: usize) {
    let distance = to.addr().wrapping_sub(from.addr());
    // SAFETY: the caller vouches for both ranges. Forwards is right if the target does not start
    // inside the source; the small copy reads everything before it writes. Backwards, the words
    // are copied from the end, and the head, read before, is written last. The direction flag is
    // clear again at the end, as the calling convention wants.
    unsafe {
        if count <= SMALL || distance >= count {
            return copy_forwards(to, from, count);
        }
        let head = from.cast::<u64>().read_unaligned();
        asm!(
            "std", "rep movsq", "cld",
            inout("rcx") count / 8 => _,
            inout("rdi") to.add(count - 8) => _, inout("rsi") from.add(count - 8) => _,
            options(nostack),
        );
        to.cast::<u64>().write_unaligned(head);
    }
}

/// Copies upwards; the ranges may overlap if the target starts below the source.
///
/// # Safety
/// Both ranges are valid for `count` bytes.
unsafe fn copy_forwards(to: *mut u8, from: *const u8, count: usize) {
    // SAFETY: `copy` reads its tail first and otherwise goes upwards, so it needs no more than
    // what the caller vouches for.
    unsafe { copy(to, from, count) }
}

/// Reads all of up to 32 bytes, then writes them.
///
/// # Safety
/// Both ranges are valid for `count` bytes.
unsafe fn copy_small(to: *mut u8, from: *const u8, count: usize) {
    /// Copies a value at the start and one at the end.
    macro_rules! two_of {
        ($number:ty) => {{
            let last = count - size_of::<$number>();
            let first_value = from.cast::<$number>().read_unaligned();
            let last_value = from.add(last).cast::<$number>().read_unaligned();
            to.cast::<$number>().write_unaligned(first_value);
            to.add(last).cast::<$number>().write_unaligned(last_value);
        }};
    }
    // SAFETY: each arm touches only the first `count` bytes, for which the caller vouches.
    unsafe {
        match count {
            0 => {}
            1 => to.write(from.read()),
            2..4 => two_of!(u16),
            4..8 => two_of!(u32),
            8..=16 => two_of!(u64),
            _ => two_of!([u64; 2]),
        }
    }
}

/// Writes `value` to `count` bytes.
///
/// # Safety
/// The range is valid for `count` bytes.
pub unsafe fn fill(to: *mut u8, value: u8, count: usize) {
    let word = u64::from(value) * 0x0101_0101_0101_0101;
    // SAFETY: the stores lie within the first `count` bytes, for which the caller vouches.
    unsafe {
        if count < 8 {
            for at in 0..count {
                to.add(at).write_volatile(value);
            }
            return;
        }
        asm!(
            "rep stosq",
            inout("rcx") count / 8 => _, inout("rdi") to => _, in("rax") word,
            options(nostack, preserves_flags),
        );
        to.add(count - 8).cast::<u64>().write_unaligned(word);
    }
}

/// Compares as C's `memcmp`: negative, 0 or positive by the first byte that differs.
///
/// # Safety
/// Both ranges are valid for `count` bytes.
#[must_use]
pub unsafe fn compare(left: *const u8, right: *const u8, count: usize) -> i32 {
    let mut at = 0;
    // SAFETY: every read lies within the first `count` bytes, for which the caller vouches.
    unsafe {
        while count - at >= 8 {
            let a = left.add(at).cast::<u64>().read_unaligned();
            let b = right.add(at).cast::<u64>().read_unaligned();
            if a != b {
                return order(a.swap_bytes().cmp(&b.swap_bytes()));
            }
            at += 8;
        }
        while at < count {
            let (a, b) = (left.add(at).read(), right.add(at).read());
            if a != b {
                return order(a.cmp(&b));
            }
            at += 1;
        }
    }
    0
}

const fn order(ordering: Ordering) -> i32 {
    ordering as i32
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec;
    use std::vec::Vec;

    fn pattern(count: usize) -> Vec<u8> {
        (1..=251).cycle().take(count).collect()
    }

    #[test]
    fn copies_exactly_the_bytes_asked_for() {
        let from = pattern(300);
        for count in 0..200 {
            for offset in 0..9 {
                let mut to = vec![0; 300];
                // SAFETY: both vectors are longer than offset and count together.
                unsafe { copy(to.as_mut_ptr().add(offset), from.as_ptr().add(3), count) };
                assert_eq!(to[offset..offset + count], from[3..3 + count]);
                assert!(
                    to[..offset]
                        .iter()
                        .chain(&to[offset + count..])
                        .all(|byte| *byte == 0)
                );
            }
        }
    }

    #[test]
    fn overlapping_ranges_are_copied_in_both_directions() {
        for count in 0..150 {
            for (from, to) in [
                (50, 51),
                (50, 57),
                (51, 50),
                (57, 50),
                (50, 50),
                (50, 90),
                (90, 50),
            ] {
                let mut bytes = pattern(300);
                let mut expected = bytes.clone();
                expected.copy_within(from..from + count, to);
                let start = bytes.as_mut_ptr();
                // SAFETY: all offsets and counts lie within the vector.
                unsafe { shift(start.add(to), start.add(from), count) };
                assert_eq!(bytes, expected, "{count} bytes from {from} to {to}");
            }
        }
    }

    #[test]
    fn fills_exactly_the_bytes_asked_for() {
        for count in 0..100 {
            let mut bytes = vec![1; 120];
            // SAFETY: the vector has 120 bytes.
            unsafe { fill(bytes.as_mut_ptr().add(7), 0xab, count) };
            assert!(bytes[7..7 + count].iter().all(|byte| *byte == 0xab));
            assert!(
                bytes[..7]
                    .iter()
                    .chain(&bytes[7 + count..])
                    .all(|byte| *byte == 1)
            );
        }
    }

    #[test]
    fn compares_by_the_first_byte_that_differs() {
        for count in 0..40 {
            let left = pattern(40);
            for differs in 0..40 {
                let mut right = left.clone();
                right[differs] = 255;
                // SAFETY: both vectors have 40 bytes.
                let order = unsafe { compare(left.as_ptr(), right.as_ptr(), count) };
                assert_eq!(order.signum(), if differs < count { -1 } else { 0 });
                // SAFETY: both vectors have 40 bytes.
                let order = unsafe { compare(right.as_ptr(), left.as_ptr(), count) };
                assert_eq!(order.signum(), if differs < count { 1 } else { 0 });
            }
        }
    }
}
