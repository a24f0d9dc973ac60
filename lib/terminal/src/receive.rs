//! A byte from the line: signals, flow control, editing.

use linux_raw_sys::general;

use crate::classify::to_lower;
use crate::edit::Extent;
use crate::input::LineEnd;
use crate::output::Flow;
use crate::{CAPACITY, Happening, InputFlags, LocalFlags, Sink, Special, Terminal, Wake};

/// The bell.
const BELL: u8 = 0x07;

/// What a byte means in canonical mode.
enum Command {
    Erase(Extent),
    LiteralNext,
    Reprint,
    EndLine,
    EndLineAt,
    EndOfFile,
}

impl Terminal {
    /// Takes a byte from the line.
    pub fn receive(&mut self, byte: u8, sink: &mut impl Sink) -> Happening {
        let mut happening = Happening::default();
        if !self.hung_up {
            self.interpret(byte, sink, &mut happening);
            self.output.settle(sink);
        }
        happening
    }

    /// Whether no byte would be lost now for want of a reader. Whoever can keep the line waiting
    /// should do so while there is no room.
    #[must_use]
    pub fn has_room(&self) -> bool {
        let editing = self.settings.canonical() && !self.input.has_line();
        editing || self.fits(2, CAPACITY - 1)
    }

    fn interpret(&mut self, byte: u8, sink: &mut impl Sink, happening: &mut Happening) {
        let byte = self.strip(byte);
        if core::mem::take(&mut self.edit.literal) {
            happening.wake |= self.insert(byte, Self::echo_typed);
            return;
        }
        if self.control_flow(byte, happening) {
            return;
        }
        if let Some(signal) = self.signal_for(byte) {
            self.interrupt(signal, byte, sink, happening);
            return;
        }
        let Some(mapped) = self.map_ends(byte) else {
            return;
        };
        happening.wake |= match self.command(mapped) {
            Some(command) => self.edit_line(&command, mapped),
            // Outside lines a newline that was typed shows as ^J, one made by `ICRNL` moves.
            None if mapped == b'\n' && byte == b'\r' => self.insert(mapped, Self::echo_moving),
            None => self.insert(mapped, Self::echo_typed),
        };
    }

    fn input_flag(&self, flags: InputFlags) -> bool {
        self.settings.input.contains(flags)
    }

    fn strip(&self, byte: u8) -> u8 {
        let byte = if self.input_flag(InputFlags::ISTRIP) {
            byte & 0x7f
        } else {
            byte
        };
        if self.input_flag(InputFlags::IUCLC) && self.local(LocalFlags::IEXTEN) {
            to_lower(byte)
        } else {
            byte
        }
    }

    /// START and STOP, and with `IXANY` every byte; says whether the byte was used up.
    fn control_flow(&mut self, byte: u8, happening: &mut Happening) -> bool {
        if !self.input_flag(InputFlags::IXON) {
            return false;
        }
        if self.settings.is(Special::Start, byte) {
            happening.wake |= self.resume_from_line();
            return true;
        }
        if self.settings.is(Special::Stop, byte) {
            if self.output.flow == Flow::Running {
                self.output.flow = Flow::StoppedFromLine;
            }
            return true;
        }
        if self.input_flag(InputFlags::IXANY) {
            happening.wake |= self.resume_from_line();
        }
        false
    }

    fn signal_for(&self, byte: u8) -> Option<u32> {
        let signals = [
            (Special::Interrupt, general::SIGINT),
            (Special::Quit, general::SIGQUIT),
            (Special::Suspend, general::SIGTSTP),
        ];
        let found = signals
            .into_iter()
            .find(|(special, _)| self.settings.is(*special, byte));
        found
            .filter(|_| self.local(LocalFlags::ISIG))
            .map(|(_, signal)| signal)
    }

    fn interrupt(
        &mut self,
        signal: u32,
        byte: u8,
        sink: &mut impl Sink,
        happening: &mut Happening,
    ) {
        happening.signal(signal, self.ownership.foreground);
        if !self.local(LocalFlags::NOFLSH) {
            self.flush_input();
            self.flush_output(sink);
            happening.wake |= Wake::WRITERS;
        }
        if self.input_flag(InputFlags::IXON) {
            happening.wake |= self.resume_from_line();
        }
        if self.local(LocalFlags::ECHO) {
            self.echo_visible(byte);
        }
    }

