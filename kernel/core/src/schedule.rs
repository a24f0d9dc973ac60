//! Who runs next: 32 priorities, first come first served in each, programs in time slices.

use abi::event::notification;
use abi::slot::Failure;
use abi::trace::{Record, Runner};
use abi::{Endpoint, Time};

use crate::kernel::Kernel;
use crate::list::{Chain, List};
use crate::machine::{Frame, Machine};
use crate::slot::every;
use crate::thread::{Kind, State, ThreadIndex};

/// Priorities: services have those below 16, programs those from 16 on.
pub const PRIORITIES: usize = 32;
/// A program's priority until sched says otherwise.
pub(crate) const DEFAULT_PRIORITY: u8 = 20;
/// The length of a tick, in nanoseconds: the grain of time slices and of liveness.
pub const TICK: u64 = 10_000_000;

/// How long pages of what has ended may wait while others run, in nanoseconds.
const SWEEP: u64 = 1_000_000;

/// What the processor is to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Next {
    /// Run this thread (see [`Kernel::thread_mut`]) in the space with this top-level page table.
    Run {
        /// The thread whose registers to load, and to save to at the next entry.
        thread: ThreadIndex,
        /// The page table to use.
        root: Frame,
    },
    /// Wait for an interrupt.
    Idle,
}

/// The queues and the clock of the scheduler.
#[derive(Debug)]
pub(crate) struct Schedule {
    queues: [List; PRIORITIES],
    /// Bit n: the queue of priority n is not empty.
    ready: u32,
    /// The thread on the processor.
    pub(crate) running: Option<ThreadIndex>,
    /// The thread that ran before, to count switches.
    last: Option<ThreadIndex>,
    /// Whether the kernel was entered by a trap, and is to say who goes to the processor.
    pub(crate) picks: bool,
    /// The thread whose call the kernel was entered by.
    pub(crate) caller: Option<ThreadIndex>,
    /// When the kernel was entered.
    pub(crate) entered: Time,
    /// When the kernel was left.
    left: Time,
    /// The next tick.
    tick: Time,
    /// No slot's timer is earlier.
    pub(crate) next_timer: Time,
    /// When pages of what has ended are freed at the latest.
    sweep: Time,
    /// The slot that is to be ended when it has run long enough.
    pub(crate) trapped: Option<Endpoint>,
    /// What the machine's clock is set to.
    alarm: Time,
}

impl Default for Schedule {
    fn default() -> Self {
        Schedule {
            queues: [List::EMPTY; PRIORITIES],
            ready: 0,
            running: None,
            last: None,
            picks: false,
            caller: None,
            entered: Time(0),
            left: Time(0),
            tick: Time(TICK),
            next_timer: Time::NEVER,
            sweep: Time::NEVER,
            trapped: None,
            alarm: Time::NEVER,
        }
    }
}

impl Schedule {
    /// The most urgent priority with a thread ready.
    fn best(&self) -> Option<usize> {
        (self.ready != 0).then(|| self.ready.trailing_zeros() as usize)
    }
}

/// Which end of its queue a thread goes to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    /// It was preempted and goes on first.
    Front,
    /// It comes or has used up its slice.
    Back,
}

impl<M: Machine> Kernel<M> {
    /// Puts a thread that does not run into a runnable state.
    pub(crate) fn make_ready(&mut self, thread: ThreadIndex, state: State) {
        self.threads[thread as usize].state = state;
        let stopped = self
            .process_of(thread)
            .is_some_and(|process| self.processes.items[process as usize].stopped);
        if !stopped {
            self.enqueue(thread, End::Back);
        }
    }

    /// Puts a thread into the queue of its priority. When nobody is on the processor, as after a call
    /// that is waited for, the most urgent one needs no queue.
    fn enqueue(&mut self, thread: ThreadIndex, end: End) {
        let record = &mut self.threads[thread as usize];
        if record.queued || self.schedule.running == Some(thread) {
            return;
        }
        let priority = usize::from(record.priority) % PRIORITIES;
        let is_first = self.schedule.best().is_none_or(|best| priority < best);
        if self.schedule.picks && self.schedule.running.is_none() && is_first {
            self.schedule.running = Some(thread);
            return;
        }
        record.queued = true;
        let queue = &mut self.schedule.queues[priority];
        match end {
            End::Front => queue.push_front(&mut self.threads, Chain::Place, thread),
            End::Back => queue.push_back(&mut self.threads, Chain::Place, thread),
        }
        self.schedule.ready |= 1 << priority;
    }

