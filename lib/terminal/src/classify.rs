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

/// Whether the byte continues a UTF-8 sequence.
pub(crate) fn is_utf8_tail(byte: u8) -> bool {
    byte & 0xc0 == 0x80
}
