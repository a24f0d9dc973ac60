//! Processes are born: the first one, and children.

use crate::State;
use crate::process::{Command, Life, Process};
use crate::state::Memory;
use abi::{Errno, SpaceId, Time};
use alloc::vec::Vec;
use linux::process::action::AlternateStack;
use linux::process::clone::Child;
use linux::process::signal::SignalSet;
use linux::process::usage::Usage;

/// A child about to be born.
#[derive(Clone, Copy, Debug)]
pub struct Birth {
    /// Who makes it.
    pub maker: u32,
    /// Its number.
    pub number: u32,
    /// What was asked for.
    pub child: Child,
    /// Its address space.
    pub space: SpaceId,
    /// When.
    pub now: Time,
}

impl State {
    /// Adds the first process, in group and session 0: it may make its own (as on Linux).
    pub fn first(&mut self, pid: u32, space: SpaceId, command: Command, now: Time) {
        let process = Process {
            executed: true,
            started: now.0,
            ..Process::default()
        };
        self.insert(
            pid,
            process,
            Memory {
                space,
                is_borrowed: false,
            },
        );
        self.commands_mut().insert(pid, command);
    }

    /// Adds a child.
    ///
    /// # Errors
    /// `SRCH` when its maker is no more.
    pub fn born(&mut self, birth: &Birth) -> Result<(), Errno> {
        let Birth {
            maker,
            number,
            child,
            space,
            now,
        } = *birth;
        let parent = self.process(maker).ok_or(Errno::SRCH)?;
        let process = Process {
            parent: if child.is_sibling {
                parent.parent
            } else {
                maker
            },
            life: Life::Running,
            exit_signal: child.exit_signal,
            suspended: None,
            awaited: SignalSet::default(),
            pending: Vec::new(),
            interrupts: u64::from(child.child_number.is_some()),
            alternate: match child.shares_memory {
                true => AlternateStack::default(),
                false => parent.alternate,
            },
            cleared: child.cleared.unwrap_or(0),
            number_at: child.child_number,
            parent_waits: child.parent_waits,
            executed: false,
            sleeps_until: None,
            children: Usage::default(),
            started: now.0,
            news: None,
            ..parent.clone()
        };
        self.insert(
            number,
            process,
            Memory {
                space,
                is_borrowed: child.shares_memory,
            },
        );
        self.change(number, |process| {
            process.attributes.parent_end_signal = None;
            process.attributes.adopts = false;
        });
        self.inherit(maker, number, child.clears_handlers);
        Ok(())
    }

    fn inherit(&mut self, maker: u32, number: u32, clears_handlers: bool) {
        let actions: Vec<_> = self
            .actions()
            .range((maker, 0)..=(maker, u8::MAX))
            .filter(|(_, action)| !clears_handlers || action.is_ignore())
            .map(|((_, signal), action)| (*signal, *action))
            .collect();
        for (signal, action) in actions {
            self.actions_mut().insert((number, signal), action);
        }
        if let Some(limits) = self.limits().get(&maker).cloned() {
            self.limits_mut().insert(number, limits);
        }
        if let Some(command) = self.commands().get(&maker).cloned() {
            self.commands_mut().insert(number, command);
        }
    }
}
