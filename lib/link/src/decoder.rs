//! Finds the frames in what comes over the line.

use crate::checksum::crc32;
use crate::frame::Head;
use crate::{CHECK_BYTES, FRAME_BYTES, Frame, HEAD_BYTES, MARK};

/// Takes bytes as they come and gives frames.
///
/// What is no frame (noise, a frame that was cut short by its sender's death, one with a wrong
/// checksum) is skipped byte by byte: a frame that starts inside of it is found.
#[derive(Clone, Debug)]
pub struct Decoder {
    buffer: [u8; FRAME_BYTES],
    /// Bytes in the buffer.
    filled: usize,
    /// Of these, the bytes of the frame that was given last.
    given: usize,
    skipped: u64,
}

impl Default for Decoder {
    fn default() -> Self {
        Self::new()
    }
}

impl Decoder {
    /// A decoder that has seen nothing.
    #[must_use]
    pub const fn new() -> Decoder {
        Decoder {
            buffer: [0; FRAME_BYTES],
            filled: 0,
            given: 0,
            skipped: 0,
        }
    }

    /// Takes bytes from the front of `bytes` until a frame is complete or they are used up.
    ///
    /// ```
    /// # use link::{Decoder, Frame, Stream, FRAME_BYTES};
    /// # let mut line = [0; FRAME_BYTES];
    /// # let length = Frame::End { stream: Stream::Input, offset: 0 }.encode(&mut line);
    /// # let mut arrived = &line[..length];
    /// # let mut frames = 0;
    /// let mut decoder = Decoder::new();
    /// while let Some(frame) = decoder.next(&mut arrived) {
    ///     # frames += 1;
    ///     // use it
    /// }
    /// # assert_eq!((frames, arrived.len()), (1, 0));
    /// ```
    pub fn next(&mut self, bytes: &mut &[u8]) -> Option<Frame<'_>> {
        self.drop_front(self.given);
        self.given = 0;
        loop {
            match self.examine() {
                Found::Frame(head) => {
                    self.given = HEAD_BYTES + head.length + CHECK_BYTES;
                    return Frame::decode(head, &self.buffer[HEAD_BYTES..HEAD_BYTES + head.length]);
                }
                Found::Junk => self.skip(),
                Found::Part if bytes.is_empty() => return None,
                Found::Part => self.fill(bytes),
            }
        }
    }

    /// Bytes that were no part of a frame.
    #[must_use]
    pub const fn skipped(&self) -> u64 {
        self.skipped
    }

    /// What the buffer starts with. Judges no more than it must: a wrong first byte is junk.
    fn examine(&self) -> Found {
        let filled = &self.buffer[..self.filled];
        if !filled.iter().zip(&MARK).all(|(byte, mark)| byte == mark) {
            return Found::Junk;
        }
        let Some((head, rest)) = filled.split_first_chunk::<HEAD_BYTES>() else {
            return Found::Part;
        };
        let Some(head) = Head::decode(head) else {
            return Found::Junk;
        };
        if rest.len() < head.length + CHECK_BYTES {
            return Found::Part;
        }
        let (checked, after) = filled.split_at(HEAD_BYTES + head.length);
        let right = after.first_chunk() == Some(&crc32(checked).to_le_bytes());
        let known = Frame::decode(head, &rest[..head.length]).is_some();
        if right && known {
            Found::Frame(head)
        } else {
            Found::Junk
        }
    }

    fn skip(&mut self) {
        self.drop_front(1);
        self.skipped += 1;
    }

    fn drop_front(&mut self, count: usize) {
        self.buffer.copy_within(count..self.filled, 0);
        self.filled -= count;
    }

    fn fill(&mut self, bytes: &mut &[u8]) {
        let count = bytes.len().min(FRAME_BYTES - self.filled);
        let (taken, rest) = bytes.split_at(count);
        self.buffer[self.filled..self.filled + count].copy_from_slice(taken);
        self.filled += count;
        *bytes = rest;
    }
}

enum Found {
    Frame(Head),
    Junk,
    Part,
}

#[cfg(test)]
mod tests {
    extern crate std;

    use super::*;
    use crate::{DATA_BYTES, Stream};
    use std::vec::Vec;

    fn line(frames: &[Frame<'_>]) -> Vec<u8> {
        let mut line = Vec::new();
        let mut one = [0; FRAME_BYTES];
        for frame in frames {
            let length = frame.encode(&mut one);
            line.extend_from_slice(&one[..length]);
        }
        line
    }

    const FRAMES: [Frame<'static>; 5] = [
        Frame::Resume {
            stream: Stream::Input,
            received: 0,
            allowed: 4096,
        },
        Frame::Data {
            stream: Stream::Output,
            offset: 70_000,
            bytes: &[0xa7; DATA_BYTES],
        },
        Frame::Data {
            stream: Stream::Error,
            offset: 5,
            bytes: b"\xa7\x4c\x01",
        },
        Frame::Credit {
            stream: Stream::Error,
            received: 8,
            allowed: u64::MAX,
        },
        Frame::End {
            stream: Stream::Output,
            offset: 71_024,
        },
    ];

    /// What a decoder finds when the line's bytes come in pieces of this size.
    fn found(line: &[u8], piece: usize) -> Vec<Vec<u8>> {
        let mut decoder = Decoder::new();
        let mut found = Vec::new();
        for mut piece in line.chunks(piece) {
            while let Some(frame) = decoder.next(&mut piece) {
                found.push(self::line(&[frame]));
            }
            assert!(piece.is_empty());
        }
        found
    }

    fn each(frames: &[Frame<'_>]) -> Vec<Vec<u8>> {
        frames.iter().map(|frame| line(&[*frame])).collect()
    }

    #[test]
    fn frames_are_found_in_pieces_of_any_size() {
        for piece in [1, 2, 7, 8, 9, 500, FRAME_BYTES, 100_000] {
            assert_eq!(found(&line(&FRAMES), piece), each(&FRAMES));
        }
    }

    #[test]
    fn a_frame_cut_short_hides_no_other() {
        for frame in &FRAMES {
            let whole = line(&[*frame]);
            for cut in 0..whole.len() {
                let mut bytes = whole[..cut].to_vec();
                // As the restarted sender does it: everything again.
                bytes.extend(line(&FRAMES));
                bytes.extend(line(&FRAMES));
                bytes.extend([0; FRAME_BYTES]);
                let found = found(&bytes, 333);
                assert_eq!(found, [each(&FRAMES), each(&FRAMES)].concat(), "cut {cut}");
            }
        }
    }

    #[test]
    fn a_changed_byte_costs_its_frame_only() {
        let whole = line(&FRAMES);
        let first = line(&FRAMES[..1]).len();
        let second = first + line(&FRAMES[1..2]).len();
        for at in first..second {
            let mut bytes = whole.clone();
            bytes[at] ^= 0x10;
            bytes.extend([0; FRAME_BYTES]);
            let found = found(&bytes, 64);
            assert_eq!(
                found,
                [each(&FRAMES[..1]), each(&FRAMES[2..])].concat(),
                "byte {at}"
            );
        }
    }

    #[test]
    fn noise_is_counted() {
        let mut decoder = Decoder::new();
        let bytes = [b"noise\xa7".to_vec(), line(&FRAMES[..1])].concat();
        assert!(decoder.next(&mut bytes.as_slice()).is_some());
        assert_eq!(decoder.skipped(), 6);
    }
}
