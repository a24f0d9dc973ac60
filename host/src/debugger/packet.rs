//! Packets of the GDB remote protocol (GDB manual, appendix E): `$content#checksum`, where the
//! checksum is the sum of the content's bytes in two hexadecimal digits.

/// What comes from the stub.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Received {
    /// A packet's content, unescaped; it is to be acknowledged.
    Packet(Vec<u8>),
    /// A packet whose checksum is wrong; it is to be asked for again.
    Damaged,
    /// The last packet arrived.
    Acknowledged,
    /// The last packet is to be sent again.
    Refused,
}

/// Bytes that a packet's content names by an escape: `}` and the byte with bit 5 turned.
const ESCAPED: [u8; 4] = [b'$', b'#', b'}', b'*'];
const ESCAPE: u8 = b'}';
const TURNED: u8 = 0x20;

/// A packet with this content.
pub(super) fn encode(content: &[u8]) -> Vec<u8> {
    let mut packet = vec![b'$'];
    for byte in content {
        if ESCAPED.contains(byte) {
            packet.extend([ESCAPE, byte ^ TURNED]);
        } else {
            packet.push(*byte);
        }
    }
    let sum = checksum(&packet[1..]);
    packet.extend(format!("#{sum:02x}").bytes());
    packet
}

fn checksum(bytes: &[u8]) -> u8 {
    bytes.iter().fold(0, |sum, byte| sum.wrapping_add(*byte))
}

/// Takes one message off the front of what has come; `None` when it is not complete yet.
pub(super) fn take(bytes: &mut Vec<u8>) -> Option<Received> {
    let start = bytes.iter().position(|byte| b"$+-".contains(byte))?;
    bytes.drain(..start);
    match bytes.first()? {
        b'+' => {
            bytes.remove(0);
            Some(Received::Acknowledged)
        }
        b'-' => {
            bytes.remove(0);
            Some(Received::Refused)
        }
        _ => take_packet(bytes),
    }
}

fn take_packet(bytes: &mut Vec<u8>) -> Option<Received> {
    let end = bytes.iter().position(|byte| *byte == b'#')?;
    let digits = bytes.get(end + 1..end + 3)?.to_vec();
    let content = bytes[1..end].to_vec();
    bytes.drain(..end + 3);
    let stated = hex(&digits).and_then(|sum| sum.first().copied());
    if stated == Some(checksum(&content)) {
        Some(Received::Packet(expand(&content)))
    } else {
        Some(Received::Damaged)
    }
}

/// Undoes escapes, and repetitions: `*` and a character 29 above the count of further copies.
fn expand(content: &[u8]) -> Vec<u8> {
    let mut expanded: Vec<u8> = Vec::with_capacity(content.len());
    let mut rest = content.iter();
    while let Some(byte) = rest.next() {
        match byte {
            &ESCAPE => expanded.extend(rest.next().map(|byte| byte ^ TURNED)),
            b'*' => {
                let count = rest.next().map_or(0, |byte| byte.saturating_sub(29));
                let last = expanded.last().copied();
                expanded.extend(last.into_iter().cycle().take(usize::from(count)));
            }
            _ => expanded.push(*byte),
        }
    }
    expanded
}

/// Bytes as hexadecimal digits.
pub(crate) fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Hexadecimal digits as bytes; `None` when they are none.
pub(super) fn hex(digits: &[u8]) -> Option<Vec<u8>> {
    if !digits.len().is_multiple_of(2) {
        return None;
    }
    let value = |digit: u8| char::from(digit).to_digit(16);
    let pair = |pair: &[u8]| u8::try_from(value(pair[0])? << 4 | value(pair[1])?).ok();
    digits.chunks(2).map(pair).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_are_framed_and_escaped() {
        assert_eq!(encode(b"?"), b"$?#3f");
        assert_eq!(encode(b"a}#"), b"$a}]}\x03#bb");
        let mut bytes = encode(b"a}#$*b");
        let expected = Received::Packet(b"a}#$*b".to_vec());
        assert_eq!(take(&mut bytes), Some(expected));
        assert!(bytes.is_empty());
    }

    #[test]
    fn what_is_incomplete_is_waited_for() {
        let mut bytes = b"+$OK#9".to_vec();
        assert_eq!(take(&mut bytes), Some(Received::Acknowledged));
        assert_eq!(take(&mut bytes), None);
        bytes.push(b'a');
        assert_eq!(take(&mut bytes), Some(Received::Packet(b"OK".to_vec())));
        assert_eq!(take(&mut bytes), None);
    }

    #[test]
    fn damage_and_noise_are_seen() {
        let mut bytes = b"noise-$OK#9b$0* #7a".to_vec();
        assert_eq!(take(&mut bytes), Some(Received::Refused));
        assert_eq!(take(&mut bytes), Some(Received::Damaged));
        assert_eq!(take(&mut bytes), Some(Received::Packet(b"0000".to_vec())));
    }

    #[test]
    fn digits_are_read() {
        assert_eq!(hex(b"00fFa0"), Some(vec![0, 255, 0xa0]));
        assert_eq!((hex(b"0"), hex(b"0g")), (None, None));
        assert_eq!(to_hex(&[0, 255, 0xa0]), "00ffa0");
    }
}
