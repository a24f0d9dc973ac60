//! Slots: what belongs to a service and outlives its instances.

use alloc::boxed::Box;
use core::fmt;
use core::ops::{Index, IndexMut};

use abi::declaration::Declaration;
use abi::image::NAME_BYTES;
use abi::limits::SLOTS;
use abi::slot::{Failure, Fault};
use abi::word::low_16;
use abi::{CallError, Endpoint, RequestId, Time};

use crate::holding::Fruitless;
use crate::instance::InstanceIndex;
use crate::list::List;
use crate::request::RequestIndex;
use crate::table::table;

/// The event that a service handles: delivered again if it does not come back to `receive`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Unacknowledged {
    /// None.
    #[default]
    None,
    /// A request; it is among the delivered ones.
    Request(RequestId),
    /// A completion; the record is in no list of places.
    Completion(RequestIndex),
    /// A cancellation, which is a level on its request.
    Cancel(RequestId),
    /// Notification bits.
    Notify,
    /// The timer, and its deadline.
    Timer(Time),
}

/// Where a service is to be ended: what [`Fault::AtPoint`] and [`Fault::AfterTime`] arrange.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Trap {
    /// The point.
    pub(crate) point: u64,
    /// The time run, in nanoseconds.
    pub(crate) time: u64,
}

impl Trap {
    /// Nowhere.
    pub(crate) const NONE: Trap = Trap {
        point: u64::MAX,
        time: u64::MAX,
    };
}

/// A slot's part in a transaction. Times are `NEVER` as long as it has not come to that.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Part {
    /// Nanoseconds that making the candidate took.
    pub(crate) load: u64,
    /// When the old instance stopped.
    pub(crate) frozen: Time,
    /// When its State was exported.
    pub(crate) exported: Time,
    /// When the candidate was ready.
    pub(crate) ready: Time,
    /// When the new instance asked for its first event.
    pub(crate) attached: Time,
    /// Bytes of the State.
    pub(crate) bytes: u64,
    /// The State's version before.
    pub(crate) from: u32,
    /// The State's version afterwards.
    pub(crate) to: u32,
}

impl Part {
    pub(crate) const NONE: Part = Part {
        load: 0,
        frozen: Time::NEVER,
        exported: Time::NEVER,
        ready: Time::NEVER,
        attached: Time::NEVER,
        bytes: 0,
        from: 0,
        to: 0,
    };
}

/// A slot.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Slot {
    /// Whether rs has declared it.
    pub(crate) declared: bool,
    /// What its service may do.
    pub(crate) declaration: Declaration,
    /// Requests not delivered.
    pub(crate) queue: List,
    /// Requests delivered, in that order.
    pub(crate) delivered: List,
    /// Requests taken back while memory is fetched.
    pub(crate) held: List,
    /// Submissions that have ended and are to be heard.
    pub(crate) completions: List,
    /// Delivered requests whose cancellation is to be heard.
    pub(crate) cancels: List,
    /// All submissions not acknowledged.
    pub(crate) submitted: List,
    /// Notification bits raised.
    pub(crate) notifications: u64,
    /// The timer's deadline.
    pub(crate) timer: Time,
    /// The event being handled.
    pub(crate) unacknowledged: Unacknowledged,
    /// How often an instance has been committed.
    pub(crate) generation: u32,
    /// The instance that serves, is frozen or has crashed.
    pub(crate) current: Option<InstanceIndex>,
    /// The instance that prepares.
    pub(crate) candidate: Option<InstanceIndex>,
    /// Taken down on request.
    pub(crate) down: bool,
    /// The current instance is to stop at its next `receive`.
    pub(crate) freezing: bool,
    /// A fault to suffer at the next request.
    pub(crate) fault: Option<Fault>,
    /// Where it is to be ended.
    pub(crate) trap: Trap,
    /// Points passed.
    pub(crate) points: u64,
    /// The number of the last fault asked for.
    pub(crate) fault_number: u64,
    /// Ticks seen running since the last `receive`, or since it last ended a request.
    pub(crate) ticks: u32,
    /// Ticks seen running since it last ended a request or handed one on, lately.
    pub(crate) fruitless: Fruitless,
    /// Crashes.
    pub(crate) crashes: u32,
    /// Why the current instance crashed.
    pub(crate) failure: Failure,
    /// The instruction of the last crash.
    pub(crate) crash_instruction: u64,
    /// The address of the last crash.
    pub(crate) crash_address: u64,
    /// Nanoseconds run, over all instances.
    pub(crate) run_time: u64,
    /// Requests ended.
    pub(crate) served: u64,
    /// Its part in the last transaction.
    pub(crate) part: Part,
}

impl Slot {
    const EMPTY: Slot = Slot {
        declared: false,
        declaration: Declaration::NONE,
        queue: List::EMPTY,
        delivered: List::EMPTY,
        held: List::EMPTY,
        completions: List::EMPTY,
        cancels: List::EMPTY,
        submitted: List::EMPTY,
        notifications: 0,
        timer: Time::NEVER,
        unacknowledged: Unacknowledged::None,
        generation: 0,
        current: None,
        candidate: None,
        down: false,
        freezing: false,
        fault: None,
        trap: Trap::NONE,
        points: 0,
        fault_number: 0,
        ticks: 0,
        fruitless: Fruitless::NONE,
        crashes: 0,
        failure: Failure::None,
        crash_instruction: 0,
        crash_address: 0,
        run_time: 0,
        served: 0,
        part: Part::NONE,
    };

    /// It has ended a request.
    pub(crate) fn serve(&mut self) {
        self.served += 1;
        self.ticks = 0;
        self.fruitless = Fruitless::NONE;
    }

