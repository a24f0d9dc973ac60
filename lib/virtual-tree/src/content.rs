//! Reading a content in pieces.

/// The part of a content that a read of `count` bytes at `offset` gets.
#[must_use]
pub fn part(content: &[u8], offset: u64, count: u64) -> &[u8] {
    let start = usize::try_from(offset).unwrap_or(usize::MAX);
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    let rest = content.get(start..).unwrap_or_default();
    &rest[..count.min(rest.len())]
}

#[cfg(test)]
mod tests {
    use super::part;

    #[test]
    fn a_read_gets_what_is_there() {
        assert_eq!(part(b"hello", 0, 3), b"hel");
        assert_eq!(part(b"hello", 3, 10), b"lo");
        assert_eq!(part(b"hello", 5, 1), b"");
        assert_eq!(part(b"hello", u64::MAX, u64::MAX), b"");
    }
}
