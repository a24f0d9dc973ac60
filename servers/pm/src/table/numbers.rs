//! Numbers of processes, random numbers, and the limits of processes.

use crate::State;
use crate::state::{Counter, Kin};
use abi::{Errno, limits};
use alloc::vec::Vec;
use linux::process::limit::{INFINITY, Limit, Resource};
use service::container::Map;

/// Numbers start again behind the last of them (Linux: PID_MAX_LIMIT).
const LAST_NUMBER: u32 = 1 << 22;
/// Where they start again (Linux: RESERVED_PIDS).
const FIRST_AGAIN: u32 = 300;
/// Signals that may be queued at a process, so that all of them fit pm's memory (POSIX: at least 32).
const QUEUED_SIGNALS: u64 = 128;
/// Whose child everybody is who has no other parent.
const INIT: u32 = abi::Pid::INIT.0;
/// The root user's processes are not counted.
const ROOT: u32 = 0;

/// The limits of a system where nobody has set any (Linux's defaults, where they mean something).
#[must_use]
pub(super) fn default_limit(resource: Resource) -> Limit {
    let bounded = |soft, hard| Limit { soft, hard };
    match resource {
        Resource::STACK => bounded(8 << 20, INFINITY),
        Resource::CORE => bounded(0, INFINITY),
        Resource::DESCRIPTORS => bounded(1024, limits::DESCRIPTORS as u64),
        Resource::LOCKED => bounded(8 << 20, 8 << 20),
        Resource::PROCESSES => bounded(limits::PROCESSES as u64, limits::PROCESSES as u64),
        Resource::SIGNALS => bounded(QUEUED_SIGNALS, QUEUED_SIGNALS),
        _ => Limit::NONE,
    }
}

impl State {
    /// Takes the number of a new process of `parent`.
    ///
    /// # Errors
    /// `AGAIN` when there are too many processes, in all or of this user.
    pub fn next_number(&mut self, parent: u32) -> Result<u32, Errno> {
        let user = self
            .process(parent)
            .ok_or(Errno::SRCH)?
            .credentials
            .users
            .real;
        let most = self.limit(parent, Resource::PROCESSES).soft;
        let own = || {
            let all = self.after(0);
            all.filter(|(_, process)| process.credentials.users.real == user)
                .count() as u64
        };
        let may_be_many = user != ROOT && self.count() as u64 >= most;
        if self.count() >= limits::PROCESSES || may_be_many && own() >= most {
            return Err(Errno::AGAIN);
        }
        let mut number = u32::try_from(self.counter(Counter::LastProcess)).unwrap_or(LAST_NUMBER);
        loop {
            number = if number >= LAST_NUMBER {
                FIRST_AGAIN
            } else {
                number + 1
            };
            if !self.is_taken(number) {
                break;
            }
        }
        self.set_counter(Counter::LastProcess, number.into());
        Ok(number)
    }

    /// Whether a number names a process, a group or a session.
    fn is_taken(&self, number: u32) -> bool {
        self.process(number).is_some()
            || self.makings().get(&number).is_some()
            || self.with(Kin::Group(number)).next().is_some()
            || self.with(Kin::Session(number)).next().is_some()
    }

    /// Random words (splitmix64, Steele and others 2014), for layouts and AT_RANDOM.
    pub fn random<const COUNT: usize>(&mut self) -> [u64; COUNT] {
        core::array::from_fn(|_| {
            let seed = self
                .counter(Counter::Random)
                .wrapping_add(0x9e37_79b9_7f4a_7c15);
            self.set_counter(Counter::Random, seed);
            let mixed = (seed ^ seed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
            mixed ^ mixed >> 31
        })
    }

    /// A limit of a process.
    #[must_use]
    pub fn limit(&self, pid: u32, resource: Resource) -> Limit {
        let own = self
            .limits()
            .get(&pid)
            .and_then(|own| own.get(resource.index()));
        own.copied().unwrap_or_else(|| default_limit(resource))
    }

    /// Sets a limit of a process.
    pub fn set_limit(&mut self, pid: u32, resource: Resource, limit: Limit) {
        let all = (0..u64::from(Resource::COUNT)).filter_map(Resource::new);
        let mut limits: Vec<Limit> = all.map(|each| self.limit(pid, each)).collect();
        if let Some(own) = limits.get_mut(resource.index()) {
            *own = limit;
        }
        self.limits_mut().insert(pid, limits);
    }

    /// Drops what is kept for numbers that name no process; returns how much.
    pub fn drop_strays(&mut self) -> usize {
        let before = self.limits().len() + self.commands().len() + self.actions().len();
        let pids: Vec<u32> = self.after(0).map(|(pid, _)| pid).collect();
        let known = |pid: &u32| pids.binary_search(pid).is_ok();
        retain(self.limits_mut(), |pid| known(pid));
        retain(self.commands_mut(), |pid| known(pid));
        self.actions_mut().retain(|(pid, _), _| known(pid));
        let parents: Vec<u32> = self
            .after(0)
            .filter(|(pid, process)| {
                *pid != INIT && process.parent != INIT && !known(&process.parent)
            })
            .map(|(pid, _)| pid)
            .collect();
        for pid in &parents {
            self.change(*pid, |process| process.parent = INIT);
        }
        before - (self.limits().len() + self.commands().len() + self.actions().len())
            + parents.len()
            + self.drop_stray_timers(known)
    }
}

fn retain<V: Clone>(map: &mut Map<u32, V>, keep: impl Fn(&u32) -> bool) {
    map.retain(|pid, _| keep(pid));
}
