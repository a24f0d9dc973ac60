//! `struct iovec` (readv(2)).

use abi::Errno;
use alloc::vec::Vec;

/// Bytes of a `struct iovec`.
pub const VECTOR_BYTES: usize = 16;
/// Entries of a vector (IOV_MAX).
pub const MAXIMUM: usize = linux_raw_sys::general::UIO_MAXIOV as usize;
/// Bytes that one call transfers at most (MAX_RW_COUNT).
pub const TRANSFER_LIMIT: u64 = 0x7fff_f000;

/// A part of a program's memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// Where it starts.
    pub address: u64,
    /// Bytes.
    pub length: u64,
}

/// The parts of a vector in order, without empty ones, together at most [`TRANSFER_LIMIT`] bytes.
///
/// # Errors
/// `INVAL` when a length is negative as C's `ssize_t`.
pub fn parse(bytes: &[u8]) -> Result<Vec<Part>, Errno> {
    let (entries, _) = bytes.as_chunks::<VECTOR_BYTES>();
    let mut left = TRANSFER_LIMIT;
    let mut parts = Vec::new();
    for entry in entries {
        let [address, length] = [word(&entry[..8]), word(&entry[8..])];
        if length.cast_signed() < 0 {
            return Err(Errno::INVAL);
        }
        let length = length.min(left);
        left -= length;
        if length > 0 {
            parts.push(Part { address, length });
        }
    }
    Ok(parts)
}

fn word(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .rev()
        .fold(0, |word, byte| word << 8 | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vector(parts: &[(u64, u64)]) -> Vec<u8> {
        parts
            .iter()
            .flat_map(|(address, length)| [address.to_le_bytes(), length.to_le_bytes()].concat())
            .collect()
    }

    #[test]
    fn empty_parts_are_left_out_and_the_sum_is_cut() {
        let parts = parse(&vector(&[(1, 0), (0x1234, 5), (3, 0x7fff_ffff)])).unwrap();
        let expected = [
            Part {
                address: 0x1234,
                length: 5,
            },
            Part {
                address: 3,
                length: TRANSFER_LIMIT - 5,
            },
        ];
        assert_eq!(parts, expected);
    }

    #[test]
    fn a_negative_length_is_refused() {
        assert_eq!(parse(&vector(&[(1, u64::MAX)])), Err(Errno::INVAL));
        assert_eq!(size_of::<linux_raw_sys::general::iovec>(), VECTOR_BYTES);
    }
}
