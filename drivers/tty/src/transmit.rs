//! What waits to be sent.

use alloc::vec::Vec;
use minicbor::{Decode, Encode};
use shape::Shape;
use uart::FIFO_BYTES;

/// Bytes that wait at most. A fast line empties this in one go, a slow one shows it to `TIOCOUTQ`.
pub(crate) const CAPACITY: usize = 4096;
/// Pieces that one closure sends at most; fewer than half of what the chip can tell apart.
pub(crate) const PIECES: usize = 64;

/// Bytes for the line, and how many pieces of them were sent.
///
/// A piece is the first [`FIFO_BYTES`] of what waits, or all if that is less. Nothing is added in
/// the closure that sends, so after a crash in it the pieces are cut as they were.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, Shape)]
pub struct Transmit {
    #[n(0)]
    #[cbor(with = "minicbor::bytes")]
    bytes: Vec<u8>,
    #[n(1)]
    pieces: u64,
}

impl Transmit {
    /// Bytes that wait.
    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether nothing waits.
    pub(crate) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The pieces in order, each with the number that the chip is to remember.
    pub(crate) fn pieces(&self) -> impl Iterator<Item = (&[u8], u8)> {
        let numbers = self.pieces + 1..;
        let pieces = self.bytes.chunks(FIFO_BYTES).zip(numbers);
        pieces
            .take(PIECES)
            .map(|(piece, number)| (piece, low_8(number)))
    }

    /// Forgets this many pieces: they were sent.
    pub(crate) fn sent(&mut self, pieces: usize) {
        let count = (pieces * FIFO_BYTES).min(self.bytes.len());
        self.bytes.drain(..count);
        self.pieces += pieces as u64;
    }

    /// Forgets what the chip says was sent beyond what was noted here.
    pub(crate) fn believe(&mut self, chip: u8) {
        let ahead = usize::from(chip.wrapping_sub(self.number()));
        let waiting = self.bytes.len().div_ceil(FIFO_BYTES);
        if ahead <= PIECES.min(waiting) {
            self.sent(ahead);
        }
    }

    /// The number of the last piece that was sent.
    pub(crate) fn number(&self) -> u8 {
        low_8(self.pieces)
    }
}

const fn low_8(number: u64) -> u8 {
    number.to_le_bytes()[0]
}

impl terminal::Sink for Transmit {
    fn room(&self) -> usize {
        CAPACITY.saturating_sub(self.bytes.len())
    }

    fn push(&mut self, byte: u8) {
        self.bytes.push(byte);
    }

    fn discard(&mut self) {
        self.bytes.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waiting(count: u8, pieces: u64) -> Transmit {
        Transmit {
            bytes: (0..count).collect(),
            pieces,
        }
    }

    #[test]
    fn pieces_are_fifos_and_a_rest() {
        let transmit = waiting(40, 255);
        let pieces: Vec<_> = transmit
            .pieces()
            .map(|(piece, number)| (piece.len(), number))
            .collect();
        assert_eq!(pieces, [(16, 0), (16, 1), (8, 2)]);
    }

    #[test]
    fn what_the_chip_remembers_is_not_sent_again() {
        for (ahead, left) in [(0, 40), (1, 24), (2, 8), (3, 0)] {
            let mut transmit = waiting(40, 254);
            transmit.believe(254_u8.wrapping_add(ahead));
            assert_eq!(
                (transmit.len(), transmit.number()),
                (left, 254_u8.wrapping_add(ahead))
            );
        }
    }

    #[test]
    fn what_the_chip_cannot_know_is_not_believed() {
        let mut transmit = waiting(40, 7);
        transmit.believe(11);
        transmit.believe(3);
        assert_eq!(transmit, waiting(40, 7));
    }
}
