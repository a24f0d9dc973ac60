//! A process executes another program.

use super::effects::{Effects, key};
use crate::State;
use crate::process::{Command, FIRST_POSIX};
use crate::state::{Kin, Memory};
use abi::{Errno, SpaceId};
use alloc::vec::Vec;
use linux::process::action::AlternateStack;
use linux::process::signal::Signal;

/// A program that is about to run.
#[derive(Clone, Debug)]
pub struct Execution {
    /// Its memory.
    pub space: SpaceId,
    /// Its name and arguments.
    pub command: Command,
    /// The user it acts as from now on.
    pub user: Option<u32>,
    /// The group it acts as from now on.
    pub group: Option<u32>,
}

impl State {
    /// The process runs another program from now on. Answers the address space to free, if any.
    ///
    /// # Errors
    /// `SRCH`.
    pub fn execute(
        &mut self,
        pid: u32,
        execution: &Execution,
    ) -> Result<(SpaceId, Effects), Errno> {
        let old = self.leave_memory(pid);
        let mut effects = Effects::default();
        self.change(pid, |process| {
            process.alternate = AlternateStack::default();
            process.cleared = 0;
            process.executed = true;
            process.sleeps_until = None;
            if process.exit_signal.is_some() {
                process.exit_signal = Some(Signal::CHLD);
            }
            let gains = process.credentials.execute(execution.user, execution.group);
            process.attributes.dumpable = u32::from(!gains);
            if gains {
                process.attributes.parent_end_signal = None;
            }
            if core::mem::take(&mut process.parent_waits) {
                effects.wake(key::vfork(pid));
            }
        })
        .ok_or(Errno::SRCH)?;
        self.set_memory(
            pid,
            Memory {
                space: execution.space,
                is_borrowed: false,
            },
        );
        self.commands_mut().insert(pid, execution.command.clone());
        self.forget_handlers(pid);
        let timers: Vec<u32> = self.timers_of(pid).map(|(number, _)| number).collect();
        for number in timers.into_iter().filter(|number| *number >= FIRST_POSIX) {
            self.set_timer(pid, number, None);
        }
        Ok((old, effects))
    }

    /// Caught signals go back to their defaults; ignored ones stay ignored.
    fn forget_handlers(&mut self, pid: u32) {
        let caught: Vec<u8> = self
            .actions()
            .range((pid, 0)..=(pid, u8::MAX))
            .filter(|(_, action)| !action.is_ignore())
            .map(|((_, signal), _)| *signal)
            .collect();
        for signal in caught {
            self.actions_mut().remove(&(pid, signal));
        }
    }

    /// Takes a process out of its memory. Answers the space to free: none when it was borrowed, or
    /// when somebody who borrowed it is still in it and now owns it.
    pub(super) fn leave_memory(&mut self, pid: u32) -> SpaceId {
        let memory = self.memory(pid);
        self.set_memory(pid, Memory::default());
        if memory.is_borrowed || memory.space == SpaceId::NONE {
            return SpaceId::NONE;
        }
        let heir = self.with(Kin::Space(memory.space)).next();
        match heir.map(|(heir, _)| heir) {
            Some(heir) => {
                self.set_memory(
                    heir,
                    Memory {
                        is_borrowed: false,
                        ..memory
                    },
                );
                SpaceId::NONE
            }
            None => memory.space,
        }
    }
}