    /// `IGNCR`, `ICRNL`, `INLCR`; none if the byte is ignored.
    fn map_ends(&self, byte: u8) -> Option<u8> {
        match byte {
            b'\r' if self.input_flag(InputFlags::IGNCR) => None,
            b'\r' if self.input_flag(InputFlags::ICRNL) => Some(b'\n'),
            b'\n' if self.input_flag(InputFlags::INLCR) => Some(b'\r'),
            _ => Some(byte),
        }
    }

    fn command(&self, byte: u8) -> Option<Command> {
        if !self.settings.canonical() {
            return None;
        }
        let extended = self.local(LocalFlags::IEXTEN);
        let is = |special| self.settings.is(special, byte);
        match byte {
            _ if is(Special::Erase) => Some(Command::Erase(Extent::Character)),
            _ if is(Special::Kill) => Some(Command::Erase(Extent::Line)),
            _ if extended && is(Special::WordErase) => Some(Command::Erase(Extent::Word)),
            _ if extended && is(Special::LiteralNext) => Some(Command::LiteralNext),
            _ if extended && is(Special::Reprint) && self.local(LocalFlags::ECHO) => {
                Some(Command::Reprint)
            }
            b'\n' => Some(Command::EndLine),
            _ if is(Special::EndOfFile) => Some(Command::EndOfFile),
            _ if is(Special::EndOfLine) => Some(Command::EndLineAt),
            _ if extended && is(Special::EndOfLine2) => Some(Command::EndLineAt),
            _ => None,
        }
    }

    fn edit_line(&mut self, command: &Command, byte: u8) -> Wake {
        match command {
            Command::Erase(extent) => self.erase(*extent),
            Command::Reprint => self.reprint(byte),
            Command::LiteralNext => {
                self.edit.literal = true;
                self.echo_literal_mark();
            }
            Command::EndLine => return self.end_line(byte),
            Command::EndLineAt => return self.end_line_at(byte),
            Command::EndOfFile => return self.end_of_file(),
        }
        Wake::empty()
    }

    fn end_line(&mut self, byte: u8) -> Wake {
        if !self.fits(1, CAPACITY) {
            return self.lose();
        }
        if self
            .settings
            .local
            .intersects(LocalFlags::ECHO | LocalFlags::ECHONL)
        {
            self.echo_plain(byte);
        }
        self.complete(Some(byte))
    }

    fn end_line_at(&mut self, byte: u8) -> Wake {
        if !self.fits(self.places(byte), CAPACITY) {
            return self.lose();
        }
        if self.local(LocalFlags::ECHO) {
            if self.edit.is_empty() {
                self.output.cursor.line_start = self.output.cursor.column;
            }
            self.echo_visible(byte);
        }
        if self.places(byte) > 1 {
            self.edit.push(byte);
        }
        self.complete(Some(byte))
    }

    fn end_of_file(&mut self) -> Wake {
        if self.fits(1, CAPACITY) {
            self.complete(None)
        } else {
            self.lose()
        }
    }

    /// The edited line is complete, with a last byte or with an end of file.
    fn complete(&mut self, last: Option<u8>) -> Wake {
        let mut line = self.edit.complete();
        line.extend(last);
        let end = if last.is_some() {
            LineEnd::Delimiter
        } else {
            LineEnd::EndOfFile
        };
        self.input.push_line(&line, end);
        Wake::READERS
    }

    /// Whether `places` more fit below `limit`.
    fn fits(&self, places: usize, limit: usize) -> bool {
        self.input.occupied() + self.edit.len() + places <= limit
    }

    /// `PARMRK` doubles a byte that is also the mark.
    fn places(&self, byte: u8) -> usize {
        if byte == 0xff && self.input_flag(InputFlags::PARMRK) {
            2
        } else {
            1
        }
    }

    /// Takes a byte as it is. A place stays free so that a line can always be ended.
    fn insert(&mut self, byte: u8, echo: fn(&mut Self, u8)) -> Wake {
        let places = self.places(byte);
        let canonical = self.settings.canonical();
        let fits = self.fits(places, CAPACITY - 1);
        let editing = canonical && !self.input.has_line();
        if !(fits || editing) {
            return self.lose();
        }
        echo(self, byte);
        if !fits {
            // A line that is too long loses its middle: it is echoed and can be edited.
            return Wake::LOST;
        }
        for _ in 0..places {
            if canonical {
                self.edit.push(byte);
            } else {
                self.input.push(byte);
            }
        }
        if canonical {
            Wake::empty()
        } else {
            Wake::READERS
        }
    }

    /// There is no room until a program reads.
    fn lose(&mut self) -> Wake {
        if self.input_flag(InputFlags::IMAXBEL) {
            self.echo_plain(BELL);
        }
        Wake::LOST
    }
}
