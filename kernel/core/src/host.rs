//! The kernel on a pretend machine: services and programs are values of whoever drives it.
//!
//! The kernel is the real one, with its real checks. What is pretended is the processor: instead of
//! running threads by priority, the driver asks for the [`Turn`]s that could be next, and takes
//! whichever it likes. An instance's value is kept by the driver under its [`InstanceId`], and
//! makes kernel calls between the beginning and the end of its turn. Buffers of calls go through
//! memory of the instance, which the kernel maps, charges and walks as always.
//!
//! ```text
//! let archive = host::archive(&declarations, &[1, 2])?;     // images without a program
//! let mut host = Host::boot(Setup::default(), archive)?;    // rs is loaded and about to start
//! loop {
//!     let turns = host.turns();                             // none: host.advance(host.next_deadline())
//!     match pick(turns) {
//!         Turn::Start(id) => {                              // a candidate
//!             let start = host.start(id)?;                  //   fresh if start.bytes is 0
//!             values.insert(id, make(start, host.inbox(id)));
//!             host.ready(id, Refusal::None)?;
//!         }
//!         Turn::Export(id) => {                             // for the candidate `id`
//!             let old = host.predecessor(id);
//!             host.export(id, values[old].version(), &values[old].export())?;
//!         }
//!         Turn::TakeOver(id) => {                           // it has just been committed
//!             host.take_over(id);
//!             values[id].take_over();                       //   may make kernel calls now
//!         }
//!         Turn::Event(id) => {                              // it calls `receive`
//!             let answer = answers.remove(id);              //   of its turn before, given now
//!             if let Some(event) = host.receive(id, answer, values[id].holding()) {
//!                 answers.insert(id, values[id].turn_to_answer(&event));
//!             }
//!         }
//!         Turn::Program(pid) => { ... host.program_call(pid, number, arguments) ... }
//!     }
//!     values.retain(|id, _| host.exists(*id));
//! }
//! ```
//!
//! - **Kernel calls** of an instance: [`Host::call`] for numbers, [`Host::call_filled`],
//!   [`Host::call_given`], [`Host::call_bytes`] and [`Host::call_buffer`] for those with an address
//!   among their arguments, and a method each for what goes through the event page or a lease. All
//!   refuse with `BadState` what does not run: so a value whose instance was crashed in the middle
//!   of its turn can do nothing more.
//! - **Its own memory**, to be lent: [`Host::lend`], [`Host::lent`], [`Host::take_back`]; the kept
//!   area, the inbox and the archive: [`Host::read_memory`], [`Host::write_memory`].
//! - **Crashes**: [`Host::crash`] at any time between two calls, [`Host::crash_export`].
//! - **Programs** have registers and memory and no code: see [`Host::program_call`].
//! - **Time** passes in [`Host::advance`] only. The same calls give the same results, always.
//! - [`Host::check`] tells whether the kernel's tables contradict themselves.

mod call;
mod check;
mod heap;
mod image;
mod machine;
mod program;
mod turn;

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use abi::layout::PAGE_SIZE;
use abi::word::index;
use abi::{Endpoint, Time};

pub use image::{archive, archive_of, file, image};
pub use machine::{Ports, Pretend};
pub use program::Touched;
pub use turn::{StartInformation, Turn};

use crate::instance::{Instance, InstanceIndex};
use crate::kernel::{Kernel, Limits};
use crate::machine::Frame;
use crate::memory::{BootMemory, FrameRange};
use crate::start::StartError;
use heap::Heap;

/// The first frame of the boot archive.
const ARCHIVE: u32 = 16;

/// What the pretend machine is like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Setup {
    /// Page frames besides those of the archive.
    pub frames: u32,
    /// The sizes of the kernel's tables.
    pub limits: Limits,
    /// What all random numbers follow from.
    pub seed: u64,
}

impl Default for Setup {
    fn default() -> Setup {
        Setup {
            frames: 16_384,
            limits: Limits {
                processes: 64,
                requests: 1024,
                records: 256,
            },
            seed: 1,
        }
    }
}

/// An instance, for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InstanceId {
    number: u64,
    index: InstanceIndex,
    /// The slot that it is made for.
    pub slot: Endpoint,
}

