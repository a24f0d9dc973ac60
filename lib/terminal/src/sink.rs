//! Where bytes for the line go.

use alloc::vec::Vec;

/// The transmit queue of a line.
pub trait Sink {
    /// How many bytes can be pushed now.
    fn room(&self) -> usize;

    /// Takes one byte. Called only while there is room.
    fn push(&mut self, byte: u8);

    /// Forgets the bytes that were not sent yet: an interrupt or `TCFLSH` discards them.
    fn discard(&mut self);
}

/// A sink that is never full.
impl Sink for Vec<u8> {
    fn room(&self) -> usize {
        usize::MAX - self.len()
    }

    fn push(&mut self, byte: u8) {
        Vec::push(self, byte);
    }

    fn discard(&mut self) {
        self.clear();
    }
}
