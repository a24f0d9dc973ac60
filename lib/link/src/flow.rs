//! The two ends of a stream: offsets only, the bytes are kept by their user.

use crate::{DATA_BYTES, Frame, Stream};

/// The sending end. Its user keeps the bytes from `acknowledged` on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sender {
    /// Bytes the receiver has.
    pub acknowledged: u64,
    /// Bytes that were sent.
    pub sent: u64,
    /// The offset that must not be passed.
    pub allowed: u64,
    /// Whether the end was sent.
    pub end_sent: bool,
}

/// What a sender has to send next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece {
    /// These of the kept bytes.
    Data {
        /// Index of the first among the bytes kept (from `acknowledged` on).
        index: usize,
        /// How many, at most [`DATA_BYTES`].
        count: usize,
        /// The offset of the first in the stream.
        offset: u64,
    },
    /// The end of the stream.
    End {
        /// Where it ends.
        offset: u64,
    },
}

impl Sender {
    /// Takes the receiver's word, given how many bytes are kept. Returns how many of them, from the
    /// front, need not be kept any longer. A word that contradicts what is kept changes nothing.
    ///
    /// A receiver may have more than `sent`: a sender that was restarted does not remember its last
    /// piece.
    pub fn credit(&mut self, received: u64, allowed: u64, kept: usize) -> usize {
        let freed = received
            .checked_sub(self.acknowledged)
            .and_then(|freed| usize::try_from(freed).ok())
            .filter(|freed| *freed <= kept);
        let Some(freed) = freed else { return 0 };
        self.acknowledged = received;
        self.sent = self.sent.max(received);
        self.allowed = self.allowed.max(allowed);
        freed
    }

    /// As [`Sender::credit`]; what the receiver does not have is sent again, the end too.
    pub fn resume(&mut self, received: u64, allowed: u64, kept: usize) -> usize {
        let freed = self.credit(received, allowed, kept);
        self.sent = self.acknowledged;
        self.end_sent = false;
        freed
    }

    /// What to send now, given how many bytes are kept and whether the stream ends after them.
    /// The caller sends it, then reports it with [`Sender::note`].
    #[must_use]
    pub fn next(&self, kept: usize, ends: bool) -> Option<Piece> {
        let index = usize::try_from(self.sent - self.acknowledged).ok()?;
        let ready = kept.saturating_sub(index);
        let room = usize::try_from(self.allowed.saturating_sub(self.sent)).unwrap_or(usize::MAX);
        let count = ready.min(room).min(DATA_BYTES);
        if count > 0 {
            let offset = self.sent;
            return Some(Piece::Data {
                index,
                count,
                offset,
            });
        }
        let end = ends && ready == 0 && !self.end_sent;
        end.then_some(Piece::End { offset: self.sent })
    }

    /// Notes that a piece was sent.
    pub fn note(&mut self, piece: Piece) {
        match piece {
            Piece::Data { count, offset, .. } => self.sent = offset + count as u64,
            Piece::End { .. } => self.end_sent = true,
        }
    }
}

/// The receiving end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Receiver {
    /// Bytes that were accepted.
    pub received: u64,
    /// How far the sender may go.
    pub allowed: u64,
    /// Whether the end was accepted.
    pub ended: bool,
    /// Where a gap was reported, so that it is reported once.
    pub asked: Option<u64>,
}

/// What became of a frame at the receiving end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accepted<'a> {
    /// These bytes are new and follow those before. Possibly none.
    Bytes(&'a [u8]),
    /// The stream has ended.
    End,
    /// Something before it is missing: send [`Receiver::resume_frame`] now.
    Gap,
    /// Something before it is missing, as was said already.
    Dropped,
}

