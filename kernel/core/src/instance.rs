//! Instances: the memory and the threads of a service's current or next incarnation.

use alloc::boxed::Box;

use abi::Endpoint;
use abi::limits::SLOTS;
use abi::slot::Phase;
use abi::word::low_16;

use crate::machine::Frame;
use crate::memory::{ImageSource, InstanceHandle, ViewHandle};
use crate::table::table;
use crate::thread::ThreadIndex;

/// The index of an instance.
pub(crate) type InstanceIndex = u16;

/// Instances that can be at a time: a current one and a candidate for each slot, and as many old
/// ones as slots whose memory is still lent.
pub(crate) const INSTANCES: usize = 3 * SLOTS;

/// The length of their table: a power of two, which an index is cut to at no cost.
const ROOM: usize = INSTANCES.next_power_of_two();

/// What an instance is told about its start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Start {
    /// Bytes in the inbox; 0 when it starts fresh.
    pub bytes: u64,
    /// The version of the State in the inbox.
    pub state_version: u64,
    /// Random words, its own.
    pub seed: [u64; 3],
}

/// An instance.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Instance {
    /// Which of all instances ever made it is.
    pub(crate) number: u64,
    /// Its slot.
    pub(crate) slot: Endpoint,
    /// Its memory.
    pub(crate) memory: InstanceHandle,
    /// The top-level page table of that.
    pub(crate) root: Frame,
    /// Its event page, for [`crate::machine::Machine::event_page`].
    pub(crate) event: Frame,
    /// What it does.
    pub(crate) phase: Phase,
    /// Its image's version.
    pub(crate) version: u32,
    /// Leases of its memory that live.
    pub(crate) lent: u32,
    /// It is to be freed when nothing is lent any more.
    pub(crate) ended: bool,
    /// Its image, when that is in the boot archive.
    pub(crate) stored: Option<ImageSource>,
    /// Nanoseconds that making it took.
    pub(crate) load: u64,
    /// What it is told.
    pub(crate) start: Start,
    /// The predecessor's view while the export runs for it.
    pub(crate) view: Option<ViewHandle>,
}

/// All instances, with their threads' places in the table of threads.
pub(crate) struct Instances {
    pub(crate) items: Box<[Option<Instance>; ROOM]>,
    first_thread: usize,
    made: u64,
}

impl Instances {
    /// A table whose threads start at `first_thread`.
    pub(crate) fn new(first_thread: usize) -> Instances {
        Instances {
            items: table(None),
            first_thread,
            made: 0,
        }
    }

    /// The number of the next instance.
    pub(crate) fn next_number(&mut self) -> u64 {
        self.made += 1;
        self.made
    }

    /// A free record.
    pub(crate) fn vacant(&self) -> Option<InstanceIndex> {
        let found = self.items[..INSTANCES].iter().position(Option::is_none)?;
        InstanceIndex::try_from(found).ok()
    }

    /// A record in use.
    pub(crate) fn get(&self, index: InstanceIndex) -> Option<&Instance> {
        self.items[index as usize % ROOM].as_ref()
    }

    /// A record in use.
    pub(crate) fn get_mut(&mut self, index: InstanceIndex) -> Option<&mut Instance> {
        self.items[index as usize % ROOM].as_mut()
    }

    /// The thread of an instance.
    pub(crate) fn thread(&self, index: InstanceIndex) -> ThreadIndex {
        low_16((self.first_thread + 2 * index as usize) as u64)
    }

    /// The thread that exports the predecessor of an instance.
    pub(crate) fn exporter(&self, index: InstanceIndex) -> ThreadIndex {
        self.thread(index) + 1
    }
}
