//! Instructions as people read them.

use iced_x86::{Decoder, DecoderOptions, FastFormatter};

use crate::debugger::to_hex;

/// The instructions in these bytes, which lie at this address. The same one several times over is
/// told once.
pub(super) fn line(bytes: &[u8], address: u64) -> String {
    let mut decoder = Decoder::with_ip(64, bytes, address, DecoderOptions::NONE);
    let mut formatter = FastFormatter::new();
    let mut texts: Vec<String> = Vec::new();
    while decoder.can_decode() {
        let start = decoder.position();
        let instruction = decoder.decode();
        let mut text = String::new();
        if instruction.is_invalid() {
            text = format!("(bytes {})", to_hex(&bytes[start..]));
        } else {
            formatter.format(&instruction, &mut text);
        }
        if texts.last() != Some(&text) {
            texts.push(text);
        }
        if instruction.is_invalid() {
            break;
        }
    }
    texts.join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_told_as_instructions() {
        assert_eq!(line(b"\x74\x05", 0x1000), "je 1007h");
        assert_eq!(line(b"\x90\x90\xc3", 0), "nop; ret");
        assert_eq!(line(b"\xc3\x06\x07", 0), "ret; (bytes 0607)");
    }
}
