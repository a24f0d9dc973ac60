//! Version 2: classes beside niceness, and a count of processes started.

use crate::policy::Nice;
use abi::Pid;
use minicbor::{Decode, Encode};
use service::container::{Map, Value};
use shape::Shape;

/// How a process is scheduled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Shape)]
pub(super) enum Class {
    /// By its niceness.
    #[n(0)]
    Normal(#[n(0)] Nice),
    /// Only when nothing else runs: kept for the versions to come.
    #[n(1)]
    Idle,
}

/// What sched knows.
#[derive(Debug, Default, Encode, Decode, Shape)]
pub struct State {
    #[n(1)]
    pub(super) processes: Map<Pid, Class>,
    /// Processes started.
    #[n(2)]
    pub(super) started: Value<u64>,
}

impl State {
    /// A process starts with its parent's niceness.
    pub fn start(&mut self, process: Pid, parent: Pid) -> Nice {
        let nice = self.nice(parent).unwrap_or(Nice::NORMAL);
        self.processes.insert(process, Class::Normal(nice));
        self.started.change(|started| *started += 1);
        nice
    }

    /// A process has ended.
    pub fn stop(&mut self, process: Pid) {
        self.processes.remove(&process);
    }

    /// The niceness of a process, if it is known.
    #[must_use]
    pub fn nice(&self, process: Pid) -> Option<Nice> {
        self.processes.get(&process).map(|class| match class {
            Class::Normal(nice) => *nice,
            Class::Idle => Nice::NORMAL,
        })
    }

    /// Changes the niceness of a process.
    pub fn set_nice(&mut self, process: Pid, nice: Nice) {
        self.processes.insert(process, Class::Normal(nice));
    }
}

impl service::State for State {
    const VERSION: u32 = 2;
    type Other = super::version_1::State;
    const OTHER_VERSION: u32 = 1;

    fn fresh(_: &service::Start) -> Self {
        Self::default()
    }

    fn check(&mut self) -> usize {
        let before = self.processes.len();
        self.processes.retain(|_, class| match class {
            Class::Normal(nice) => nice.is_sound(),
            Class::Idle => true,
        });
        before - self.processes.len()
    }
}
