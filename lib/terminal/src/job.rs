//! Job control: whose terminal it is, and who may use it (POSIX 11.1.3 and 11.1.4).

use abi::Errno;
use linux_raw_sys::general;
use minicbor::{Decode, Encode};
use shape::Shape;

use crate::{Control, Happening, LocalFlags, Signal, Terminal};

/// Whose terminal it is; 0 is nobody.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, Shape)]
pub struct Ownership {
    /// The process group that may read.
    #[n(0)]
    pub foreground: u32,
    /// The session whose controlling terminal it is.
    #[n(1)]
    pub session: u32,
    /// The pid of the session's leader.
    #[n(2)]
    pub leader: u32,
}

/// What becomes of the stopping signal if it is sent to the caller's group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignalFate {
    /// The caller takes it.
    Delivered,
    /// The caller blocks or ignores it.
    Ignored,
    /// The caller takes it, but its group is orphaned: nobody could continue it.
    Orphaned,
}

/// Who uses the terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caller {
    /// Its process group.
    pub group: u32,
    /// Its session.
    pub session: u32,
    /// What becomes of `SIGTTIN` (reading) or `SIGTTOU` (writing, setting).
    pub fate: SignalFate,
}

/// Whether a caller may go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Access {
    /// Yes.
    Allowed,
    /// Not before it is in the foreground: send this, and answer `RESTART`.
    Signal(Signal),
    /// No.
    Refused(Errno),
}

/// Who wants the terminal as its controlling terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claimant {
    /// Its pid; it leads its session if they are equal.
    pub pid: u32,
    /// Its process group.
    pub group: u32,
    /// Its session.
    pub session: u32,
    /// What it may do, and has.
    pub claim: Claim,
}

/// The right to a controlling terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    /// The session has a controlling terminal.
    Satisfied,
    /// It has none.
    Needed,
    /// It has none, and the caller is privileged to take another session's (`TIOCSCTTY` with 1).
    Seizing,
}

impl Terminal {
    /// Whether the caller may read.
    pub fn may_read(&self, caller: &Caller) -> Access {
        self.check(caller, general::SIGTTIN)
    }

    /// Whether the caller may write.
    pub fn may_write(&self, caller: &Caller) -> Access {
        if self.hung_up {
            Access::Refused(Errno::IO)
        } else if self.local(LocalFlags::TOSTOP) {
            self.check(caller, general::SIGTTOU)
        } else {
            Access::Allowed
        }
    }

    /// Whether the caller may change the terminal.
    pub fn may_set(&self, caller: &Caller) -> Access {
        if self.hung_up {
            return Access::Refused(Errno::IO);
        }
        self.check(caller, general::SIGTTOU)
    }

    /// Whether the caller may make this request: [`Terminal::may_set`] for those that change
    /// something. `TIOCSPGRP` has its own errno.
    pub fn may_control(&self, control: Control, caller: &Caller) -> Access {
        if !control.changes() {
            return Access::Allowed;
        }
        match self.may_set(caller) {
            Access::Refused(_) if control == Control::SetForeground => {
                Access::Refused(Errno::NOTTY)
            }
            access => access,
        }
    }

    /// A caller in the background of the terminal's own session is stopped. One that would not
    /// be stopped may still write and set, but not read.
    fn check(&self, caller: &Caller, number: u32) -> Access {
        let foreground = self.ownership.foreground;
        if !self.controls(caller.session) || foreground == 0 || foreground == caller.group {
            return Access::Allowed;
        }
        match caller.fate {
            SignalFate::Delivered => Access::Signal(Signal {
                number,
                group: caller.group,
            }),
            SignalFate::Ignored if number != general::SIGTTIN => Access::Allowed,
            SignalFate::Ignored | SignalFate::Orphaned => Access::Refused(Errno::IO),
        }
    }

    /// Whether this is the controlling terminal of the session.
    #[must_use]
    pub fn controls(&self, session: u32) -> bool {
        session != 0 && self.ownership.session == session
    }

    /// Makes this the controlling terminal of the claimant's session (`TIOCSCTTY`, or an open
    /// without `O_NOCTTY`).
    ///
    /// # Errors
    /// `PERM`: the claimant leads no session, has a terminal, or another session has this one.
    pub fn claim(&mut self, claimant: &Claimant) -> Result<(), Errno> {
        let leads = claimant.pid == claimant.session;
        if leads && self.controls(claimant.session) {
            return Ok(());
        }
        let taken = self.ownership.session != 0;
        match claimant.claim {
            Claim::Satisfied => Err(Errno::PERM),
            Claim::Needed if taken => Err(Errno::PERM),
            _ if !leads => Err(Errno::PERM),
            _ => {
                self.ownership = Ownership {
                    foreground: claimant.group,
                    session: claimant.session,
                    leader: claimant.pid,
                };
                Ok(())
            }
        }
    }

    /// A process gives up its controlling terminal (`TIOCNOTTY`). If it leads the session all of
    /// the session loses it, and the foreground group hears so.
    ///
    /// # Errors
    /// `NOTTY`: it is not its controlling terminal.
    pub fn disown(&mut self, pid: u32, session: u32) -> Result<Happening, Errno> {
        if !self.controls(session) {
            return Err(Errno::NOTTY);
        }
        let mut happening = Happening::default();
        if pid == self.ownership.leader {
            let foreground = core::mem::take(&mut self.ownership).foreground;
            happening.signal(general::SIGHUP, foreground);
            happening.signal(general::SIGCONT, foreground);
        }
        Ok(happening)
    }

    /// The leader of a session has ended: its terminal is nobody's, and the foreground group
    /// hears so. Other sessions change nothing.
    pub fn leader_ended(&mut self, session: u32) -> Happening {
        let mut happening = Happening::default();
        if self.controls(session) {
            let foreground = core::mem::take(&mut self.ownership).foreground;
            happening.signal(general::SIGHUP, foreground);
            happening.signal(general::SIGCONT, foreground);
        }
        happening
    }

    /// The foreground group, as the caller's session may see it.
    ///
    /// # Errors
    /// `NOTTY`: it is not the caller's controlling terminal.
    pub fn foreground(&self, caller: &Caller) -> Result<u32, Errno> {
        if self.controls(caller.session) {
            Ok(self.ownership.foreground)
        } else {
            Err(Errno::NOTTY)
        }
    }

    /// Puts a group into the foreground; `group_session` is the session of that group, none if
    /// there is no such group.
    ///
    /// # Errors
    /// `NOTTY`: not the caller's controlling terminal; `INVAL`: no possible group; `SRCH`: no
    /// such group; `PERM`: a group of another session.
    pub fn set_foreground(
        &mut self,
        caller: &Caller,
        group: i32,
        group_session: Option<u32>,
    ) -> Result<(), Errno> {
        if !self.controls(caller.session) {
            return Err(Errno::NOTTY);
        }
        let group = u32::try_from(group).map_err(|_| Errno::INVAL)?;
        match group_session {
            None => Err(Errno::SRCH),
            Some(session) if session != caller.session => Err(Errno::PERM),
            Some(_) => {
                self.ownership.foreground = group;
                Ok(())
            }
        }
    }
}
