//! Process groups and sessions, and who a signal is for.

use super::effects::Effects;
use crate::State;
use crate::process::Process;
use crate::state::Kin;
use abi::Errno;
use alloc::vec::Vec;
use linux::process::information::Information;
use linux::process::signal::Signal;

/// Whom kill(2) means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// One process.
    Process(u32),
    /// A process group.
    Group(u32),
    /// Everybody but the caller and the first process.
    All,
}

impl State {
    /// Whether a process group has no member whose parent is in another group of the session:
    /// nobody would let it go on (POSIX, "orphaned process group").
    #[must_use]
    pub fn is_orphaned(&self, group: u32) -> bool {
        self.is_orphaned_without(group, 0)
    }

    /// The same, as if `gone` were not there.
    pub(super) fn is_orphaned_without(&self, group: u32, gone: u32) -> bool {
        !self.with(Kin::Group(group)).any(|(pid, member)| {
            let counts = pid != gone && member.is_alive();
            // A child of init has nobody who cares, even if init is in the same session.
            counts
                && member.parent != 1
                && member.parent != gone
                && self
                    .process(member.parent)
                    .is_some_and(|parent| parent.group != group && parent.session == member.session)
        })
    }

    /// The members of a group that are alive.
    #[must_use]
    pub fn members(&self, group: u32) -> Vec<u32> {
        let all = self.with(Kin::Group(group));
        let members = all.filter(|(_, process)| process.is_alive());
        members.map(|(pid, _)| pid).collect()
    }

    /// Makes `pid` (0: the caller) a member of `group` (0: the one it names), as setpgid(2).
    /// Answers whose group that is.
    ///
    /// # Errors
    /// As in the manual.
    pub fn set_group(&mut self, caller: u32, pid: u32, group: u32) -> Result<u32, Errno> {
        let pid = if pid == 0 { caller } else { pid };
        let group = if group == 0 { pid } else { group };
        let own = self.process(caller).ok_or(Errno::SRCH)?;
        let process = self
            .process(pid)
            .filter(|process| process.is_alive())
            .ok_or(Errno::SRCH)?;
        if pid != caller {
            if process.parent != caller {
                return Err(Errno::SRCH);
            }
            if process.session != own.session {
                return Err(Errno::PERM);
            }
            if process.executed {
                return Err(Errno::ACCES);
            }
        }
        if process.session == pid {
            return Err(Errno::PERM);
        }
        let session = process.session;
        let exists = |(_, other): (u32, &Process)| other.session == session;
        if group != pid && !self.with(Kin::Group(group)).any(exists) {
            return Err(Errno::PERM);
        }
        self.change(pid, |process| process.group = group);
        Ok(pid)
    }

    /// Makes a process the leader of a new session, as setsid(2).
    ///
    /// # Errors
    /// `PERM` when it leads a group, or a group has its number.
    pub fn set_session(&mut self, pid: u32) -> Result<u32, Errno> {
        if self.with(Kin::Group(pid)).next().is_some() {
            return Err(Errno::PERM);
        }
        self.change(pid, |process| {
            process.group = pid;
            process.session = pid;
        })
        .ok_or(Errno::SRCH)?;
        Ok(pid)
    }

    /// Sends a signal as kill(2); without one it only checks.
    ///
    /// # Errors
    /// `SRCH` when there is nobody, `PERM` when the caller may signal none of them, `AGAIN` when
    /// there is no room for it.
    pub fn kill(
        &mut self,
        caller: u32,
        target: Target,
        signal: Option<Signal>,
        information: Information,
    ) -> Result<Effects, Errno> {
        let targets: Vec<u32> = match target {
            // A zombie can still be named.
            Target::Process(pid) => self.process(pid).map(|_| pid).into_iter().collect(),
            Target::Group(group) => {
                let all = self.with(Kin::Group(group));
                all.map(|(pid, _)| pid).collect()
            }
            Target::All => self
                .after(1)
                .map(|(pid, _)| pid)
                .filter(|pid| *pid != caller)
                .collect(),
        };
        if targets.is_empty() {
            return Err(Errno::SRCH);
        }
        let allowed: Vec<u32> = targets
            .into_iter()
            .filter(|pid| self.may_signal(caller, *pid, signal))
            .collect();
        if allowed.is_empty() {
            return Err(Errno::PERM);
        }
        let mut effects = Effects::default();
        if let Some(signal) = signal {
            let lacks_room = |pid: &u32| self.lacks_room(*pid, signal, information);
            if allowed.iter().any(lacks_room) {
                return Err(Errno::AGAIN);
            }
            for pid in allowed {
                effects = effects.and(self.post(pid, signal, information));
            }
        }
        Ok(effects)
    }

    fn may_signal(&self, caller: u32, pid: u32, signal: Option<Signal>) -> bool {
        let (Some(from), Some(to)) = (self.process(caller), self.process(pid)) else {
            return false;
        };
        from.credentials.may_signal(&to.credentials)
            || signal == Some(Signal::CONT) && from.session == to.session
    }

    /// Sends a signal of a terminal to a group, whoever they are.
    pub fn signal_group(&mut self, group: u32, signal: Signal) -> Effects {
        let mut effects = Effects::default();
        for pid in self.members(group) {
            effects = effects.and(self.post(pid, signal, Information::kernel()));
        }
        effects
    }
}
