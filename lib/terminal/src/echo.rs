//! What typing shows.

use crate::classify::is_control;
use crate::edit::{Extent, width};
use crate::{InputFlags, LocalFlags, Special, Terminal};

impl Terminal {
    pub(crate) fn local(&self, flags: LocalFlags) -> bool {
        self.settings.local.contains(flags)
    }

    fn utf8(&self) -> bool {
        self.settings.input.contains(InputFlags::IUTF8)
    }

    /// Echoes a byte as it is, through output processing.
    pub(crate) fn echo_plain(&mut self, byte: u8) {
        self.output.echo(&self.settings, byte);
    }

    /// Echoes a byte so that it can be seen.
    pub(crate) fn echo_visible(&mut self, byte: u8) {
        if self.local(LocalFlags::ECHOCTL) && is_control(byte) && byte != b'\t' {
            self.output.echo_control(byte);
        } else {
            self.echo_plain(byte);
        }
    }

    /// Echoes a byte that becomes part of the line; the first one marks where the line starts.
    pub(crate) fn echo_typed(&mut self, byte: u8) {
        if !self.local(LocalFlags::ECHO) {
            return;
        }
        self.close_erased();
        if self.edit.is_empty() {
            self.output.cursor.line_start = self.output.cursor.column;
        }
        self.echo_visible(byte);
    }

    /// Echoes a byte for what it does to the cursor.
    pub(crate) fn echo_moving(&mut self, byte: u8) {
        if self.local(LocalFlags::ECHO) {
            self.close_erased();
            self.echo_plain(byte);
        }
    }

    /// Ends the showing of erased characters (`ECHOPRT`).
    pub(crate) fn close_erased(&mut self) {
        if self.edit.showing_erased {
            self.echo_plain(b'/');
            self.edit.showing_erased = false;
        }
    }

    /// Shows that the next byte is taken literally: a caret for the cursor to stand on.
    pub(crate) fn echo_literal_mark(&mut self) {
        if self.local(LocalFlags::ECHO) {
            self.close_erased();
            if self.local(LocalFlags::ECHOCTL) {
                self.echo_plain(b'^');
                self.echo_plain(0x08);
            }
        }
    }

    /// Shows the line again on a new one.
    pub(crate) fn reprint(&mut self, byte: u8) {
        self.close_erased();
        self.echo_visible(byte);
        self.echo_plain(b'\n');
        for index in 0..self.edit.len() {
            self.echo_visible(self.edit.bytes()[index]);
        }
    }

    /// Takes back part of the line and shows it as the settings say.
    pub(crate) fn erase(&mut self, extent: Extent) {
        if self.edit.is_empty() {
            return;
        }
        match extent {
            Extent::Line if !self.kills_visibly() => self.kill_line(),
            _ => self.erase_characters(extent),
        }
    }

    /// Whether KILL erases each character on the screen.
    fn kills_visibly(&self) -> bool {
        self.local(LocalFlags::ECHO | LocalFlags::ECHOK | LocalFlags::ECHOKE | LocalFlags::ECHOE)
    }

    fn kill_line(&mut self) {
        self.edit.kill();
        if self.local(LocalFlags::ECHO) {
            self.close_erased();
            self.echo_visible(self.settings.special(Special::Kill));
            if self.local(LocalFlags::ECHOK) {
                self.echo_plain(b'\n');
            }
        }
    }

    fn erase_characters(&mut self, extent: Extent) {
        let mut in_word = false;
        while let Some(start) = self.edit.last_start(self.utf8()) {
            if extent == Extent::Word {
                if !self.edit.continues_word(start, in_word) {
                    break;
                }
                in_word |= self.edit.is_word_at(start);
            }
            let erased = self.edit.truncate(start);
            if self.local(LocalFlags::ECHO) {
                self.echo_erased(&erased, extent);
            }
            if extent == Extent::Character {
                break;
            }
        }
        if self.edit.is_empty() && self.local(LocalFlags::ECHO) {
            self.close_erased();
        }
    }

    /// Shows that one character, which is off the line already, was erased.
    fn echo_erased(&mut self, erased: &[u8], extent: Extent) {
        let Some(first) = erased.first().copied() else {
            return;
        };
        let carets = self.local(LocalFlags::ECHOCTL);
        if self.local(LocalFlags::ECHOPRT) {
            self.echo_printed(first, &erased[1..]);
        } else if extent == Extent::Character && !self.local(LocalFlags::ECHOE) {
            self.echo_visible(self.settings.special(Special::Erase));
        } else if first == b'\t' {
            let before = self.edit.before_tab(carets, self.utf8());
            let columns = self.output.tab_width(before.columns, before.after_tab);
            self.output.echo_back(columns);
        } else {
            for _ in 0..width(first, carets, false) {
                [0x08, b' ', 0x08]
                    .into_iter()
                    .for_each(|byte| self.echo_plain(byte));
            }
        }
    }

    /// Shows an erased character as a printing terminal does, after a backslash.
    fn echo_printed(&mut self, first: u8, rest: &[u8]) {
        if !self.edit.showing_erased {
            self.echo_plain(b'\\');
            self.edit.showing_erased = true;
        }
        self.echo_visible(first);
        for byte in rest {
            self.echo_plain(*byte);
            self.output.take_back_column();
        }
    }
}
