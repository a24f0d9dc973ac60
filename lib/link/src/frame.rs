//! One frame as a value, to and from bytes.

use crate::checksum::crc32;
use crate::{CHECK_BYTES, DATA_BYTES, FRAME_BYTES, HEAD_BYTES, MARK, OFFSET_BYTES};

/// A byte stream of the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Stream {
    /// From the host to the command.
    Input = 0,
    /// From the command to the host.
    Output = 1,
    /// From the command to the host.
    Error = 2,
    /// From the system to the host: one byte, the exit status.
    Control = 3,
}

impl Stream {
    /// Every stream, in the order of their numbers.
    pub const ALL: [Stream; 4] = [
        Stream::Input,
        Stream::Output,
        Stream::Error,
        Stream::Control,
    ];

    /// Decodes a stream's number.
    #[must_use]
    pub const fn from_number(number: u8) -> Option<Stream> {
        match number {
            0 => Some(Stream::Input),
            1 => Some(Stream::Output),
            2 => Some(Stream::Error),
            3 => Some(Stream::Control),
            _ => None,
        }
    }
}

/// One frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Frame<'a> {
    /// Bytes of a stream.
    Data {
        /// The stream.
        stream: Stream,
        /// Where in the stream the first of the bytes is.
        offset: u64,
        /// The bytes, at most [`DATA_BYTES`].
        bytes: &'a [u8],
    },
    /// The stream ends here.
    End {
        /// The stream.
        stream: Stream,
        /// How many bytes it had.
        offset: u64,
    },
    /// What the receiver of a stream has, and how far its sender may go.
    Credit {
        /// The stream.
        stream: Stream,
        /// Bytes the receiver has; the sender need not keep them.
        received: u64,
        /// The offset that the sender must not pass.
        allowed: u64,
    },
    /// A credit, and the wish to get everything from `received` on again.
    Resume {
        /// The stream.
        stream: Stream,
        /// Bytes the receiver has.
        received: u64,
        /// The offset that the sender must not pass.
        allowed: u64,
    },
}

const DATA: u8 = 1;
const END: u8 = 2;
const CREDIT: u8 = 3;
const RESUME: u8 = 4;

impl<'a> Frame<'a> {
    /// The stream it is about.
    #[must_use]
    pub const fn stream(&self) -> Stream {
        match self {
            Frame::Data { stream, .. }
            | Frame::End { stream, .. }
            | Frame::Credit { stream, .. }
            | Frame::Resume { stream, .. } => *stream,
        }
    }

    /// Writes the frame for the line and returns how many bytes it takes. Data beyond
    /// [`DATA_BYTES`] is left out: send it in the next frame.
    pub fn encode(&self, line: &mut [u8; FRAME_BYTES]) -> usize {
        let (kind, stream, words, data): (u8, Stream, [u64; 2], &[u8]) = match *self {
            Frame::Data {
                stream,
                offset,
                bytes,
            } => (
                DATA,
                stream,
                [offset, 0],
                &bytes[..bytes.len().min(DATA_BYTES)],
            ),
            Frame::End { stream, offset } => (END, stream, [offset, 0], &[]),
            Frame::Credit {
                stream,
                received,
                allowed,
            } => (CREDIT, stream, [received, allowed], &[]),
            Frame::Resume {
                stream,
                received,
                allowed,
            } => (RESUME, stream, [received, allowed], &[]),
        };
        let words_bytes = if matches!(kind, DATA | END) { 8 } else { 16 };
        let body = words_bytes + data.len();
        let end = HEAD_BYTES + body;
        line[..2].copy_from_slice(&MARK);
        line[2] = kind;
        line[3] = stream as u8;
        // At most 8 + DATA_BYTES: the two lower bytes hold it.
        let length = body.to_le_bytes();
        line[4..6].copy_from_slice(&length[..2]);
        let head_check = crc32(&line[..6]).to_le_bytes();
        line[6..HEAD_BYTES].copy_from_slice(&head_check[..2]);
        line[HEAD_BYTES..HEAD_BYTES + 8].copy_from_slice(&words[0].to_le_bytes());
        if words_bytes == 16 {
            line[HEAD_BYTES + 8..HEAD_BYTES + 16].copy_from_slice(&words[1].to_le_bytes());
        }
        line[HEAD_BYTES + words_bytes..end].copy_from_slice(data);
        let check = crc32(&line[..end]).to_le_bytes();
        line[end..end + CHECK_BYTES].copy_from_slice(&check);
        end + CHECK_BYTES
    }

    /// Reads the body of a frame whose checks are right. `None` when it says nothing known.
    pub(crate) fn decode(head: Head, body: &'a [u8]) -> Option<Frame<'a>> {
        let stream = Stream::from_number(head.stream)?;
        let (first, rest) = body.split_first_chunk::<OFFSET_BYTES>()?;
        let first = u64::from_le_bytes(*first);
        match head.kind {
            DATA => Some(Frame::Data {
                stream,
                offset: first,
                bytes: rest,
            }),
            END if rest.is_empty() => Some(Frame::End {
                stream,
                offset: first,
            }),
            CREDIT | RESUME => {
                let allowed = u64::from_le_bytes(rest.try_into().ok()?);
                let received = first;
                Some(if head.kind == CREDIT {
                    Frame::Credit {
                        stream,
                        received,
                        allowed,
                    }
                } else {
                    Frame::Resume {
                        stream,
                        received,
                        allowed,
                    }
                })
            }
            _ => None,
        }
    }
}

/// The first bytes of a frame, checked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Head {
    kind: u8,
    stream: u8,
    /// Bytes of the body.
    pub(crate) length: usize,
}

impl Head {
    /// Reads a head. `None` when these bytes are none.
    pub(crate) fn decode(bytes: &[u8; HEAD_BYTES]) -> Option<Head> {
        let [
            mark_0,
            mark_1,
            kind,
            stream,
            length_0,
            length_1,
            check_0,
            check_1,
        ] = *bytes;
        let [right_0, right_1, ..] = crc32(&bytes[..6]).to_le_bytes();
        let length = usize::from(u16::from_le_bytes([length_0, length_1]));
        let right = [mark_0, mark_1] == MARK
            && [check_0, check_1] == [right_0, right_1]
            && length <= OFFSET_BYTES + DATA_BYTES;
        right.then_some(Head {
            kind,
            stream,
            length,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bytes_on_the_line() {
        let mut line = [0; FRAME_BYTES];
        let frame = Frame::Data {
            stream: Stream::Output,
            offset: 0x0102,
            bytes: b"hi",
        };
        let length = frame.encode(&mut line);
        assert_eq!(length, 22);
        assert_eq!(line[..6], [0xa7, 0x4c, 1, 1, 10, 0]);
        assert_eq!(line[8..18], *b"\x02\x01\0\0\0\0\0\0hi");
        assert_eq!(line[18..22], crc32(&line[..18]).to_le_bytes());
    }

    #[test]
    fn a_longest_frame_fits_and_more_is_left_out() {
        let mut line = [0; FRAME_BYTES];
        let frame = Frame::Data {
            stream: Stream::Input,
            offset: 0,
            bytes: &[7; DATA_BYTES + 5],
        };
        assert_eq!(frame.encode(&mut line), FRAME_BYTES);
    }
}
