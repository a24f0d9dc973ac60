//! A pipe: bytes in order, and how many hold each end.

use alloc::vec::Vec;
use minicbor::{Decode, Encode};
use shape::Shape;

/// Bytes that a pipe holds (Linux's default).
pub(crate) const CAPACITY: usize = 65536;

/// Bytes of memory that a pipe may keep beyond what it needs.
const SPARE: usize = 4096;

/// A pipe.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, Shape)]
pub struct Pipe {
    /// Open descriptions that read.
    #[n(0)]
    pub readers: u32,
    /// Open descriptions that write.
    #[n(1)]
    pub writers: u32,
    /// Openings for reading and for writing there ever were, for FIFOs.
    #[n(2)]
    pub openings: (u64, u64),
    #[cbor(n(3), with = "minicbor::bytes")]
    bytes: Vec<u8>,
}

/// What became of a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Given {
    /// So many bytes went in.
    Bytes(u64),
    /// Nobody can read them.
    Broken,
}

impl Pipe {
    /// Bytes in it.
    #[must_use]
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Bytes that go in.
    #[must_use]
    pub fn room(&self) -> usize {
        CAPACITY.saturating_sub(self.bytes.len())
    }

    /// The first bytes, at most so many.
    #[must_use]
    pub fn peek(&self, count: usize) -> Vec<u8> {
        self.bytes[..count.min(self.bytes.len())].to_vec()
    }

    /// Drops the first bytes, and memory that is no longer needed.
    pub fn take(&mut self, count: usize) {
        self.bytes.drain(..count.min(self.bytes.len()));
        if self.bytes.capacity() > SPARE + 2 * self.bytes.len() {
            self.bytes.shrink_to_fit();
        }
    }

    /// Adds bytes; there is room for them.
    pub fn put(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// Counts an opening.
    pub fn open(&mut self, reads: bool, writes: bool) {
        self.readers += u32::from(reads);
        self.writers += u32::from(writes);
        self.openings.0 += u64::from(reads);
        self.openings.1 += u64::from(writes);
    }

    /// Counts a closing; whether nobody holds an end any more.
    pub fn close(&mut self, reads: bool, writes: bool) -> bool {
        self.readers = self.readers.saturating_sub(u32::from(reads));
        self.writers = self.writers.saturating_sub(u32::from(writes));
        self.readers == 0 && self.writers == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_come_out_in_order() {
        let mut pipe = Pipe::default();
        pipe.put(b"abc");
        pipe.put(b"def");
        assert_eq!(pipe.peek(4), b"abcd");
        pipe.take(4);
        assert_eq!(
            (pipe.peek(9), pipe.len(), pipe.room()),
            (b"ef".to_vec(), 2, CAPACITY - 2)
        );
    }

    #[test]
    fn an_empty_pipe_keeps_little_memory() {
        let mut pipe = Pipe::default();
        pipe.put(&[0; CAPACITY]);
        pipe.take(CAPACITY - 1);
        assert!(pipe.bytes.capacity() <= SPARE + 2);
    }

    #[test]
    fn the_last_close_ends_it() {
        let mut pipe = Pipe::default();
        pipe.open(true, false);
        pipe.open(false, true);
        assert!(!pipe.close(true, false));
        assert!(pipe.close(false, true));
        assert_eq!(pipe.openings, (1, 1));
    }
}
