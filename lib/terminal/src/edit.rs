//! The line being edited.

use alloc::vec::Vec;

use minicbor::{Decode, Encode};
use shape::Shape;

use crate::classify::{is_control, is_utf8_tail, is_word};

/// Bytes typed since the last completed line, in canonical mode.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, Shape)]
pub(crate) struct Edit {
    #[n(0)]
    #[cbor(with = "minicbor::bytes")]
    bytes: Vec<u8>,
    /// The next byte is taken as it is.
    #[n(1)]
    pub(crate) literal: bool,
    /// Erased characters are being shown between `\` and `/` (`ECHOPRT`).
    #[n(2)]
    pub(crate) showing_erased: bool,
}

/// How much an erasing character takes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Extent {
    Character,
    Word,
    Line,
}

/// What stands before a tab, for its width.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BeforeTab {
    /// Columns since the start of the line or the tab before.
    pub(crate) columns: u32,
    /// Whether there is a tab before.
    pub(crate) after_tab: bool,
}

impl Edit {
    pub(crate) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(crate) fn push(&mut self, byte: u8) {
        self.bytes.push(byte);
    }

    /// Forgets the line and the states of typing.
    pub(crate) fn clear(&mut self) {
        *self = Edit::default();
    }

    /// Takes the line and forgets the states of typing: the mode changes.
    pub(crate) fn take(&mut self) -> Vec<u8> {
        core::mem::take(self).bytes
    }

    /// Takes the line because it is complete.
    pub(crate) fn complete(&mut self) -> Vec<u8> {
        core::mem::take(&mut self.bytes)
    }

    /// Takes back everything.
    pub(crate) fn kill(&mut self) {
        self.bytes.clear();
    }

    /// The start of the last character. With `utf8` it may have several bytes; none if only
    /// tails are left, which are never erased by halves.
    pub(crate) fn last_start(&self, utf8: bool) -> Option<usize> {
        self.bytes
            .iter()
            .rposition(|byte| !(utf8 && is_utf8_tail(*byte)))
    }

    /// Takes back the bytes from `start`.
    pub(crate) fn truncate(&mut self, start: usize) -> Vec<u8> {
        self.bytes.split_off(start.min(self.bytes.len()))
    }

    /// Whether the character at `start` is still part of a word erase that has seen a word's
    /// byte (`in_word`).
    pub(crate) fn continues_word(&self, start: usize, in_word: bool) -> bool {
        !in_word || self.bytes.get(start).is_some_and(|byte| is_word(*byte))
    }

    /// Whether the character at `start` belongs to a word.
    pub(crate) fn is_word_at(&self, start: usize) -> bool {
        self.bytes.get(start).is_some_and(|byte| is_word(*byte))
    }

    /// What stands before a tab that was just taken off the end. Control characters are two
    /// wide if `carets`, else nothing.
    pub(crate) fn before_tab(&self, carets: bool, utf8: bool) -> BeforeTab {
        let tab = self.bytes.iter().rposition(|byte| *byte == b'\t');
        let text = &self.bytes[tab.map_or(0, |index| index + 1)..];
        let columns = text.iter().map(|byte| width(*byte, carets, utf8)).sum();
        BeforeTab {
            columns,
            after_tab: tab.is_some(),
        }
    }
}

/// The columns of a byte that is no tab.
pub(crate) fn width(byte: u8, carets: bool, utf8: bool) -> u32 {
    match byte {
        _ if is_control(byte) => 2 * u32::from(carets),
        _ if utf8 && is_utf8_tail(byte) => 0,
        _ => 1,
    }
}
