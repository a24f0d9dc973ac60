//! Requests: kernel objects that end exactly once, in one pool.

use alloc::boxed::Box;

use abi::event::MAX_LEASES;
use abi::word::low_16;
use abi::{Caller, Endpoint, Message, Reply, RequestId, SpaceId, Tag, Time};

use crate::holding::Questions;
use crate::list::{CHAINS, Chain, Link, Linked, List, NONE};
use crate::thread::ThreadIndex;

/// The index of a request's record; the low 16 bits of its id.
pub(crate) type RequestIndex = u16;

/// Where a request is between its making and its end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum RequestState {
    /// The record holds none.
    #[default]
    Free,
    /// It waits in the queue of its slot.
    Queued,
    /// Its slot has it and has to end it.
    Delivered,
    /// The kernel has taken it back while its caller's memory is fetched.
    Held,
    /// It has ended; its submitter has still to hear, or to acknowledge, the completion.
    Ended,
}

/// What stopped a program, besides a system call, so that a service is asked about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Report {
    /// A processor exception.
    Exception,
    /// A signal, before it returns to user mode.
    Interrupted,
}

/// Who hears a request's reply.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Origin {
    /// Nobody: the one who asked has died or disowned it.
    #[default]
    Nobody,
    /// A program's thread in a system call.
    Call(ThreadIndex),
    /// A program's thread that the kernel reports to pm.
    Report(ThreadIndex, Report),
    /// A program's thread at a page fault.
    Fault {
        /// The thread.
        thread: ThreadIndex,
        /// The processor's error code, for pm if vm refuses.
        error_code: u64,
        /// The faulting address.
        address: u64,
    },
    /// A copy from or to a program's memory that missed a page.
    Copy {
        /// The thread in whose name vm is asked.
        thread: ThreadIndex,
        /// The request taken back, which is put back when this one ends.
        held: RequestId,
    },
    /// A slot, under its tag.
    Submission(Endpoint, Tag),
}

/// Whose memory is lent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Owner {
    /// There is no lease.
    #[default]
    None,
    /// A program's address space.
    Space(SpaceId),
    /// An instance's memory, by the index of the instance.
    Instance(u16),
}

/// A resolved lease.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Lease {
    /// Whose memory.
    pub owner: Owner,
    /// Where it starts.
    pub address: u64,
    /// Bytes.
    pub length: u64,
    /// Bits of [`abi::Access`]; 4 for a page that may be executed.
    pub access: u32,
    /// The request with whose life the lease ends.
    pub root: RequestId,
}

/// The last page that a copy for a request missed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Miss {
    /// The page's address.
    pub(crate) page: u64,
    /// How often it was missed in a row.
    pub(crate) count: u32,
    /// Whether vm refused it.
    pub(crate) refused: bool,
}

/// A request's record.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Request {
    /// The identity, unique for ever.
    pub id: RequestId,
    /// Where it is.
    pub state: RequestState,
    /// The slot that has to end it.
    pub at: Endpoint,
    /// The service that submitted or forwarded it; `NONE` for a program's.
    pub from: Endpoint,
    /// Who hears the reply.
    pub origin: Origin,
    /// On whose behalf.
    pub caller: Caller,
    /// When it was made.
    pub stamp: Time,
    /// The content.
    pub message: Message,
    /// What is lent with it.
    pub leases: [Lease; MAX_LEASES],
    /// Whether memory of an instance is among that.
    pub(crate) lends: bool,
    /// Whether it has been cancelled.
    pub cancelled: bool,
    /// Whether it is in its slot's list of cancellations to be heard.
    pub(crate) cancel_told: bool,
    /// Whether its slot has ever had it delivered.
    pub known: bool,
    /// Whether any slot has: then somebody may have begun it.
    pub begun: bool,
    /// Crashes of its slot in a row while it was current.
    pub crashes: u32,
    /// What its slot had served at the last of them.
    pub(crate) crashed_after: u64,
    /// The place of its first delivery among all deliveries, which its queue keeps.
    pub(crate) order: u64,
    /// What its slot has asked in its name.
    pub(crate) questions: Questions,
    /// The last miss of a copy.
    pub(crate) miss: Miss,
    /// The reply, once ended.
    pub(crate) reply: Reply,
    links: [Link; CHAINS],
}

impl Request {
    /// A new request, in place: all that the one before has left is overwritten, but for what whoever
    /// makes it states (origin, caller, message), its stamp and its reply.
    fn begin(&mut self, id: RequestId) {
        self.id = id;
        self.at = Endpoint::default();
        self.from = Endpoint::NONE;
        for lease in &mut self.leases {
            lease.owner = Owner::None;
            lease.access = 0;
            lease.length = 0;
        }
        self.cancelled = false;
        self.cancel_told = false;
        self.known = false;
        self.begun = false;
        self.crashes = 0;
        self.crashed_after = 0;
        self.order = 0;
        self.questions = Questions::default();
        self.miss = Miss::default();
        self.lends = false;
    }
}