    fn dequeue(&mut self, thread: ThreadIndex) {
        let record = &mut self.threads[thread as usize];
        if !core::mem::take(&mut record.queued) {
            return;
        }
        let priority = usize::from(record.priority) % PRIORITIES;
        let queue = &mut self.schedule.queues[priority];
        queue.remove(&mut self.threads, Chain::Place, thread);
        if queue.is_empty() {
            self.schedule.ready &= !(1 << priority);
        }
    }

    /// Takes a thread off the processor or out of its queue, into a state that is not runnable.
    pub(crate) fn block(&mut self, thread: ThreadIndex, state: State) {
        self.dequeue(thread);
        if self.schedule.running == Some(thread) {
            self.schedule.running = None;
        }
        self.threads[thread as usize].state = state;
    }

    /// Takes a thread out of its queue but keeps its state (a stopped process).
    pub(crate) fn park(&mut self, thread: ThreadIndex) {
        self.dequeue(thread);
        if self.schedule.running == Some(thread) {
            self.schedule.running = None;
            self.threads[thread as usize].state = State::Ready;
        }
    }

    /// Changes a thread's priority.
    pub(crate) fn set_priority(&mut self, thread: ThreadIndex, priority: u8) {
        let queued = self.threads[thread as usize].queued;
        self.dequeue(thread);
        self.threads[thread as usize].priority = priority;
        if queued {
            self.enqueue(thread, End::Back);
        }
    }

    /// Begins an entry of the kernel: charges the time since it was left.
    pub(crate) fn enter(&mut self) {
        let now = self.machine.now();
        let spent = now.since(self.schedule.left);
        self.schedule.entered = now;
        self.schedule.picks = true;
        let Some(thread) = self.schedule.running else {
            self.counters.idle += spent;
            return;
        };
        let record = &mut self.threads[thread as usize];
        match record.kind {
            Kind::Program => {
                record.quantum_left = record.quantum_left.saturating_sub(spent);
                self.processes.items[thread as usize].user += spent;
                self.counters.user += spent;
            }
            Kind::Instance(index) | Kind::Exporter(index) => {
                self.counters.services += spent;
                if let Some(slot) = self.instances.get(index).map(|found| found.slot) {
                    self.slot_mut(slot).run_time += spent;
                }
            }
            Kind::Free => {}
        }
    }

    /// Ends an entry of the kernel: picks who runs next and charges the kernel's time.
    pub(crate) fn schedule(&mut self) -> Next {
        let caller = self.schedule.running;
        self.tell_relief();
        let before = self.schedule.last;
        let next = self.pick();
        let now = self.machine.now();
        if self.schedule.last != before {
            let runner = self
                .schedule
                .last
                .map_or(Runner::Nobody, |to| self.runner(to));
            self.ring.add(now, Record::Switched(runner));
        }
        let spent = now.since(self.schedule.entered);
        self.counters.kernel += spent;
        if let Some(process) = caller.and_then(|thread| self.process_of(thread)) {
            self.processes.items[process as usize].system += spent;
        }
        self.schedule.left = now;
        self.schedule.picks = false;
        self.schedule.caller = None;
        self.set_clock(now);
        next
    }

    /// Ends the entry of a service that goes on after its own call, as most do: nobody is picked, the
    /// clock stays as it is set, and the time of the call counts as the service's. `None` when there is
    /// more to be done.
    pub(crate) fn goes_on(&mut self, thread: ThreadIndex) -> Option<Next> {
        let record = &self.threads[thread as usize];
        let Kind::Instance(index) = record.kind else {
            return None;
        };
        let runs = self.schedule.running == Some(thread) && record.state == State::Running;
        if !runs || !self.is_clock_right() {
            return None;
        }
        self.tell_relief();
        let root = self.instances.get(index)?.root;
        self.schedule.picks = false;
        self.schedule.caller = None;
        Some(Next::Run { thread, root })
    }

