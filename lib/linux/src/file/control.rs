//! fcntl commands and the ioctl requests that every descriptor answers (fcntl(2),
//! `asm-generic/ioctls.h`).

use super::lock::Holder;
use abi::Errno;
use linux_raw_sys::general as raw;

pub use linux_raw_sys::ioctl::{FIOASYNC, FIOCLEX, FIONBIO, FIONCLEX, FIONREAD};

/// The descriptor flag that `F_SETFD` sets.
pub const FD_CLOEXEC: u64 = 1;

/// A command of fcntl.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// A copy of the descriptor at or above the argument.
    Duplicate {
        /// Whether the copy is closed by exec.
        close_on_exec: bool,
    },
    /// The descriptor's flags.
    GetDescriptorFlags,
    /// Sets them.
    SetDescriptorFlags,
    /// The description's status flags.
    GetStatusFlags,
    /// Sets them.
    SetStatusFlags,
    /// Finds out who is in the way of a lock.
    GetLock(Holder),
    /// Sets or drops a lock without waiting.
    SetLock(Holder),
    /// Sets or drops a lock, and waits for it.
    SetLockWait(Holder),
    /// The process that signals of the description go to. It is kept but nothing is sent.
    GetOwner,
    /// Sets it.
    SetOwner,
    /// The size of a pipe's buffer.
    GetPipeSize,
    /// Sets it.
    SetPipeSize,
}

impl Command {
    /// Reads a command.
    ///
    /// # Errors
    /// `INVAL` for one that is not known.
    pub const fn check(command: u32) -> Result<Command, Errno> {
        Ok(match command {
            raw::F_DUPFD => Command::Duplicate {
                close_on_exec: false,
            },
            raw::F_DUPFD_CLOEXEC => Command::Duplicate {
                close_on_exec: true,
            },
            raw::F_GETFD => Command::GetDescriptorFlags,
            raw::F_SETFD => Command::SetDescriptorFlags,
            raw::F_GETFL => Command::GetStatusFlags,
            raw::F_SETFL => Command::SetStatusFlags,
            raw::F_GETLK => Command::GetLock(Holder::Process),
            raw::F_SETLK => Command::SetLock(Holder::Process),
            raw::F_SETLKW => Command::SetLockWait(Holder::Process),
            raw::F_OFD_GETLK => Command::GetLock(Holder::Description),
            raw::F_OFD_SETLK => Command::SetLock(Holder::Description),
            raw::F_OFD_SETLKW => Command::SetLockWait(Holder::Description),
            raw::F_GETOWN => Command::GetOwner,
            raw::F_SETOWN => Command::SetOwner,
            raw::F_GETPIPE_SZ => Command::GetPipeSize,
            raw::F_SETPIPE_SZ => Command::SetPipeSize,
            _ => return Err(Errno::INVAL),
        })
    }

    /// Whether a description that only names its object (O_PATH) answers it.
    #[must_use]
    pub const fn works_on_names(self) -> bool {
        matches!(
            self,
            Command::Duplicate { .. }
                | Command::GetDescriptorFlags
                | Command::SetDescriptorFlags
                | Command::GetStatusFlags
        )
    }
}

/// How many bytes an ioctl request's number says its argument has (`asm-generic/ioctl.h`), or
/// `None` for the old requests that do not say.
#[must_use]
pub const fn argument_bytes(request: u32) -> Option<u64> {
    let (direction, size) = (request >> 30, (request >> 16) & 0x3fff);
    if direction == 0 {
        None
    } else {
        Some(size as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_known_by_number() {
        assert_eq!(
            Command::check(1030),
            Ok(Command::Duplicate {
                close_on_exec: true
            })
        );
        assert_eq!(Command::check(6), Ok(Command::SetLock(Holder::Process)));
        assert_eq!(
            Command::check(38),
            Ok(Command::SetLockWait(Holder::Description))
        );
        assert_eq!(Command::check(999), Err(Errno::INVAL));
        assert!(!Command::SetStatusFlags.works_on_names());
    }

    #[test]
    fn a_request_says_how_long_its_argument_is() {
        assert_eq!(argument_bytes(0x8004_5430), Some(4)); // TIOCGPTN
        assert_eq!(argument_bytes(0x5401), None); // TCGETS
    }
}
