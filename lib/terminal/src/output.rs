//! Output processing: what becomes of a byte on its way to the line, and in which column.

use alloc::vec::Vec;

use minicbor::{Decode, Encode};
use shape::Shape;

use crate::classify::{is_control, is_utf8_tail, to_upper};
use crate::{InputFlags, OutputFlags, Settings, Sink};

/// Width of a tab stop.
const TAB: u32 = 8;
/// Echo that is kept while the line does not take it; what exceeds it is not echoed.
const PENDING_LIMIT: usize = 4096;

/// Whether output goes to the line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, Shape)]
pub enum Flow {
    /// It does.
    #[n(0)]
    #[default]
    Running,
    /// The STOP character stopped it; START, a signal or `TCOON` resumes it.
    #[n(1)]
    StoppedFromLine,
    /// `TCOOFF` stopped it; only `TCOON` resumes it.
    #[n(2)]
    StoppedByProgram,
}

/// The cursor as far as output processing knows it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, Shape)]
pub(crate) struct Cursor {
    /// Columns from the left edge.
    #[n(0)]
    pub(crate) column: u32,
    /// The column in which the line being edited starts.
    #[n(1)]
    pub(crate) line_start: u32,
}

/// What one byte becomes: up to a tab's worth of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Expansion {
    bytes: [u8; TAB as usize],
    length: usize,
}

impl Expansion {
    const NONE: Expansion = Expansion {
        bytes: [0; 8],
        length: 0,
    };

    fn one(byte: u8) -> Expansion {
        Expansion {
            bytes: [byte, 0, 0, 0, 0, 0, 0, 0],
            length: 1,
        }
    }

    fn pair(first: u8, second: u8) -> Expansion {
        Expansion {
            bytes: [first, second, 0, 0, 0, 0, 0, 0],
            length: 2,
        }
    }

    fn as_slice(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

impl Cursor {
    /// Moves over one output byte and says what to send for it (`OPOST`).
    fn process(&mut self, settings: &Settings, byte: u8) -> Expansion {
        let flags = settings.output;
        match byte {
            b'\n' => self.newline(flags),
            b'\r' => self.carriage_return(flags),
            b'\t' => self.tab(flags),
            0x08 => {
                self.column = self.column.saturating_sub(1);
                Expansion::one(byte)
            }
            _ => self.ordinary(settings, byte),
        }
    }

    fn newline(&mut self, flags: OutputFlags) -> Expansion {
        if flags.intersects(OutputFlags::ONLRET | OutputFlags::ONLCR) {
            self.column = 0;
        }
        self.line_start = self.column;
        if flags.contains(OutputFlags::ONLCR) {
            Expansion::pair(b'\r', b'\n')
        } else {
            Expansion::one(b'\n')
        }
    }

    fn carriage_return(&mut self, flags: OutputFlags) -> Expansion {
        if flags.contains(OutputFlags::ONOCR) && self.column == 0 {
            return Expansion::NONE;
        }
        let becomes_newline = flags.contains(OutputFlags::OCRNL);
        if !becomes_newline || flags.contains(OutputFlags::ONLRET) {
            self.column = 0;
            self.line_start = 0;
        }
        Expansion::one(if becomes_newline { b'\n' } else { b'\r' })
    }

    fn tab(&mut self, flags: OutputFlags) -> Expansion {
        let width = TAB - self.column % TAB;
        self.column = self.column.saturating_add(width);
        if flags.contains(OutputFlags::XTABS) {
            Expansion {
                bytes: [b' '; 8],
                length: width as usize,
            }
        } else {
            Expansion::one(b'\t')
        }
    }

    fn ordinary(&mut self, settings: &Settings, byte: u8) -> Expansion {
        let byte = if settings.output.contains(OutputFlags::OLCUC) {
            to_upper(byte)
        } else {
            byte
        };
        let tail = settings.input.contains(InputFlags::IUTF8) && is_utf8_tail(byte);
        if !is_control(byte) && !tail {
            self.column = self.column.saturating_add(1);
        }
        Expansion::one(byte)
    }
}

/// The way out of a terminal.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, Shape)]
pub(crate) struct Output {
    #[n(0)]
    pub(crate) cursor: Cursor,
    /// Echo, ready for the line, that goes before anything written later.
    #[n(1)]
    #[cbor(with = "minicbor::bytes")]
    pending: Vec<u8>,
    #[n(2)]
    pub(crate) flow: Flow,
}

impl Output {
    /// Sends one written byte if all it becomes fits; says whether it did.
    pub(crate) fn write(&mut self, settings: &Settings, byte: u8, sink: &mut impl Sink) -> bool {
        let mut cursor = self.cursor;
        let expansion = if settings.output.contains(OutputFlags::OPOST) {
            cursor.process(settings, byte)
        } else {
            Expansion::one(byte)
        };
        if sink.room() < expansion.length {
            return false;
        }
        self.cursor = cursor;
        expansion
            .as_slice()
            .iter()
            .for_each(|byte| sink.push(*byte));
        true
    }

    /// Echoes one byte through output processing. Linux marks operations of echo by 0xff and so
    /// lets that byte itself past the processing, but over one column.
    pub(crate) fn echo(&mut self, settings: &Settings, byte: u8) {
        if byte == 0xff {
            self.cursor.column = self.cursor.column.saturating_add(1);
            self.queue(&[byte]);
        } else if settings.output.contains(OutputFlags::OPOST) {
            let expansion = self.cursor.process(settings, byte);
            self.queue(expansion.as_slice());
        } else {
            self.queue(&[byte]);
        }
    }

    /// Echoes `^X` for a control character.
    pub(crate) fn echo_control(&mut self, byte: u8) {
        self.cursor.column = self.cursor.column.saturating_add(2);
        self.queue(&[b'^', byte ^ 0x40]);
    }

    /// Goes back over the `width` columns of a tab.
    pub(crate) fn echo_back(&mut self, width: u32) {
        for _ in 0..width.min(TAB) {
            self.cursor.column = self.cursor.column.saturating_sub(1);
            self.queue(&[0x08]);
        }
    }

    /// The width of the tab that `offset` columns of text precede, counted from `line_start` or,
    /// if another tab comes before, from that one's stop.
    pub(crate) fn tab_width(&self, offset: u32, after_tab: bool) -> u32 {
        let start = if after_tab { 0 } else { self.cursor.line_start };
        TAB - start.wrapping_add(offset) % TAB
    }

    /// The last echoed byte did not move the cursor after all.
    pub(crate) fn take_back_column(&mut self) {
        self.cursor.column = self.cursor.column.saturating_sub(1);
    }

    fn queue(&mut self, bytes: &[u8]) {
        self.pending.extend_from_slice(bytes);
    }

    /// Sends the echo of one received byte; what the line does not take is kept up to a limit.
    pub(crate) fn settle(&mut self, sink: &mut impl Sink) {
        self.pump(sink);
        self.pending.truncate(PENDING_LIMIT);
    }

    /// Sends as much pending echo as the line takes; says whether none is left.
    pub(crate) fn pump(&mut self, sink: &mut impl Sink) -> bool {
        if self.flow != Flow::Running {
            return self.pending.is_empty();
        }
        let count = self.pending.len().min(sink.room());
        self.pending.drain(..count).for_each(|byte| sink.push(byte));
        self.pending.is_empty()
    }

    /// Forgets pending echo.
    pub(crate) fn forget(&mut self) {
        self.pending.clear();
    }
}