/// The kernel and its machine.
pub struct Host {
    /// The kernel. Its public methods may be called at any time.
    pub kernel: Kernel<Pretend>,
    archive: Vec<u8>,
    heaps: BTreeMap<InstanceId, Heap>,
}

impl Host {
    /// A machine whose kernel has found rs in this boot archive, and is about to start it.
    ///
    /// # Errors
    /// What is wrong with the archive, or with the machine.
    pub fn boot(setup: Setup, archive: Vec<u8>) -> Result<Host, StartError> {
        let pages = archive.len().div_ceil(index(PAGE_SIZE));
        let first = ARCHIVE + u32::try_from(pages).unwrap_or(u32::MAX / 2);
        let frames = first.saturating_add(setup.frames);
        let mut machine = Pretend::new(frames as usize, setup.seed);
        machine.load(Frame(ARCHIVE), &archive);
        let memory = BootMemory {
            frames,
            usable: &[FrameRange { first, end: frames }],
            archive: Frame(ARCHIVE),
            archive_bytes: archive.len() as u64,
        };
        let mut kernel = Kernel::new(machine, &memory, setup.limits)
            .map_err(|error| StartError::Refused("memory", error))?;
        kernel.start(&archive)?;
        Ok(Host {
            kernel,
            archive,
            heaps: BTreeMap::new(),
        })
    }

    /// Has the kernel leave out a rule.
    pub fn leave_out(&mut self, rule: Option<crate::Rule>) {
        self.kernel.rules.leave_out(rule);
    }

    /// The boot archive.
    #[must_use]
    pub fn archive(&self) -> &[u8] {
        &self.archive
    }

    /// The instance that serves, is frozen or has crashed.
    #[must_use]
    pub fn current(&self, slot: Endpoint) -> Option<InstanceId> {
        self.name(self.kernel.slot(slot).current?)
    }

    /// The instance that prepares.
    #[must_use]
    pub fn candidate(&self, slot: Endpoint) -> Option<InstanceId> {
        self.name(self.kernel.slot(slot).candidate?)
    }

    /// Whether an instance is the current one of its slot or a candidate. Its value is of no use
    /// otherwise.
    #[must_use]
    pub fn exists(&self, id: InstanceId) -> bool {
        self.current(id.slot) == Some(id) || self.candidate(id.slot) == Some(id)
    }

    /// The version of an instance's image.
    #[must_use]
    pub fn version(&self, id: InstanceId) -> Option<u32> {
        self.instance(id).map(|instance| instance.version)
    }

    /// Requests that have not ended, or whose end nobody has heard yet.
    #[must_use]
    pub fn requests(&self) -> usize {
        let requests = &self.kernel.requests;
        requests.items.len() - requests.free_count() as usize
    }

    fn name(&self, index: InstanceIndex) -> Option<InstanceId> {
        let instance = self.kernel.instances.get(index)?;
        Some(InstanceId {
            number: instance.number,
            index,
            slot: instance.slot,
        })
    }

    fn instance(&self, id: InstanceId) -> Option<&Instance> {
        let instance = self.kernel.instances.get(id.index)?;
        (instance.number == id.number).then_some(instance)
    }

    /// The time.
    #[must_use]
    pub fn now(&self) -> Time {
        self.kernel.machine.now
    }

    /// When next something happens by itself: a timer, or the deadline of a transaction.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Time> {
        let now = self.now();
        let timers = self.kernel.slots.all().map(|(_, slot)| slot.timer);
        timers
            .chain(self.kernel.transaction_deadline())
            .filter(|deadline| *deadline > now && *deadline != Time::NEVER)
            .min()
    }

    /// Lets time pass until `to`; to an earlier time it does not go back.
    pub fn advance(&mut self, to: Time) {
        let now = self.now().max(to);
        self.kernel.machine.now = now;
        self.kernel.schedule.entered = now;
        self.kernel.expire();
    }

    /// A device raises its interrupt line. Whether it came through: the line was not masked.
    pub fn interrupt(&mut self, line: u16) -> bool {
        let through = self.kernel.machine.unmasked.remove(&line);
        if through {
            self.kernel.raise_interrupt(line);
        }
        through
    }
}
