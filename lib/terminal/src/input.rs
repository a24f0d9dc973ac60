//! Completed input: lines, or bytes.

use alloc::vec::Vec;

use minicbor::{Decode, Encode};
use shape::Shape;

use crate::CAPACITY;

/// How a line ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Shape)]
pub(crate) enum LineEnd {
    /// By its last byte, or because the settings changed: nothing follows it.
    #[n(0)]
    Delimiter,
    /// By the end-of-file character, which is not part of it but takes up a place.
    #[n(1)]
    EndOfFile,
}

/// A completed line at some place in the bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Shape)]
struct Line {
    /// Bytes that were not read yet.
    #[n(0)]
    length: u32,
    #[n(1)]
    end: LineEnd,
}

/// Input that a program can read. In canonical mode `lines` divides all of `bytes`, otherwise it
/// is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, Shape)]
pub(crate) struct Input {
    #[n(0)]
    #[cbor(with = "minicbor::bytes")]
    bytes: Vec<u8>,
    #[n(1)]
    lines: Vec<Line>,
}

impl Input {
    /// Bytes to read.
    pub(crate) fn count(&self) -> usize {
        self.bytes.len()
    }

    /// Whether a line is complete.
    pub(crate) fn has_line(&self) -> bool {
        !self.lines.is_empty()
    }

    /// Places taken: bytes and marks.
    pub(crate) fn occupied(&self) -> usize {
        let marks = self
            .lines
            .iter()
            .filter(|line| line.end == LineEnd::EndOfFile)
            .count();
        self.bytes.len() + marks
    }

    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
        self.lines.clear();
    }

    /// Appends a byte in raw mode.
    pub(crate) fn push(&mut self, byte: u8) {
        self.bytes.push(byte);
    }

    /// Appends a completed line.
    pub(crate) fn push_line(&mut self, line: &[u8], end: LineEnd) {
        let length = u32::try_from(line.len().min(CAPACITY)).unwrap_or(u32::MAX);
        self.bytes
            .extend_from_slice(&line[..line.len().min(CAPACITY)]);
        self.lines.push(Line { length, end });
    }

    /// Takes up to `limit` bytes.
    pub(crate) fn take(&mut self, limit: usize) -> Vec<u8> {
        self.bytes.drain(..limit.min(self.bytes.len())).collect()
    }

    /// Takes up to `limit` bytes of the first line, and its end with its last byte. Empty bytes
    /// are an end of file.
    pub(crate) fn take_line(&mut self, limit: usize) -> Option<Vec<u8>> {
        let line = self.lines.first_mut()?;
        let count = limit.min(line.length as usize).min(self.bytes.len());
        let taken = self.bytes.drain(..count).collect();
        line.length = line
            .length
            .saturating_sub(u32::try_from(count).unwrap_or(u32::MAX));
        if line.length == 0 {
            self.lines.remove(0);
        }
        Some(taken)
    }

    /// Leaves canonical mode: all becomes bytes, a mark of an end of file a zero.
    pub(crate) fn unite(&mut self, edited: &[u8]) {
        let mut united = Vec::with_capacity(self.occupied() + edited.len());
        let mut rest = self.bytes.as_slice();
        for line in self.lines.drain(..) {
            let (bytes, after) = rest.split_at((line.length as usize).min(rest.len()));
            united.extend_from_slice(bytes);
            if line.end == LineEnd::EndOfFile {
                united.push(0);
            }
            rest = after;
        }
        united.extend_from_slice(edited);
        self.bytes = united;
    }

    /// Enters canonical mode: what was typed before is a line.
    pub(crate) fn divide(&mut self) {
        let bytes = core::mem::take(&mut self.bytes);
        if !bytes.is_empty() {
            self.push_line(&bytes, LineEnd::Delimiter);
        }
    }
}
