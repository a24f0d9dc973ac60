//! The size of the window behind a terminal.

use abi::Errno;
use linux_raw_sys::general;
use minicbor::{Decode, Encode};
use shape::Shape;

/// `struct winsize`: the terminal only keeps it; all zero means unknown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, Shape)]
pub struct WindowSize {
    /// Lines of characters.
    #[n(0)]
    pub rows: u16,
    /// Characters in a line.
    #[n(1)]
    pub columns: u16,
    /// Width in pixels.
    #[n(2)]
    pub width_pixels: u16,
    /// Height in pixels.
    #[n(3)]
    pub height_pixels: u16,
}

impl WindowSize {
    /// Bytes of the structure.
    pub const BYTES: usize = size_of::<general::winsize>();

    /// The structure in a program's memory.
    #[must_use]
    pub fn to_bytes(self) -> [u8; Self::BYTES] {
        let words = [
            self.rows,
            self.columns,
            self.width_pixels,
            self.height_pixels,
        ];
        let mut bytes = [0; Self::BYTES];
        for (chunk, word) in bytes.chunks_exact_mut(2).zip(words) {
            chunk.copy_from_slice(&word.to_le_bytes());
        }
        bytes
    }

    /// Reads the structure.
    ///
    /// # Errors
    /// `FAULT` if the bytes are too few.
    pub fn from_bytes(bytes: &[u8]) -> Result<WindowSize, Errno> {
        let bytes: &[u8; Self::BYTES] = bytes.first_chunk().ok_or(Errno::FAULT)?;
        let word = |index: usize| u16::from_le_bytes([bytes[index], bytes[index + 1]]);
        Ok(WindowSize {
            rows: word(0),
            columns: word(2),
            width_pixels: word(4),
            height_pixels: word(6),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_layout_is_that_of_winsize() {
        let size = WindowSize {
            rows: 24,
            columns: 80,
            width_pixels: 640,
            height_pixels: 0x1234,
        };
        assert_eq!(size.to_bytes(), [24, 0, 80, 0, 0x80, 2, 0x34, 0x12]);
        assert_eq!(WindowSize::from_bytes(&size.to_bytes()), Ok(size));
        assert_eq!(WindowSize::from_bytes(&[0; 7]), Err(Errno::FAULT));
    }
}
