//! Lists of strings: arguments and environments.

use alloc::vec::Vec;

/// Strings, each ended by a zero, one after the other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Strings {
    bytes: Vec<u8>,
}

impl Strings {
    /// No strings.
    #[must_use]
    pub fn new() -> Strings {
        Strings::default()
    }

    /// From what [`Strings::as_bytes`] gave; what follows the last zero is dropped.
    #[must_use]
    pub fn from_bytes(mut bytes: Vec<u8>) -> Strings {
        let end = bytes
            .iter()
            .rposition(|byte| *byte == 0)
            .map_or(0, |last| last + 1);
        bytes.truncate(end);
        Strings { bytes }
    }

    /// Adds a string, which ends before its first zero.
    pub fn push(&mut self, string: &[u8]) {
        let end = string
            .iter()
            .position(|byte| *byte == 0)
            .unwrap_or(string.len());
        self.bytes.extend_from_slice(&string[..end]);
        self.bytes.push(0);
    }

    /// Adds strings.
    pub fn extend(&mut self, others: &Strings) {
        self.bytes.extend_from_slice(&others.bytes);
    }

    /// All but the first string.
    #[must_use]
    pub fn rest(&self) -> Strings {
        let first = self
            .bytes
            .iter()
            .position(|byte| *byte == 0)
            .map_or(0, |end| end + 1);
        Strings {
            bytes: self.bytes[first..].to_vec(),
        }
    }

    /// The strings, without their zeroes.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        self.bytes
            .split_inclusive(|byte| *byte == 0)
            .map(|string| &string[..string.len() - 1])
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.iter().count()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The strings with their zeroes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Bytes they take on a new program's stack, pointers included.
    #[must_use]
    pub fn stack_bytes(&self) -> usize {
        self.bytes.len() + (self.len() + 1) * size_of::<u64>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_come_back_as_they_went_in() {
        let mut strings = Strings::new();
        strings.push(b"sh");
        strings.push(b"");
        strings.push(b"a b\0hidden");
        let read: Vec<&[u8]> = strings.iter().collect();
        assert_eq!(read, [&b"sh"[..], b"", b"a b"]);
        assert_eq!(strings.rest().len(), 2);
        assert_eq!(Strings::from_bytes(strings.as_bytes().to_vec()), strings);
        assert_eq!(Strings::from_bytes(b"a\0cut".to_vec()).len(), 1);
        assert!(Strings::new().rest().is_empty());
    }
}
