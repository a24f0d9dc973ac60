//! The terminal and what does not belong to one direction only.

use linux_raw_sys::general;
use minicbor::{Decode, Encode};
use shape::Shape;

use crate::edit::Edit;
use crate::input::Input;
use crate::output::{Flow, Output};
use crate::{Happening, InputFlags, Ownership, Settings, Sink, Wake, WindowSize};

/// A terminal. Plain data: it can be carried to another version of the driver as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, Shape)]
pub struct Terminal {
    #[n(0)]
    pub(crate) settings: Settings,
    #[n(1)]
    pub(crate) size: WindowSize,
    #[n(2)]
    pub(crate) edit: Edit,
    #[n(3)]
    pub(crate) input: Input,
    #[n(4)]
    pub(crate) output: Output,
    #[n(5)]
    pub(crate) ownership: Ownership,
    #[n(6)]
    pub(crate) exclusive: bool,
    #[n(7)]
    pub(crate) hung_up: bool,
}

impl Terminal {
    /// A fresh terminal: cooked, of unknown size, owned by nobody.
    #[must_use]
    pub fn new() -> Terminal {
        Terminal::default()
    }

    /// The settings.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The window's size.
    #[must_use]
    pub fn size(&self) -> WindowSize {
        self.size
    }

    /// Whose terminal it is.
    #[must_use]
    pub fn ownership(&self) -> Ownership {
        self.ownership
    }

    /// Whether output is stopped, and by whom.
    #[must_use]
    pub fn flow(&self) -> Flow {
        self.output.flow
    }

    /// Whether the line was hung up and nobody has opened it since.
    #[must_use]
    pub fn hung_up(&self) -> bool {
        self.hung_up
    }

    /// Whether further opens are refused with `BUSY` (`TIOCEXCL`), except to the privileged.
    #[must_use]
    pub fn exclusive(&self) -> bool {
        self.exclusive
    }

    /// Writes bytes of a program; returns how many were taken. Fewer than all means that the
    /// line takes no more now: output is stopped, echo waits, or the sink is full. A byte is
    /// taken only if all it becomes fits.
    #[must_use]
    pub fn write(&mut self, bytes: &[u8], sink: &mut impl Sink) -> usize {
        let ready = self.output.pump(sink) && self.output.flow == Flow::Running;
        if !ready || self.hung_up {
            return 0;
        }
        let (settings, output) = (&self.settings, &mut self.output);
        bytes
            .iter()
            .take_while(|byte| output.write(settings, **byte, sink))
            .count()
    }

    /// Sends echo that waits for room, when the sink has room again.
    pub fn pump(&mut self, sink: &mut impl Sink) {
        self.output.pump(sink);
    }

    /// Replaces the settings; what was typed becomes lines or bytes as they say.
    pub fn set_settings(&mut self, settings: Settings, sink: &mut impl Sink) -> Happening {
        let before = core::mem::replace(&mut self.settings, settings);
        let mut wake = Wake::empty();
        if before.canonical() != self.settings.canonical() {
            let edited = self.edit.take();
            if self.settings.canonical() {
                self.input.divide();
            } else {
                self.input.unite(&edited);
            }
            wake |= Wake::READERS;
        }
        let keyed = |settings: &Settings| settings.input.contains(InputFlags::IXON);
        if keyed(&before) && !keyed(&self.settings) {
            wake |= self.resume_from_line();
        }
        // VMIN and VTIME may have changed: those who wait must look at the new rule.
        if before.characters != self.settings.characters {
            wake |= Wake::READERS;
        }
        self.output.pump(sink);
        Happening::woken(wake)
    }

    /// Resumes output that the STOP character stopped.
    pub(crate) fn resume_from_line(&mut self) -> Wake {
        if self.output.flow != Flow::StoppedFromLine {
            return Wake::empty();
        }
        self.output.flow = Flow::Running;
        Wake::WRITERS
    }

    /// Forgets all input, edited or completed.
    pub fn flush_input(&mut self) {
        self.edit.clear();
        self.input.clear();
    }

    /// Forgets all output that was not sent.
    pub fn flush_output(&mut self, sink: &mut impl Sink) {
        self.output.forget();
        sink.discard();
    }

    /// The window was resized (by `TIOCSWINSZ`, or told by the other end): the foreground group
    /// hears of a change.
    pub fn resize(&mut self, size: WindowSize) -> Happening {
        let mut happening = Happening::default();
        if self.size != size {
            self.size = size;
            happening.signal(general::SIGWINCH, self.ownership.foreground);
        }
        happening
    }

    /// The line is gone: input ends, writes fail, the session that owned it owns it no more. The
    /// leader's group and the foreground group are told; the leader leads the group of its pid.
    pub fn hang_up(&mut self, sink: &mut impl Sink) -> Happening {
        let mut happening = Happening::woken(Wake::READERS | Wake::WRITERS);
        let Ownership {
            foreground, leader, ..
        } = core::mem::take(&mut self.ownership);
        let leader = if leader == foreground { 0 } else { leader };
        for group in [leader, foreground] {
            happening.signal(general::SIGHUP, group);
            happening.signal(general::SIGCONT, group);
        }
        self.flush_input();
        self.flush_output(sink);
        self.output.flow = Flow::Running;
        self.hung_up = true;
        happening
    }

    /// The first open after a hang-up: a fresh line with the settings it had.
    pub fn reopen(&mut self) {
        self.hung_up = false;
        self.exclusive = false;
    }
}
