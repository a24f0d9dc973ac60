//! Between machine words and indices: this system runs on 64-bit machines only.

const _: () = assert!(size_of::<usize>() == size_of::<u64>());

/// A word as an index or an address.
#[must_use]
#[expect(
    clippy::cast_possible_truncation,
    reason = "asserted above: a usize holds every u64"
)]
pub const fn index(word: u64) -> usize {
    word as usize
}

/// The low 32 bits of a word.
#[must_use]
#[expect(clippy::cast_possible_truncation, reason = "cutting is what it is for")]
pub const fn low_32(word: u64) -> u32 {
    word as u32
}

/// The low 16 bits of a word.
#[must_use]
#[expect(clippy::cast_possible_truncation, reason = "cutting is what it is for")]
pub const fn low_16(word: u64) -> u16 {
    word as u16
}

/// The low 64 bits of a double word.
#[must_use]
#[expect(clippy::cast_possible_truncation, reason = "cutting is what it is for")]
pub const fn low_64(words: u128) -> u64 {
    words as u64
}