impl Linked for Request {
    fn link(&mut self, chain: Chain) -> &mut Link {
        &mut self.links[chain as usize]
    }

    fn neighbours(&self, chain: Chain) -> Link {
        self.links[chain as usize]
    }
}

/// The pool of requests, and the table of live tags.
pub(crate) struct Requests {
    pub(crate) items: Box<[Request]>,
    free: List,
    sequence: u64,
    deliveries: u64,
    /// One bucket per record for tags with that parent, then one per slot for those without.
    buckets: Box<[List]>,
}

impl Requests {
    /// A pool of `count` requests, at most 65,535.
    pub(crate) fn new(count: usize) -> Requests {
        let count = count.min(NONE as usize);
        let mut items = alloc::vec![Request::default(); count].into_boxed_slice();
        let mut free = List::default();
        for index in 0..count {
            free.push_back(&mut items, Chain::Place, low_16(index as u64));
        }
        let buckets = alloc::vec![List::default(); count + abi::limits::SLOTS].into_boxed_slice();
        Requests {
            items,
            free,
            sequence: 0,
            deliveries: 0,
            buckets,
        }
    }

    /// Records not in use.
    pub(crate) fn free_count(&self) -> u32 {
        self.free.len()
    }

    /// A record in use, by id.
    pub(crate) fn find(&self, id: RequestId) -> Option<RequestIndex> {
        let index = (id.0 & 0xffff) as u16;
        let request = self.items.get(index as usize)?;
        let live = request.id == id && id != RequestId::NONE && request.state != RequestState::Free;
        live.then_some(index)
    }

    /// Whether a request lives: it has been made and has not ended.
    pub(crate) fn lives(&self, id: RequestId) -> bool {
        self.find(id)
            .is_some_and(|index| self.items[index as usize].state != RequestState::Ended)
    }

    /// Takes a record and gives it an id; `None` when all are in use.
    pub(crate) fn make(&mut self) -> Option<RequestIndex> {
        let index = self.free.pop_front(&mut self.items, Chain::Place)?;
        self.sequence += 1;
        let id = RequestId(self.sequence << 16 | u64::from(index));
        self.items[index as usize].begin(id);
        Some(index)
    }

    /// Gives a record back; it is in no list.
    pub(crate) fn release(&mut self, index: RequestIndex) {
        // All the rest is set when the record is used again.
        let request = &mut self.items[index as usize];
        request.id = RequestId::NONE;
        request.state = RequestState::Free;
        request.origin = Origin::Nobody;
        self.free.push_back(&mut self.items, Chain::Place, index);
    }

    /// The place of the next first delivery.
    pub(crate) fn next_delivery(&mut self) -> u64 {
        self.deliveries += 1;
        self.deliveries
    }

    fn bucket(&self, slot: Endpoint, tag: Tag) -> usize {
        let count = self.items.len();
        match tag.parent {
            RequestId::NONE => count + slot.index(),
            parent => (parent.0 & 0xffff) as usize % count,
        }
    }

    /// The submission of a slot with a tag, if it has not been acknowledged.
    pub(crate) fn tagged(&self, slot: Endpoint, tag: Tag) -> Option<RequestIndex> {
        self.first_tagged(slot, tag, |found| found == tag)
    }

    fn first_tagged(
        &self,
        slot: Endpoint,
        tag: Tag,
        wanted: impl Fn(Tag) -> bool,
    ) -> Option<RequestIndex> {
        let mut at = self.buckets[self.bucket(slot, tag)].first();
        while let Some(index) = at {
            match self.items[index as usize].origin {
                Origin::Submission(from, found) if from == slot && wanted(found) => return at,
                _ => at = List::after(&self.items, Chain::Bucket, index),
            }
        }
        None
    }

    /// The first submission of a slot for a parent, and those behind it in the same bucket.
    pub(crate) fn children(&self, slot: Endpoint, parent: RequestId) -> Option<RequestIndex> {
        self.buckets[self.bucket(
            slot,
            Tag {
                parent,
                ..Tag::default()
            },
        )]
        .first()
    }

    /// Enters a submission into the table of tags.
    pub(crate) fn enter(&mut self, slot: Endpoint, tag: Tag, index: RequestIndex) {
        let bucket = self.bucket(slot, tag);
        self.buckets[bucket].push_back(&mut self.items, Chain::Bucket, index);
    }

    /// Takes a submission out of the table of tags.
    pub(crate) fn leave(&mut self, slot: Endpoint, tag: Tag, index: RequestIndex) {
        let bucket = self.bucket(slot, tag);
        self.buckets[bucket].remove(&mut self.items, Chain::Bucket, index);
    }
}
