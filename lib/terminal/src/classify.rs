//! Kinds of bytes, as the line discipline sees them: ASCII, Latin-1 letters, UTF-8 tails.

/// Whether echo shows the byte as `^X`.
pub(crate) fn is_control(byte: u8) -> bool {
    byte.is_ascii_control()
}

/// Whether the byte belongs to a word for `WERASE`. Letters of Latin-1 count, which also makes
/// the first bytes of most UTF-8 sequences letters.
pub(crate) fn is_word(byte: u8) -> bool {
    let latin_letter = byte >= 0xc0 && byte != 0xd7 && byte != 0xf7;
    byte.is_ascii_alphanumeric() || byte == b'_' || latin_letter
}

/// The upper case of a letter of Latin-1, which is 32 below. That of sharp s (0xdf) is none, but
/// Linux moves it as well.
pub(crate) fn to_upper(byte: u8) -> u8 {
    match byte {
        b'a'..=b'z' | 0xdf..=0xf6 | 0xf8..=0xff => byte - 0x20,
        _ => byte,
    }
}

/// The lower case of a letter of Latin-1.
pub(crate) fn to_lower(byte: u8) -> u8 {
    match byte {
        b'A'..=b'Z' | 0xc0..=0xd6 | 0xd8..=0xde => byte + 0x20,
        _ => byte,
    }
}

/// Whether the byte continues a UTF-8 sequence.
pub(crate) fn is_utf8_tail(byte: u8) -> bool {
    byte & 0xc0 == 0x80
}
