//! Parents wait for their children.

use crate::State;
use crate::process::{Life, Process};
use crate::state::Kin;
use abi::Errno;
use alloc::vec::Vec;
use linux::process::usage::Usage;
use linux::process::wait::{Change, Wanted, Which};

/// A child that has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    /// Its number.
    pub pid: u32,
    /// Its user.
    pub user: u32,
    /// What became of it.
    pub change: Change,
    /// What it and its waited-for children used.
    pub usage: Usage,
}

impl State {
    /// The first child of `parent` that is waited for and has changed; `None` when none has yet.
    ///
    /// # Errors
    /// `CHILD` when there is none to wait for.
    pub fn find_changed(&self, parent: u32, wanted: &Wanted) -> Result<Option<Found>, Errno> {
        let own_group = self.process(parent).map_or(0, |process| process.group);
        let mut is_any = false;
        for (pid, child) in self.with(Kin::Parent(parent)) {
            let fits = match wanted.which {
                Which::Any => true,
                Which::OwnGroup => child.group == own_group,
                Which::Group(group) => child.group == group,
                Which::Process(process) => pid == process,
            };
            if !fits {
                continue;
            }
            is_any = true;
            if let Some(change) = changed(child, wanted) {
                let usage = match child.life {
                    Life::Zombie(_, usage) => usage.plus(child.children),
                    _ => child.children,
                };
                let user = child.credentials.users.real;
                return Ok(Some(Found {
                    pid,
                    user,
                    change,
                    usage,
                }));
            }
        }
        if is_any { Ok(None) } else { Err(Errno::CHILD) }
    }

    /// The parent has heard of a change: an ended child is forgotten.
    pub fn heard(&mut self, parent: u32, found: &Found) {
        match found.change {
            Change::Exited(_) | Change::Killed(..) => {
                self.change(parent, |process| {
                    process.children = process.children.plus(found.usage);
                });
                self.forget(found.pid);
            }
            Change::Stopped(_) | Change::Continued => {
                self.change(found.pid, |process| process.news = None);
            }
        }
    }

    /// Forgets all that is kept for a process.
    pub(super) fn forget(&mut self, pid: u32) {
        self.remove(pid);
        self.limits_mut().remove(&pid);
        self.commands_mut().remove(&pid);
        let all = self
            .actions()
            .range((pid, 0)..=(pid, u8::MAX))
            .map(|((_, signal), _)| *signal);
        let all: Vec<u8> = all.collect();
        for signal in all {
            self.actions_mut().remove(&(pid, signal));
        }
    }

    /// Whether a child for which its parent waits has executed or ended.
    #[must_use]
    pub fn has_let_go(&self, child: u32) -> bool {
        !self
            .process(child)
            .is_some_and(|process| process.parent_waits)
    }
}

fn changed(child: &Process, wanted: &Wanted) -> Option<Change> {
    match (child.life, child.news) {
        (Life::Zombie(change, _), _) => wanted.ended.then_some(change),
        (_, Some(news @ Change::Stopped(_))) => wanted.stopped.then_some(news),
        (_, Some(news @ Change::Continued)) => wanted.continued.then_some(news),
        _ => None,
    }
}
