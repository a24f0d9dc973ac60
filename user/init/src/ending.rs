//! How things end: the status of a command, and the system.

use std::io;

/// How the system ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The power is cut.
    PowerOff,
    /// The processor stops.
    Halt,
    /// The machine starts again.
    Restart,
}

impl Ending {
    /// What a signal to process 1 asks for. These are the signals of busybox's `halt` (SIGUSR1),
    /// `poweroff` (SIGUSR2) and `reboot` (SIGTERM).
    #[must_use]
    pub const fn from_signal(signal: u8) -> Option<Ending> {
        match signal {
            10 => Some(Ending::Halt),
            12 => Some(Ending::PowerOff),
            15 => Some(Ending::Restart),
            _ => None,
        }
    }
}

/// The status of a command as shells tell it: its own, or 128 and its signal.
#[must_use]
pub fn status_byte(exit: Option<i32>, signal: Option<i32>) -> u8 {
    let number = match (exit, signal) {
        (Some(exit), _) => exit & 0xff,
        (None, signal) => 128 + (signal.unwrap_or(0) & 0x7f),
    };
    u8::try_from(number).unwrap_or(u8::MAX)
}

/// The status of a command that could not be started (POSIX, Shell Command Language 2.8.2).
#[must_use]
pub fn start_failure(error: &io::Error) -> u8 {
    if error.kind() == io::ErrorKind::NotFound {
        127
    } else {
        126
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signals_of_busybox_end_the_system() {
        assert_eq!(Ending::from_signal(10), Some(Ending::Halt));
        assert_eq!(Ending::from_signal(12), Some(Ending::PowerOff));
        assert_eq!(Ending::from_signal(15), Some(Ending::Restart));
        assert_eq!(Ending::from_signal(17), None);
    }

    #[test]
    fn statuses_are_those_of_shells() {
        for status in 0..=255 {
            assert_eq!(i32::from(status_byte(Some(status), None)), status);
        }
        assert_eq!(status_byte(None, Some(9)), 137);
        assert_eq!(status_byte(None, None), 128);
    }

    #[test]
    fn a_missing_command_differs_from_one_that_may_not_run() {
        assert_eq!(start_failure(&io::Error::from_raw_os_error(2)), 127);
        assert_eq!(start_failure(&io::Error::from_raw_os_error(13)), 126);
        assert_eq!(start_failure(&io::Error::from_raw_os_error(8)), 126);
    }
}