    /// The service's name.
    pub(crate) fn name(&self) -> ServiceName {
        ServiceName(self.declaration.name)
    }
}

/// A service's name, for the log.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ServiceName([u8; NAME_BYTES]);

impl fmt::Display for ServiceName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self
            .0
            .utf8_chunks()
            .next()
            .map_or("", |chunk| chunk.valid());
        formatter.write_str(name.trim_end_matches('\0'))
    }
}

/// All slots, and what follows from their declarations.
pub(crate) struct Slots {
    /// By their numbers, and some beyond that nobody declares, so that a number needs no check.
    items: Box<[Slot; ROOM]>,
    /// Who answers each Linux call.
    owners: Box<[Owner; LINUX_CALLS]>,
    /// The slot and the number among its own of each interrupt line.
    lines: Box<[(Endpoint, u8); LINES]>,
    /// Who is asked about exceptions and signals.
    pub(crate) process_manager: Endpoint,
    /// Who is asked about page faults.
    pub(crate) memory_manager: Endpoint,
    /// Who is told of used-up quanta.
    pub(crate) scheduler: Endpoint,
}

/// Who answers a Linux call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Owner {
    /// Nobody.
    #[default]
    None,
    /// The service in this slot.
    Service(Endpoint),
    /// The kernel: with the number of the process.
    Identity,
    /// The kernel: others go first.
    Yield,
}

/// Linux calls that can be owned.
pub(crate) const LINUX_CALLS: usize = 512;
/// Interrupt lines that can be declared.
pub(crate) const LINES: usize = 256;

/// How many slots there is room for: a power of two, which a number is cut to at no cost.
pub(crate) const ROOM: usize = SLOTS.next_power_of_two();

/// The number of each slot.
pub(crate) fn every() -> impl Iterator<Item = Endpoint> {
    (0..low_16(SLOTS as u64)).map(Endpoint)
}

impl Index<Endpoint> for Slots {
    type Output = Slot;

    fn index(&self, slot: Endpoint) -> &Slot {
        &self.items[slot.index() % ROOM]
    }
}

impl IndexMut<Endpoint> for Slots {
    fn index_mut(&mut self, slot: Endpoint) -> &mut Slot {
        &mut self.items[slot.index() % ROOM]
    }
}

impl Slots {
    /// Slots that nobody has declared.
    pub(crate) fn new() -> Slots {
        Slots {
            items: table(Slot::EMPTY),
            owners: Box::new([Owner::None; LINUX_CALLS]),
            lines: Box::new([(Endpoint::NONE, 0); LINES]),
            process_manager: Endpoint::NONE,
            memory_manager: Endpoint::NONE,
            scheduler: Endpoint::NONE,
        }
    }

    /// Whether a slot is declared.
    ///
    /// # Errors
    /// `NoSlot`.
    pub(crate) fn declared(&self, slot: Endpoint) -> Result<(), CallError> {
        let found = slot.index() < SLOTS && self[slot].declared;
        found.then_some(()).ok_or(CallError::NoSlot)
    }

    /// All slots and their numbers.
    pub(crate) fn all(&self) -> impl Iterator<Item = (Endpoint, &Slot)> {
        every().map(|slot| (slot, &self[slot]))
    }

    /// Who answers a Linux call.
    pub(crate) fn owner(&self, number: u64) -> Owner {
        let number = usize::try_from(number).unwrap_or(usize::MAX);
        self.owners.get(number).copied().unwrap_or_default()
    }

    /// Whether a Linux call is a slot's.
    pub(crate) fn owns(&self, slot: Endpoint, number: u64) -> bool {
        self.owner(number) == Owner::Service(slot)
    }

    /// Who an interrupt line is for.
    pub(crate) fn line(&self, line: u16) -> Option<(Endpoint, u8)> {
        let found = self.lines.get(line as usize)?;
        (found.0 != Endpoint::NONE).then_some(*found)
    }

    /// Enters a checked declaration and derives the tables again.
    pub(crate) fn declare(&mut self, declaration: &Declaration) {
        let slot = &mut self[Endpoint(declaration.slot)];
        slot.declared = true;
        slot.declaration = *declaration;
        self.owners.fill(Owner::None);
        self.lines.fill((Endpoint::NONE, 0));
        self.process_manager = Endpoint::NONE;
        self.memory_manager = Endpoint::NONE;
        self.scheduler = Endpoint::NONE;
        for slot in every() {
            if self[slot].declared {
                self.derive(slot);
            }
        }
    }

    fn derive(&mut self, slot: Endpoint) {
        let declaration = &self.items[slot.index() % ROOM].declaration;
        for (number, owner) in self.owners.iter_mut().enumerate() {
            let is_in = |calls: &[u64; 8]| calls[number / 64] >> (number % 64) & 1 == 1;
            if is_in(&declaration.linux_calls) {
                *owner = Owner::Service(slot);
            } else if is_in(&declaration.identity_calls) {
                *owner = Owner::Identity;
            } else if is_in(&declaration.yield_calls) {
                *owner = Owner::Yield;
            }
        }
        for (number, line) in (0..).zip(declaration.interrupts) {
            if let Some(place) = self.lines.get_mut(line as usize) {
                *place = (slot, number);
            }
        }
        if declaration.process_manager == 1 {
            self.process_manager = slot;
        }
        if declaration.memory_manager == 1 {
            self.memory_manager = slot;
        }
        if slot != Endpoint::RS && abi::Call::ProcessSchedule.permitted(declaration.calls) {
            self.scheduler = slot;
        }
    }
}
