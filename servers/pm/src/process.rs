//! A process, as both versions keep it.

use crate::credentials::Credentials;
use abi::{Caller, RequestId, SpaceId};
use alloc::vec::Vec;
use linux::process::action::AlternateStack;
use linux::process::information::Information;
use linux::process::signal::{Signal, SignalSet};
use linux::process::usage::Usage;
use linux::process::wait::Change;
use minicbor::{Decode, Encode};
use shape::Shape;

/// What a process is doing, as far as pm decides it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, Shape)]
pub enum Life {
    /// It runs, or waits for a request.
    #[n(0)]
    #[default]
    Running,
    /// A signal has stopped it: its thread waits in pm.
    #[n(1)]
    Stopped(#[n(0)] Signal),
    /// It is being taken apart.
    #[n(2)]
    Ending(#[n(0)] Departure),
    /// It has ended and waits for its parent.
    #[n(3)]
    Zombie(#[n(0)] Change, #[n(1)] Usage),
}

/// How a process ends, and what it leaves behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Shape)]
pub struct Departure {
    /// The request that takes it apart.
    #[n(0)]
    pub request: RequestId,
    /// How it ends.
    #[n(1)]
    pub change: Change,
    /// The address space to free, or none.
    #[n(2)]
    pub space: SpaceId,
    /// The session that it led, or 0.
    #[n(3)]
    pub session: u32,
    /// What is to be cleared in memory that others share, or 0.
    #[n(4)]
    pub cleared: u64,
}

/// A child that is being made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Shape)]
pub struct Making {
    /// The request that makes it.
    #[n(0)]
    pub request: RequestId,
    /// The address space made for it, or none.
    #[n(1)]
    pub space: SpaceId,
}

/// A signal that has been sent and not yet been taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Shape)]
pub struct Pending {
    /// Which.
    #[n(0)]
    pub signal: Signal,
    /// Who sent it and why.
    #[n(1)]
    pub information: Information,
    /// The timer it is from, so that a timer has one signal pending at most.
    #[n(2)]
    pub timer: Option<u32>,
}

/// Switches of prctl(2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Shape)]
pub struct Attributes {
    /// The signal sent when its parent ends.
    #[n(0)]
    pub parent_end_signal: Option<Signal>,
    /// Orphans among its descendants become its children.
    #[n(1)]
    pub adopts: bool,
    /// Executing gives no new rights.
    #[n(2)]
    pub no_new_rights: bool,
    /// PR_SET_DUMPABLE.
    #[n(3)]
    pub dumpable: u32,
    /// PR_SET_TIMERSLACK, in nanoseconds.
    #[n(4)]
    pub timer_slack: u64,
    /// personality(2).
    #[n(5)]
    pub personality: u32,
}

/// Nanoseconds by which Linux lets timers of ordinary processes be late.
const TIMER_SLACK: u64 = 50_000;

impl Default for Attributes {
    fn default() -> Self {
        Attributes {
            parent_end_signal: None,
            adopts: false,
            no_new_rights: false,
            dumpable: 1,
            timer_slack: TIMER_SLACK,
            personality: 0,
        }
    }
}

/// A process, except for its memory, which the versions keep differently.
#[derive(Clone, Debug, Default, Encode, Decode, Shape)]
pub struct Process {
    /// Its parent.
    #[n(0)]
    pub parent: u32,
    /// Its process group.
    #[n(1)]
    pub group: u32,
    /// Its session.
    #[n(2)]
    pub session: u32,
    /// What it is doing.
    #[n(3)]
    pub life: Life,
    /// Who it acts for.
    #[n(4)]
    pub credentials: Credentials,
    /// The signal that its end raises.
    #[n(5)]
    pub exit_signal: Option<Signal>,
    /// Signals it does not take now.
    #[n(6)]
    pub blocked: SignalSet,
    /// What `blocked` becomes again after rt_sigsuspend.
    #[n(7)]
    pub suspended: Option<SignalSet>,
    /// Signals that rt_sigtimedwait waits for.
    #[n(8)]
    pub awaited: SignalSet,
    /// Signals sent and not taken, in the order in which they came.
    #[n(9)]
    pub pending: Vec<Pending>,
    /// How often the kernel was told to interrupt it.
    #[n(10)]
    pub interrupts: u64,
    /// Where handlers may run.
    #[n(11)]
    pub alternate: AlternateStack,
    /// What is cleared in shared memory when it ends, or 0.
    #[n(12)]
    pub cleared: u64,
    /// Where its number is still to be written in its own memory.
    #[n(13)]
    pub number_at: Option<u64>,
    /// Its parent waits until it has executed or ended.
    #[n(14)]
    pub parent_waits: bool,
    /// It has executed since it was made.
    #[n(15)]
    pub executed: bool,
    /// When the sleep that was interrupted ends, for the call started again.
    #[n(16)]
    pub sleeps_until: Option<u64>,
    /// What waited-for children used.
    #[n(17)]
    pub children: Usage,
    /// When it was made, in nanoseconds since the start.
    #[n(18)]
    pub started: u64,
    /// A stop or continuation its parent has not waited for.
    #[n(19)]
    pub news: Option<Change>,
    /// Switches.
    #[n(20)]
    pub attributes: Attributes,
    /// How much it steps back for others, -20 to 19, as sched was told.
    #[n(21)]
    pub nice: i32,
}

impl Process {
    /// Whether it has not ended.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        matches!(self.life, Life::Running | Life::Stopped(_))
    }

    /// Signals that are pending.
    #[must_use]
    pub fn pending_set(&self) -> SignalSet {
        self.pending
            .iter()
            .fold(SignalSet::default(), |set, pending| {
                set.with(pending.signal)
            })
    }

    /// Signals that are pending and not blocked.
    #[must_use]
    pub fn deliverable(&self) -> SignalSet {
        self.pending_set().minus(self.blocked)
    }

    /// Whether there is something for it to take, or that it waits for.
    #[must_use]
    pub fn is_due(&self) -> bool {
        let due = self.pending_set().minus(self.blocked.minus(self.awaited));
        self.is_alive() && !due.is_empty()
    }

    /// Whether SIGKILL is pending.
    #[must_use]
    pub fn is_killed(&self) -> bool {
        self.pending
            .iter()
            .any(|pending| pending.signal == Signal::KILL)
    }

    /// Takes the oldest pending signal of a number.
    pub fn take(&mut self, signal: Signal) -> Option<Pending> {
        let at = self
            .pending
            .iter()
            .position(|pending| pending.signal == signal)?;
        Some(self.pending.remove(at))
    }

    /// What the kernel stamps on its requests, except for pid and space.
    #[must_use]
    pub fn identity(&self) -> Caller {
        Caller {
            user: self.credentials.users.file_system,
            group: self.credentials.groups.file_system,
            process_group: self.group,
            session: self.session,
            ..Caller::default()
        }
    }
}

/// What a process runs, for those who look.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, Shape)]
pub struct Command {
    /// Its name, at most 15 bytes.
    #[cbor(n(0), with = "minicbor::bytes")]
    pub name: Vec<u8>,
    /// Its arguments, each ended by a zero.
    #[cbor(n(1), with = "minicbor::bytes")]
    pub arguments: Vec<u8>,
    /// Where its stack starts.
    #[n(2)]
    pub stack_start: u64,
}

impl Command {
    /// Bytes of a name, without the terminating zero (Linux: TASK_COMM_LEN).
    pub const NAME_BYTES: usize = 15;
    /// Bytes of arguments that are kept for proc.
    pub const ARGUMENT_BYTES: usize = 4096;

    /// The command that a path and arguments make.
    #[must_use]
    pub fn new(path: &[u8], arguments: &[u8], stack_start: u64) -> Command {
        let name = path.rsplit(|byte| *byte == b'/').next().unwrap_or(path);
        let kept = arguments.len().min(Self::ARGUMENT_BYTES);
        Command {
            name: name[..name.len().min(Self::NAME_BYTES)].to_vec(),
            arguments: arguments[..kept].to_vec(),
            stack_start,
        }
    }
}

/// A timer of a process: ITIMER_..., or one of timer_create.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Shape)]
pub struct Timer {
    /// When it is looked at next, ns since the start.
    #[n(0)]
    pub deadline: u64,
    /// Nanoseconds between expiries; 0 for one only.
    #[n(1)]
    pub interval: u64,
    /// The signal it raises, if any.
    #[n(2)]
    pub signal: Option<Signal>,
    /// The value that goes with the signal.
    #[n(3)]
    pub value: u64,
    /// What it counts.
    #[n(4)]
    pub counts: Counts,
    /// For a timer of processor time: the time used when it expires.
    #[n(5)]
    pub used_at_end: u64,
    /// Expiries since the signal was taken, beyond the first.
    #[n(6)]
    pub overruns: u64,
}

/// What a timer counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Shape)]
pub enum Counts {
    /// Time.
    #[n(0)]
    Real,
    /// The process's time in user mode.
    #[n(1)]
    User,
    /// The process's time.
    #[n(2)]
    Processor,
}

/// The number of the timer ITIMER_REAL; ITIMER_VIRTUAL and ITIMER_PROF follow.
pub(crate) const ITIMER_REAL: u32 = 0;
/// The number of the timer that watches RLIMIT_CPU.
pub(crate) const CPU_LIMIT: u32 = 3;
/// The number of the first timer of timer_create, whose own number is then 0.
pub(crate) const FIRST_POSIX: u32 = 16;
