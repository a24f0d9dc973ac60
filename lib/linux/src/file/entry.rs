//! Directory entries: `struct linux_dirent64` and the older `struct linux_dirent` (getdents(2)).
//!
//! ```text
//! new:  inode 8 | next 8 | length 2 | type 1 | name, zero, padding
//! old:  inode 8 | next 8 | length 2 | name, zero, padding | type 1
//! ```

use alloc::vec::Vec;

/// Bytes before the name.
const HEADER: usize = 19;
/// Bytes before the name in the older structure.
const OLD_HEADER: usize = 18;

/// Bytes that the entry of a name takes.
#[must_use]
pub const fn length(name: &[u8]) -> usize {
    (HEADER + name.len() + 1).next_multiple_of(8)
}

/// Adds an entry to `bytes` unless it would then be longer than `limit`; says whether it was added.
///
/// `next` is the position of the entry after it, `kind` its type (`DT_*`).
pub fn push(
    bytes: &mut Vec<u8>,
    limit: usize,
    (node, next, kind): (u64, u64, u8),
    name: &[u8],
) -> bool {
    let length = length(name);
    let end = bytes.len() + length;
    if end > limit {
        return false;
    }
    bytes.extend_from_slice(&node.to_le_bytes());
    bytes.extend_from_slice(&next.to_le_bytes());
    bytes.extend_from_slice(&abi::word::low_16(length as u64).to_le_bytes());
    bytes.push(kind);
    bytes.extend_from_slice(name);
    bytes.resize(end, 0);
    true
}

/// Turns entries into the older structure, which takes the same room. What is cut short is left.
pub fn make_old(mut entries: &mut [u8]) {
    while let Some(&[low, high]) = entries.get(16..18) {
        let length = usize::from(u16::from_le_bytes([low, high]));
        if length <= HEADER || length > entries.len() {
            return;
        }
        let (entry, rest) = entries.split_at_mut(length);
        let kind = entry[OLD_HEADER];
        entry.copy_within(HEADER.., OLD_HEADER);
        entry[length - 1] = kind;
        entries = rest;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use linux_raw_sys::general::linux_dirent64;

    #[test]
    fn an_entry_lies_as_the_kernels_header_says() {
        assert_eq!(core::mem::offset_of!(linux_dirent64, d_name), HEADER);
        let mut bytes = Vec::new();
        assert!(push(&mut bytes, 100, (7, 1, 4), b"..."));
        assert_eq!(bytes.len(), 24);
        assert_eq!(&bytes[16..23], b"\x18\0\x04...\0");
        assert!(!push(&mut bytes, 47, (8, 2, 8), b"x"));
        assert_eq!(bytes.len(), 24);
        assert!(push(&mut bytes, 48, (8, 2, 8), b"x"));
        assert_eq!(bytes[24], 8);
    }

    #[test]
    fn the_longest_fit_of_a_name_still_ends_in_a_zero() {
        assert_eq!(length(b"1234"), 24);
        assert_eq!(length(b"12345"), 32);
    }

    #[test]
    fn old_entries_carry_the_type_at_the_end() {
        let mut bytes = Vec::new();
        push(&mut bytes, 100, (7, 1, 4), b"abcd");
        push(&mut bytes, 100, (9, 2, 8), b"e");
        make_old(&mut bytes);
        assert_eq!(&bytes[16..24], b"\x18\0abcd\0\x04");
        assert_eq!(&bytes[24 + 18..24 + 20], b"e\0");
        assert_eq!(bytes[47], 8);
    }
}
