//! Version 1: a niceness for each process.

use crate::policy::Nice;
use abi::Pid;
use minicbor::{Decode, Encode};
use service::container::Map;
use shape::Shape;

/// What sched knows.
#[derive(Debug, Default, Encode, Decode, Shape)]
pub struct State {
    #[n(0)]
    pub(super) nice: Map<Pid, Nice>,
}

impl State {
    /// A process starts with its parent's niceness.
    pub fn start(&mut self, process: Pid, parent: Pid) -> Nice {
        let nice = self.nice(parent).unwrap_or(Nice::NORMAL);
        self.nice.insert(process, nice);
        nice
    }

    /// A process has ended.
    pub fn stop(&mut self, process: Pid) {
        self.nice.remove(&process);
    }

    /// The niceness of a process, if it is known.
    #[must_use]
    pub fn nice(&self, process: Pid) -> Option<Nice> {
        self.nice.get(&process).copied()
    }

    /// Changes the niceness of a process.
    pub fn set_nice(&mut self, process: Pid, nice: Nice) {
        self.nice.insert(process, nice);
    }
}

impl service::State for State {
    const VERSION: u32 = 1;
    type Other = super::version_2::State;
    const OTHER_VERSION: u32 = 2;

    fn fresh(_: &service::Start) -> Self {
        Self::default()
    }

    fn check(&mut self) -> usize {
        let before = self.nice.len();
        self.nice.retain(|_, nice| nice.is_sound());
        before - self.nice.len()
    }
}