    /// Whether the clock need not be set anew: nothing is to happen earlier than it rings.
    fn is_clock_right(&self) -> bool {
        self.schedule.alarm <= self.schedule.next_timer
            && self.schedule.trapped.is_none()
            && self.transaction_deadline().is_none()
            && (self.memory.is_swept() || self.schedule.sweep != Time::NEVER)
    }

    fn pick(&mut self) -> Next {
        loop {
            self.yield_running();
            let thread = match self.schedule.running {
                Some(thread) => thread,
                None => match self.take_best() {
                    Some(thread) => thread,
                    None => {
                        self.schedule.last = None;
                        self.sweep(0);
                        return Next::Idle;
                    }
                },
            };
            self.schedule.running = Some(thread);
            if let Some(root) = self.prepare(thread) {
                self.threads[thread as usize].state = State::Running;
                if self.schedule.last != Some(thread) {
                    self.schedule.last = Some(thread);
                    self.counters.switches += 1;
                }
                return Next::Run { thread, root };
            }
            if self.schedule.running == Some(thread) {
                self.schedule.running = None;
            }
        }
    }

    /// Who a thread is, for the record.
    fn runner(&self, thread: ThreadIndex) -> Runner {
        let slot = |index| {
            self.instances
                .get(index)
                .map_or(Endpoint::NONE, |one| one.slot)
        };
        match self.threads[thread as usize].kind {
            Kind::Free => Runner::Nobody,
            Kind::Program => Runner::Program(self.processes.items[thread as usize].identity.pid),
            Kind::Instance(index) => {
                let serves = self.slot(slot(index)).current == Some(index);
                Runner::Service(slot(index), u8::from(!serves))
            }
            Kind::Exporter(index) => Runner::Service(slot(index), 2),
        }
    }

    /// Takes the running thread off the processor if another one is to go first. A service that has
    /// made a kernel call goes on until it has no event: whom it has asked something gets all that it
    /// asks at once, and who has asked it something gets all its answers. An interrupt ends that.
    fn yield_running(&mut self) {
        let Some(thread) = self.schedule.running else {
            return;
        };
        let record = &self.threads[thread as usize];
        let goes_on = matches!(record.state, State::Running | State::ReadyToReceive);
        let is_service = matches!(record.kind, Kind::Instance(_));
        if self.schedule.caller == Some(thread) && is_service && goes_on {
            return;
        }
        let own = usize::from(record.priority);
        let used_up = record.kind == Kind::Program && record.quantum_left == 0;
        let best = self.schedule.best().unwrap_or(PRIORITIES);
        if best < own || used_up {
            self.schedule.running = None;
            self.threads[thread as usize].state = match record.state {
                State::ReadyToReceive => State::ReadyToReceive,
                _ => State::Ready,
            };
            if used_up {
                self.use_up_quantum(thread);
            }
            self.enqueue(thread, if used_up { End::Back } else { End::Front });
        }
    }

    /// The thread on the processor lets those go first that are as urgent.
    pub(crate) fn give_way(&mut self, thread: ThreadIndex) {
        if self.schedule.running == Some(thread) {
            self.schedule.running = None;
            self.threads[thread as usize].state = State::Ready;
            self.enqueue(thread, End::Back);
        }
    }

    fn use_up_quantum(&mut self, thread: ThreadIndex) {
        self.threads[thread as usize].quantum_left = self.processes.items[thread as usize].quantum;
        let scheduler = self.slots.scheduler;
        self.raise(scheduler, notification::QUANTUM);
    }

    fn take_best(&mut self) -> Option<ThreadIndex> {
        let thread = self.schedule.queues[self.schedule.best()?].first()?;
        self.dequeue(thread);
        Some(thread)
    }

