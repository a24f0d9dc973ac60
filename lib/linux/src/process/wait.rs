//! Status words of wait4 and waitid (`bits/waitstatus.h`, wait(2)).

use super::signal::Signal;
use linux_raw_sys::general as raw;
use minicbor::{Decode, Encode};
use shape::Shape;

/// What became of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Shape)]
pub enum Change {
    /// It ended by itself with this value.
    #[n(0)]
    Exited(#[n(0)] u8),
    /// A signal ended it. No core file is ever written, whatever the default action says.
    #[n(1)]
    Killed(#[n(0)] Signal),
    /// A signal stopped it.
    #[n(2)]
    Stopped(#[n(0)] Signal),
    /// SIGCONT let it go on.
    #[n(3)]
    Continued,
}

impl Change {
    /// The status word of wait4.
    #[must_use]
    pub fn word(self) -> u32 {
        match self {
            Change::Exited(value) => u32::from(value) << 8,
            Change::Killed(signal) => u32::from(signal.number()),
            Change::Stopped(signal) => u32::from(signal.number()) << 8 | 0x7f,
            Change::Continued => 0xffff,
        }
    }

    /// `si_code` and `si_status` of waitid and SIGCHLD.
    #[must_use]
    pub fn code_and_status(self) -> (i32, u32) {
        match self {
            Change::Exited(value) => (raw::CLD_EXITED.cast_signed(), u32::from(value)),
            Change::Killed(signal) => (raw::CLD_KILLED.cast_signed(), u32::from(signal.number())),
            Change::Stopped(signal) => (raw::CLD_STOPPED.cast_signed(), u32::from(signal.number())),
            Change::Continued => (
                raw::CLD_CONTINUED.cast_signed(),
                u32::from(Signal::CONT.number()),
            ),
        }
    }
}

/// Which children are waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// All.
    Any,
    /// Those of the caller's process group.
    OwnGroup,
    /// Those of this process group.
    Group(u32),
    /// This one.
    Process(u32),
}

/// What is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Which children.
    pub which: Which,
    /// Their ends.
    pub ended: bool,
    /// Their stops.
    pub stopped: bool,
    /// Their goings-on.
    pub continued: bool,
    /// Answer at once when there is nothing yet.
    pub at_once: bool,
    /// Leave the child as it is, to be waited for again.
    pub keep: bool,
}

/// WNOHANG, WUNTRACED (also WSTOPPED), WEXITED, WCONTINUED, WNOWAIT and the clone options
/// (`linux/wait.h`).
mod option {
    pub(super) const NO_HANG: u32 = 1;
    pub(super) const STOPPED: u32 = 2;
    pub(super) const EXITED: u32 = 4;
    pub(super) const CONTINUED: u32 = 8;
    pub(super) const NO_WAIT: u32 = 0x0100_0000;
    pub(super) const CLONES: u32 = 0xe000_0000;
}

impl Wanted {
    /// Reads the arguments of wait4. `None`: unknown options, or a group that cannot be.
    #[must_use]
    pub fn of_wait4(pid: i32, options: u32) -> Option<Wanted> {
        use option::{CLONES, CONTINUED, NO_HANG, STOPPED};
        if options & !(NO_HANG | STOPPED | CONTINUED | CLONES) != 0 {
            return None;
        }
        let which = match pid {
            i32::MIN => return None,
            -1 => Which::Any,
            0 => Which::OwnGroup,
            pid if pid < 0 => Which::Group(pid.unsigned_abs()),
            pid => Which::Process(pid.cast_unsigned()),
        };
        Some(Wanted {
            which,
            ended: true,
            keep: false,
            ..Self::options(options)
        })
    }

    /// Reads the arguments of waitid. `None`: unknown options or kinds, or nothing waited for.
    #[must_use]
    pub fn of_waitid(kind: u32, id: u32, options: u32) -> Option<Wanted> {
        use option::{CLONES, CONTINUED, EXITED, NO_HANG, NO_WAIT, STOPPED};
        let known = NO_HANG | STOPPED | EXITED | CONTINUED | NO_WAIT | CLONES;
        if options & !known != 0 || options & (EXITED | STOPPED | CONTINUED) == 0 {
            return None;
        }
        // P_ALL, P_PID, P_PGID (`linux/wait.h`).
        let which = match (kind, id) {
            (0, _) => Which::Any,
            (1, 1..) => Which::Process(id),
            (2, 0) => Which::OwnGroup,
            (2, _) => Which::Group(id),
            _ => return None,
        };
        Some(Wanted {
            which,
            ..Self::options(options)
        })
    }

    fn options(options: u32) -> Wanted {
        Wanted {
            which: Which::Any,
            ended: options & option::EXITED != 0,
            stopped: options & option::STOPPED != 0,
            continued: options & option::CONTINUED != 0,
            at_once: options & option::NO_HANG != 0,
            keep: options & option::NO_WAIT != 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::process::ExitStatusExt;
    use std::process::ExitStatus;

    #[test]
    fn status_words_are_read_by_the_host_as_meant() {
        let status = |change: Change| ExitStatus::from_raw(change.word().cast_signed());
        assert_eq!(status(Change::Exited(3)).code(), Some(3));
        assert_eq!(status(Change::Killed(Signal::KILL)).signal(), Some(9));
        assert!(!status(Change::Killed(Signal::SEGV)).core_dumped());
        assert_eq!(
            status(Change::Stopped(Signal::TSTP)).stopped_signal(),
            Some(20)
        );
        assert!(status(Change::Continued).continued());
    }

    #[test]
    fn arguments_are_checked() {
        assert_eq!(Wanted::of_wait4(-1, 4), None);
        assert_eq!(Wanted::of_wait4(i32::MIN, 0), None);
        assert_eq!(
            Wanted::of_wait4(-7, 0).map(|w| w.which),
            Some(Which::Group(7))
        );
        assert_eq!(Wanted::of_waitid(0, 0, 1), None);
        assert_eq!(Wanted::of_waitid(1, 0, 4), None);
        let peek = Wanted::of_waitid(1, 9, 4 | 0x0100_0000).unwrap();
        assert!(peek.keep && peek.ended && !peek.stopped);
    }
}