impl Receiver {
    /// Takes bytes that came for this stream.
    pub fn data<'a>(&mut self, offset: u64, bytes: &'a [u8]) -> Accepted<'a> {
        let Some(known) = self.received.checked_sub(offset) else {
            return self.gap();
        };
        let known = usize::try_from(known).unwrap_or(usize::MAX);
        let fresh = bytes.get(known..).unwrap_or(&[]);
        self.received += fresh.len() as u64;
        Accepted::Bytes(fresh)
    }

    /// Takes the end of this stream.
    pub fn end(&mut self, offset: u64) -> Accepted<'static> {
        if offset > self.received {
            return self.gap();
        }
        self.ended = true;
        Accepted::End
    }

    fn gap<'a>(&mut self) -> Accepted<'a> {
        if self.asked == Some(self.received) {
            return Accepted::Dropped;
        }
        self.asked = Some(self.received);
        Accepted::Gap
    }

    /// Allows the sender to go `window` bytes further than what the user has handed on:
    /// `pending` of the received bytes still wait. Returns the credit to send, when it is worth it
    /// (half a window of news).
    pub fn allow(&mut self, stream: Stream, pending: usize, window: u64) -> Option<Frame<'static>> {
        let handed_on = self.received.saturating_sub(pending as u64);
        let allowed = handed_on + window;
        if allowed < self.allowed + window / 2 {
            return None;
        }
        self.allowed = allowed;
        Some(self.credit_frame(stream))
    }

    /// The present credit.
    #[must_use]
    pub const fn credit_frame(&self, stream: Stream) -> Frame<'static> {
        Frame::Credit {
            stream,
            received: self.received,
            allowed: self.allowed,
        }
    }

    /// Asks for everything that is missing.
    #[must_use]
    pub const fn resume_frame(&self, stream: Stream) -> Frame<'static> {
        Frame::Resume {
            stream,
            received: self.received,
            allowed: self.allowed,
        }
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use super::*;
    use std::vec::Vec;

    #[test]
    fn nothing_is_sent_without_a_credit() {
        let mut sender = Sender::default();
        assert_eq!(sender.next(10, false), None);
        assert_eq!(sender.credit(0, 4, 10), 0);
        let piece = Piece::Data {
            index: 0,
            count: 4,
            offset: 0,
        };
        assert_eq!(sender.next(10, false), Some(piece));
        sender.note(piece);
        assert_eq!(sender.next(10, true), None, "the end comes after the rest");
        assert_eq!(sender.credit(3, 4, 10), 3);
        assert_eq!(sender.next(7, false), None);
    }

    #[test]
    fn an_empty_stream_ends_without_a_credit_and_once() {
        let mut sender = Sender::default();
        let end = Piece::End { offset: 0 };
        assert_eq!(sender.next(0, true), Some(end));
        sender.note(end);
        assert_eq!(sender.next(0, true), None);
        sender.resume(0, 9, 0);
        assert_eq!(sender.next(0, true), Some(end));
    }

    #[test]
    fn credits_that_contradict_are_ignored() {
        let mut sender = Sender::default();
        assert_eq!(sender.credit(1, 100, 0), 0);
        assert_eq!(sender, Sender::default());
    }

    #[test]
    fn a_sender_that_forgot_its_last_piece_believes_the_receiver() {
        let mut sender = Sender::default();
        assert_eq!(sender.credit(3, 100, 5), 3);
        assert_eq!(
            (sender.sent, sender.next(2, true)),
            (
                3,
                Some(Piece::Data {
                    index: 0,
                    count: 2,
                    offset: 3
                })
            )
        );
    }

    #[test]
    fn doubled_bytes_are_dropped_and_gaps_told_once() {
        let mut receiver = Receiver::default();
        assert_eq!(receiver.data(0, b"abc"), Accepted::Bytes(b"abc"));
        assert_eq!(receiver.data(0, b"abc"), Accepted::Bytes(b""));
        assert_eq!(receiver.data(1, b"bcde"), Accepted::Bytes(b"de"));
        assert_eq!(receiver.data(6, b"g"), Accepted::Gap);
        assert_eq!(receiver.data(7, b"h"), Accepted::Dropped);
        assert_eq!(receiver.end(8), Accepted::Dropped);
        assert_eq!(receiver.data(5, b"fgh"), Accepted::Bytes(b"fgh"));
        assert_eq!(receiver.end(8), Accepted::End);
        assert!(receiver.ended);
    }

    /// A stream over a line that loses pieces, with a receiver that forgets nothing it accepted.
    #[test]
    fn a_stream_survives_lost_pieces() {
        let whole: Vec<u8> = (0..100_000_u32).map(|at| at.to_le_bytes()[0]).collect();
        let (mut sender, mut receiver) = (Sender::default(), Receiver::default());
        let (mut kept, mut arrived) = (whole.as_slice(), Vec::new());
        let mut turn = 0_u32;
        while !receiver.ended {
            turn += 1;
            assert!(turn < 10_000, "it must come to an end");
            if receiver.allow(Stream::Output, 0, 5000).is_some() {
                kept = &kept[sender.credit(receiver.received, receiver.allowed, kept.len())..];
            }
            let Some(piece) = sender.next(kept.len(), true) else {
                kept = &kept[sender.resume(receiver.received, receiver.allowed, kept.len())..];
                continue;
            };
            sender.note(piece);
            if turn.is_multiple_of(7) {
                continue;
            }
            let accepted = match piece {
                Piece::Data {
                    index,
                    count,
                    offset,
                } => receiver.data(offset, &kept[index..index + count]),
                Piece::End { offset } => receiver.end(offset),
            };
            match accepted {
                Accepted::Bytes(bytes) => arrived.extend_from_slice(bytes),
                Accepted::Gap => {
                    kept = &kept[sender.resume(receiver.received, receiver.allowed, kept.len())..];
                }
                Accepted::End | Accepted::Dropped => (),
            }
        }
        assert!(arrived == whole);
    }
}
