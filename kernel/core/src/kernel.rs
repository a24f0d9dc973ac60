//! The kernel: one value.

use alloc::boxed::Box;
use core::fmt;

use abi::limits::{self, SLOTS};
use abi::slot::TransactionStatus;
use abi::trace::Record;
use abi::word::low_16;
use abi::{CallError, Endpoint, Time};

use crate::crash_record::Crashes;
use crate::instance::{INSTANCES, InstanceIndex, Instances};
use crate::log::{Line, Log};
use crate::machine::Machine;
use crate::memory::{BootMemory, ImageSource, Memory};
use crate::process::{ProcessIndex, Processes};
use crate::replace::Transaction;
use crate::request::Requests;
use crate::ring::{RECORDS, Ring};
use crate::rule::Rules;
use crate::schedule::Schedule;
use crate::slot::{LINUX_CALLS, Slot, Slots};
use crate::thread::{Kind, State, Thread, ThreadIndex};
use crate::trap::Ended;

/// How large the kernel's tables are. They are made once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Processes of programs.
    pub processes: usize,
    /// Requests under way, at most 65,535.
    pub requests: usize,
    /// Records of what the kernel did last.
    pub records: usize,
}

impl Limits {
    /// What suits a machine with `frames` page frames.
    #[must_use]
    pub fn for_frames(frames: usize) -> Limits {
        let processes = limits::processes(frames);
        Limits {
            processes,
            requests: (2 * processes + 2048).min(limits::REQUESTS),
            records: RECORDS,
        }
    }
}

/// Counters of what the processor did, in nanoseconds and events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counters {
    pub(crate) idle: u64,
    pub(crate) user: u64,
    pub(crate) services: u64,
    pub(crate) kernel: u64,
    pub(crate) switches: u64,
    pub(crate) interrupts: u64,
}

/// The whole kernel.
///
/// It is used in two ways. The machine layer enters it at a trap (`system_call`, `exception`,
/// `interrupt`, `alarm`); each entry answers with the thread to run next. The `host` module does
/// without a processor: whoever drives it says which thread makes which call.
pub struct Kernel<M: Machine> {
    /// The hardware.
    pub machine: M,
    /// Frames, spaces, and instances' memory.
    pub memory: Memory,
    pub(crate) threads: Box<[Thread]>,
    pub(crate) processes: Processes,
    pub(crate) requests: Requests,
    pub(crate) slots: Slots,
    pub(crate) instances: Instances,
    pub(crate) schedule: Schedule,
    pub(crate) transaction: Option<Transaction>,
    pub(crate) transaction_status: TransactionStatus,
    pub(crate) log: Log,
    pub(crate) ring: Ring,
    pub(crate) crashes: Crashes,
    /// The kernel call that a service is being ended at.
    pub(crate) ended_at: Option<Ended>,
    pub(crate) counters: Counters,
    /// Where the kernel found rs, to start it again if it has no candidate.
    pub(crate) rs_image: Option<ImageSource>,
    /// Attempts at bringing rs back since it last served.
    pub(crate) rs_attempts: u32,
    /// Linux calls without an owner that have been logged.
    pub(crate) unowned_logged: [u64; LINUX_CALLS / 64],
    /// Real time at monotonic time 0, in nanoseconds since 1970.
    pub(crate) real_time: u64,
    /// The rules that hold: in a real kernel, all.
    pub(crate) rules: Rules,
}

impl<M: Machine> Kernel<M> {
    /// Makes all tables.
    ///
    /// # Errors
    /// `NoMemory` if the memory described is too small; `BadArgument` if it contradicts itself.
    pub fn new(
        mut machine: M,
        boot: &BootMemory<'_>,
        limits: Limits,
    ) -> Result<Kernel<M>, CallError> {
        let memory = Memory::new(&mut machine, boot)?;
        let processes = limits
            .processes
            .min(usize::from(u16::MAX) - 2 * INSTANCES - 1);
        let threads = processes + 2 * INSTANCES;
        Ok(Kernel {
            machine,
            memory,
            threads: alloc::vec![Thread::default(); threads].into_boxed_slice(),
            processes: Processes::new(processes),
            requests: Requests::new(limits.requests),
            slots: Slots::new(),
            instances: Instances::new(processes),
            schedule: Schedule::default(),
            transaction: None,
            transaction_status: TransactionStatus {
                outcome: 1,
                ..TransactionStatus::default()
            },
            log: Log::default(),
            ring: Ring::new(limits.records),
            crashes: Crashes::new(),
            ended_at: None,
            counters: Counters::default(),
            rs_image: None,
            rs_attempts: 0,
            unowned_logged: [0; LINUX_CALLS / 64],
            real_time: 0,
            rules: Rules::all(),
        })
    }

    /// The kernel's clock.
    #[must_use]
    pub fn now(&self) -> Time {
        self.machine.now()
    }

    /// The saved registers and state of a thread, for the machine layer.
    pub fn thread_mut(&mut self, thread: ThreadIndex) -> &mut Thread {
        &mut self.threads[thread as usize]
    }

    /// The kernel's log.
    #[must_use]
    pub fn log_ring(&self) -> &Log {
        &self.log
    }

    /// What the kernel did last.
    #[must_use]
    pub fn records(&self) -> &Ring {
        &self.ring
    }

    /// Adds a line to the log and shows it to the host.
    pub fn log(&mut self, text: fmt::Arguments<'_>) {
        let now = self.now().0;
        let (seconds, micros) = (now / 1_000_000_000, now / 1000 % 1_000_000);
        let line = Line::new(format_args!("[{seconds:>5}.{micros:06}] {text}"));
        self.log.push(line.bytes());
        self.machine.log(line.bytes());
    }

    /// When the kernel was entered: the time of all that happens until it is left, for whoever needs
    /// it no more exactly.
    pub(crate) fn moment(&self) -> Time {
        self.schedule.entered
    }

    pub(crate) fn record(&mut self, record: Record) {
        self.ring.add(self.schedule.entered, record);
    }

    pub(crate) fn slot(&self, slot: Endpoint) -> &Slot {
        &self.slots[slot]
    }

    pub(crate) fn slot_mut(&mut self, slot: Endpoint) -> &mut Slot {
        &mut self.slots[slot]
    }

    /// The thread of a slot's current instance.
    pub(crate) fn current_thread(&self, slot: Endpoint) -> Option<ThreadIndex> {
        self.slot(slot)
            .current
            .map(|index| self.instances.thread(index))
    }

    /// The current instance of a slot, if it serves or is frozen.
    pub(crate) fn current(&self, slot: Endpoint) -> Option<InstanceIndex> {
        self.slot(slot).current
    }

    /// The process of a program's thread.
    pub(crate) fn process_of(&self, thread: ThreadIndex) -> Option<ProcessIndex> {
        matches!(self.threads[thread as usize].kind, Kind::Program).then_some(thread)
    }

    /// Lets the current instance of a slot run if it waits for an event.
    pub(crate) fn wake(&mut self, slot: Endpoint) {
        if let Some(thread) = self.current_thread(slot)
            && self.threads[thread as usize].state == State::Receiving
        {
            self.make_ready(thread, State::ReadyToReceive);
        }
    }

    /// All members of a set of slots.
    pub(crate) fn members(set: u64) -> impl Iterator<Item = Endpoint> {
        (0..low_16(SLOTS as u64))
            .filter(move |slot| set >> slot & 1 == 1)
            .map(Endpoint)
    }
}
