//! The kernel's log: a ring of text with positions that only grow.

use alloc::boxed::Box;
use core::fmt;

use abi::limits::LOG_BYTES;
use abi::word::index;

/// Bytes of one line at most.
pub const LINE_BYTES: usize = 512;

/// The last [`LOG_BYTES`] bytes logged.
pub struct Log {
    bytes: Box<[u8]>,
    end: u64,
}

impl Default for Log {
    fn default() -> Self {
        Log {
            bytes: alloc::vec![0; LOG_BYTES].into_boxed_slice(),
            end: 0,
        }
    }
}

impl Log {
    /// The position behind the last byte.
    #[must_use]
    pub fn end(&self) -> u64 {
        self.end
    }

    /// The position of the first byte that is still there.
    #[must_use]
    pub fn start(&self) -> u64 {
        self.end.saturating_sub(self.bytes.len() as u64)
    }

    /// Adds bytes.
    pub fn push(&mut self, bytes: &[u8]) {
        let size = self.bytes.len() as u64;
        for byte in bytes {
            self.bytes[index(self.end % size)] = *byte;
            self.end += 1;
        }
    }

    /// Copies what there is from `position` on; answers the position of the first byte copied,
    /// which is later if the ring has overwritten it, and how many bytes.
    #[must_use]
    pub fn read(&self, position: u64, to: &mut [u8]) -> (u64, usize) {
        let from = position.clamp(self.start(), self.end);
        let size = self.bytes.len() as u64;
        let count = usize::try_from(self.end - from)
            .unwrap_or(usize::MAX)
            .min(to.len());
        for (at, byte) in (from..).zip(&mut to[..count]) {
            *byte = self.bytes[index(at % size)];
        }
        (from, count)
    }
}

/// One line on its way to the log; what does not fit is cut off.
pub(crate) struct Line {
    bytes: [u8; LINE_BYTES],
    length: usize,
}

impl Line {
    /// A line with this text, ended.
    pub(crate) fn new(text: fmt::Arguments<'_>) -> Line {
        let mut line = Line {
            bytes: [0; LINE_BYTES],
            length: 0,
        };
        // A line that is too long is cut off; the writer itself never fails.
        let _ = fmt::write(&mut line, text);
        if line.bytes[..line.length].last() != Some(&b'\n') {
            let end = line.length.min(LINE_BYTES - 1);
            line.bytes[end] = b'\n';
            line.length = end + 1;
        }
        line
    }

    /// The text with its line end.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

impl fmt::Write for Line {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let room = LINE_BYTES - self.length;
        let taken = &text.as_bytes()[..text.len().min(room)];
        self.bytes[self.length..self.length + taken.len()].copy_from_slice(taken);
        self.length += taken.len();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_survive_the_ring_going_round() {
        let mut log = Log::default();
        for _ in 0..LOG_BYTES {
            log.push(b"ab");
        }
        let mut bytes = [0; 3];
        assert_eq!(log.start(), LOG_BYTES as u64);
        assert_eq!(log.read(1, &mut bytes), (LOG_BYTES as u64, 3));
        assert_eq!(&bytes, b"aba");
        assert_eq!(log.read(log.end() - 1, &mut bytes), (log.end() - 1, 1));
        assert_eq!(log.read(u64::MAX, &mut bytes), (log.end(), 0));
    }

    #[test]
    fn a_line_is_ended_and_cut_off() {
        assert_eq!(Line::new(format_args!("a{}", 1)).bytes(), b"a1\n");
        assert_eq!(Line::new(format_args!("a\n")).bytes(), b"a\n");
        let long = Line::new(format_args!("{:>600}", 1));
        assert_eq!(long.bytes().len(), LINE_BYTES);
        assert_eq!(long.bytes().last(), Some(&b'\n'));
    }
}
