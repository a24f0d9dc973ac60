//! Readiness for `poll`.

use bitflags::bitflags;
use linux_raw_sys::general;

use crate::output::Flow;
use crate::{Special, Terminal};

bitflags! {
    /// The events of `poll`.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub struct Readiness: u32 {
        /// A read returns at once.
        const IN = general::POLLIN;
        /// A write takes something.
        const OUT = general::POLLOUT;
        /// The line is gone.
        const ERR = general::POLLERR;
        /// The line is gone.
        const HUP = general::POLLHUP;
        /// As `IN`.
        const RDNORM = general::POLLRDNORM;
        /// As `OUT`.
        const WRNORM = general::POLLWRNORM;
    }
}

impl Terminal {
    /// What a program can do without waiting, if the sink has `room` bytes. VMIN counts unless
    /// VTIME lets a read end before.
    #[must_use]
    pub fn readiness(&self, room: usize) -> Readiness {
        let readable = Readiness::IN | Readiness::RDNORM;
        let writable = Readiness::OUT | Readiness::WRNORM;
        if self.hung_up {
            return readable | writable | Readiness::ERR | Readiness::HUP;
        }
        let mut readiness = Readiness::empty();
        readiness.set(readable, self.readable());
        readiness.set(writable, room > 0 && self.output.flow == Flow::Running);
        readiness
    }

    fn readable(&self) -> bool {
        if self.settings.canonical() {
            return self.input.has_line();
        }
        let enough = match self.settings.special(Special::Time) {
            0 => usize::from(self.settings.special(Special::Minimum)).max(1),
            _ => 1,
        };
        self.input.count() >= enough
    }
}
