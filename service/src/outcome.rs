//! How a handler ends.

use abi::{CallError, Errno, Reply};

/// What a handler comes to. [`End`] can only be had from `Cx::end` and its kin, so that the end of
/// a request is never forgotten in the journal.
pub type Outcome = Result<End, Refused>;

/// Proof that the request has been ended in the journal, or handed on.
#[derive(Debug)]
pub struct End(pub(crate) Ending);

#[derive(Debug)]
pub(crate) enum Ending {
    Replied(Reply),
    Forwarded,
}

/// Why a request is not answered as asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// With an error, and perhaps a signal for the process it was made for.
    Error {
        /// The error.
        errno: Errno,
        /// The signal.
        signal: Option<Raise>,
    },
    /// The kernel has taken the request back to fetch memory of its caller, and will deliver it
    /// again. Nothing may be changed; the handler just ends.
    Withdrawn,
}

/// A signal that rides on a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Raise {
    /// The signal's number.
    pub signal: u32,
    /// Whether it is for the whole process group.
    pub group: bool,
}

impl Refused {
    /// An error with a signal.
    #[must_use]
    pub const fn raising(errno: Errno, signal: u32, group: bool) -> Refused {
        Refused::Error {
            errno,
            signal: Some(Raise { signal, group }),
        }
    }

    pub(crate) fn to_reply(self) -> Option<Reply> {
        let Refused::Error { errno, signal } = self else {
            return None;
        };
        let mut reply = Reply::value(errno.result());
        if let Some(raise) = signal {
            reply.signal = raise.signal;
            reply.signal_group = u32::from(raise.group);
        }
        Some(reply)
    }

    pub(crate) fn from_reply(reply: &Reply) -> Option<Refused> {
        let errno = Errno::check(reply.result).err()?;
        let group = reply.signal_group != 0;
        let signal = (reply.signal != 0).then_some(Raise {
            signal: reply.signal,
            group,
        });
        Some(Refused::Error { errno, signal })
    }

    /// The errno, if it is an error.
    #[must_use]
    pub const fn errno(self) -> Option<Errno> {
        match self {
            Refused::Error { errno, .. } => Some(errno),
            Refused::Withdrawn => None,
        }
    }
}

impl From<Errno> for Refused {
    fn from(errno: Errno) -> Self {
        Refused::Error {
            errno,
            signal: None,
        }
    }
}

/// The one place where errors of kernel calls become errnos.
impl From<CallError> for Refused {
    fn from(error: CallError) -> Self {
        let errno = match error {
            CallError::Absent => return Refused::Withdrawn,
            CallError::BadAddress | CallError::BadLease => Errno::FAULT,
            CallError::NoMemory => Errno::NOMEM,
            CallError::NoProcess | CallError::NoSpace => Errno::SRCH,
            CallError::TooMany => Errno::AGAIN,
            CallError::NotPermitted => Errno::PERM,
            CallError::NoSlot => Errno::IO,
            CallError::BadImage => Errno::NOEXEC,
            CallError::UnknownCall | CallError::BadArgument | CallError::BadState => Errno::INVAL,
            CallError::NoRequest => Errno::IO,
        };
        errno.into()
    }
}