    /// Does what a thread owes before it returns to user mode. `None` when it cannot run after all.
    fn prepare(&mut self, thread: ThreadIndex) -> Option<Frame> {
        match self.threads[thread as usize].kind {
            Kind::Free => None,
            Kind::Program => self.prepare_program(thread),
            Kind::Instance(index) => {
                if self.threads[thread as usize].state == State::ReadyToReceive {
                    self.complete_receive(thread, index)?;
                }
                Some(self.instances.get(index)?.root)
            }
            Kind::Exporter(index) => {
                let view = self.instances.get(index)?.view?;
                Some(self.memory.view_root(view))
            }
        }
    }

    fn prepare_program(&mut self, thread: ThreadIndex) -> Option<Frame> {
        if self.report_interruption(thread) {
            return None;
        }
        let process = thread as usize;
        if self.processes.floating_owner != Some(thread) {
            if let Some(owner) = self.processes.floating_owner {
                let area = &mut self.processes.floating_point[owner as usize];
                self.machine.save_floating_point(area);
            }
            self.machine
                .load_floating_point(&self.processes.floating_point[process]);
            self.processes.floating_owner = Some(thread);
        }
        self.threads[process].call_number = -1;
        let space = self.processes.items[process].space?;
        Some(self.memory.space_root(space))
    }

    fn set_clock(&mut self, now: Time) {
        let mut alarm = self.schedule.next_timer;
        if let Some(deadline) = self.transaction_deadline() {
            alarm = alarm.min(deadline);
        }
        if self.schedule.running.is_some() {
            if self.schedule.tick <= now {
                self.schedule.tick = now.after(TICK);
            }
            alarm = alarm.min(self.schedule.tick);
            if let Some(end) = self.trap_time(now) {
                alarm = alarm.min(end);
            }
        }
        if self.memory.is_swept() {
            self.schedule.sweep = Time::NEVER;
        } else if self.schedule.sweep == Time::NEVER {
            self.schedule.sweep = now.after(SWEEP);
        }
        alarm = alarm.min(self.schedule.sweep);
        if alarm != self.schedule.alarm {
            self.schedule.alarm = alarm;
            self.machine.set_alarm(alarm);
        }
    }

    /// The clock interrupt: timers, deadlines, ticks.
    pub fn alarm(&mut self) -> Next {
        self.enter();
        self.counters.interrupts += 1;
        self.schedule.alarm = Time::NEVER;
        self.check_trap();
        let now = self.moment();
        if self.schedule.tick <= now {
            self.schedule.tick = now.after(TICK);
            self.tick();
        }
        self.expire();
        if self.schedule.sweep <= now {
            self.sweep(SWEEP);
        }
        self.schedule()
    }

    /// Frees some pages of what has ended; the next ones after so many nanoseconds at the latest.
    fn sweep(&mut self, pause: u64) {
        self.memory.reclaim(&mut self.machine);
        self.schedule.sweep = self.machine.now().after(pause);
    }

    /// Wakes the slots whose timers are due and ends a transaction whose deadline has passed. Due is
    /// what it is at the moment that whoever is woken goes by: a timer that is taken off the clock
    /// here and is not yet due there would never be told.
    pub(crate) fn expire(&mut self) {
        let now = self.moment();
        if self.schedule.next_timer <= now {
            self.schedule.next_timer = Time::NEVER;
            for slot in every() {
                let timer = self.slots[slot].timer;
                if timer <= now {
                    self.wake(slot);
                } else {
                    self.schedule.next_timer = self.schedule.next_timer.min(timer);
                }
            }
        }
        self.check_deadline(now);
    }

    /// Counts a tick against the service that runs; one that has had too many of them without coming
    /// back, or without coming to anything, hangs.
    fn tick(&mut self) {
        let Some(thread) = self.schedule.running else {
            return;
        };
        let Kind::Instance(index) = self.threads[thread as usize].kind else {
            return;
        };
        let Some(slot) = self.instances.get(index).map(|found| found.slot) else {
            return;
        };
        if self.slot(slot).current != Some(index) {
            return;
        }
        let now = self.moment();
        let record = self.slot_mut(slot);
        record.ticks += 1;
        let circles = record.fruitless.count(now);
        if circles || record.ticks >= record.declaration.hang_ticks.max(1) {
            let instruction = self.threads[thread as usize].registers.rip;
            self.crash_at(slot, Failure::Hang, instruction, 0);
        }
    }
}
