//! vm on the pretended kernel, with a file server and vfs of a few lines each, and programs that
//! touch their memory.

use super::pretend::{Crash, Forwarded, Frame, Lease, Pretend, Submission};
use crate::{MemoryManager, State};
use abi::event::{Event, EventKind};
use abi::layout::PAGE_SIZE;
use abi::lease::LeaseInformation;
use abi::message::{PROTOCOL_KERNEL, kernel_kind};
use abi::word::{index, low_32};
use abi::{Caller, Endpoint, Errno, Message, Pid, Reply, RequestId, SpaceId, Tag};
use protocol::answer::read;
use protocol::endpoint::{PM, RAMFS, VFS};
use protocol::payload::ExecutePlan;
use protocol::{Answer, Handle, Question, descriptors, memory, object};

use service::Start;
use service::instance::Instance;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

/// The file's bytes: each tells its page.
pub(super) const FILE_BYTES: u64 = 5 * PAGE_SIZE + 100;
pub(super) const HANDLE: Handle = Handle(77);

pub(super) fn file_byte(offset: u64) -> u8 {
    let byte = (offset / PAGE_SIZE + 1) * 16 + offset % 7;
    u8::try_from(byte % 256).unwrap()
}

pub(super) struct Machine {
    pub(super) kernel: Rc<Pretend>,
    instance: Option<Instance<MemoryManager>>,
    requests: BTreeMap<RequestId, Event>,
    last: u64,
    file: Vec<Rc<Frame>>,
    /// References to the file that vm holds.
    pub(super) references: i32,
    pub(super) crashes: u32,
    /// The request that the kernel has taken back.
    held: Option<RequestId>,
    /// Whether the State goes through the other version at each crash.
    pub(super) detours: bool,
}

type Other = <State as service::State>::Other;

/// An exported State, as the other version would have exported it.
fn through_other_version(bytes: &[u8]) -> Vec<u8> {
    let mut decoder = minicbor::Decoder::new(bytes);
    assert_eq!(decoder.array().unwrap(), Some(2));
    let state: State = decoder.decode().unwrap();
    let journal = &bytes[decoder.position()..];
    let mut encoder = minicbor::Encoder::new(Vec::new());
    let other = Other::from(state);
    encoder.array(2).unwrap().encode(other).unwrap();
    let mut converted = encoder.into_writer();
    converted.extend_from_slice(journal);
    converted
}

impl Machine {
    pub(super) fn new() -> Machine {
        let kernel = Rc::new(Pretend::default());
        kernel.limit.set(4096);
        let start = Start {
            seed: [1, 2, 3],
            ..Start::default()
        };
        let page = |number: u64| {
            let mut bytes = [0; 4096];
            for (at, byte) in (number * PAGE_SIZE..FILE_BYTES).zip(&mut bytes) {
                *byte = file_byte(at);
            }
            Frame::new(bytes, true)
        };
        let mut machine = Machine {
            instance: Some(Instance::fresh(kernel.clone(), start)),
            kernel,
            requests: BTreeMap::new(),
            last: 0,
            file: (0..6).map(page).collect(),
            references: 0,
            crashes: 0,
            held: None,
            detours: false,
        };
        machine.turn(None);
        machine
    }

    pub(super) fn state<R>(&self, look: impl FnOnce(&State) -> R) -> R {
        self.instance.as_ref().unwrap().inspect(look)
    }

    pub(super) fn pending(&self) -> (usize, usize) {
        self.instance.as_ref().unwrap().pending()
    }

    /// Lets vm handle an event, or take over. When it crashes, a successor takes over, and what was
    /// delivered is delivered again.
    fn turn(&mut self, event: Option<Event>) {
        let mut events: Vec<Option<Event>> = vec![event];
        while let Some(event) = events.first().copied() {
            let mut instance = self.instance.take().unwrap();
            let result = catch_unwind(AssertUnwindSafe(|| match &event {
                Some(event) => instance.turn(event),
                None => instance.take_over(abi::Time(0)),
            }));
            match result {
                Ok(()) => {
                    self.instance = Some(instance);
                    events.remove(0);
                }
                Err(panic) => {
                    assert!(panic.is::<Crash>(), "vm panicked by itself");
                    self.crashes += 1;
                    self.instance = Some(self.successor(&instance));
                    events = self.redelivered(event);
                }
            }
        }
    }

    fn successor(&self, old: &Instance<MemoryManager>) -> Instance<MemoryManager> {
        let mut bytes = Vec::new();
        old.export(&mut bytes).unwrap();
        let mut version = <State as service::State>::VERSION;
        if self.detours {
            bytes = through_other_version(&bytes);
            version = <State as service::State>::OTHER_VERSION;
        }
        let kernel = self.kernel.clone();
        Instance::import(kernel, Start::default(), version, &bytes).unwrap()
    }

    /// What a successor sees after a crash at an event: the requests that live, and the event if it
    /// was no request.
    fn redelivered(&self, at: Option<Event>) -> Vec<Option<Event>> {
        let live = self.kernel.live.borrow();
        let here = |event: &&Event| live.contains_key(&event.id) && self.held != Some(event.id);
        let lives = self.requests.values().filter(here);
        let completion = at.filter(|event| event.kind == EventKind::Completion as u32);
        [None]
            .into_iter()
            .chain(lives.map(|event| Some(Event { again: 1, ..*event })))
            .chain(completion.map(Some))
            .collect()
    }

    fn make(&mut self, space: u64, message: Message, lease: Lease) -> RequestId {
        self.last += 1;
        let id = RequestId(self.last << 16);
        let length = match &lease {
            Lease::Bytes(bytes) => bytes.len() as u64,
            Lease::Space(_) => abi::layout::USER_TOP,
        };
        let mut event = Event {
            kind: EventKind::Request as u32,
            id,
            caller: Caller {
                pid: Pid(low_32(space)),
                space: SpaceId(low_32(space)),
                ..Caller::default()
            },
            from: if space == 0 { PM } else { Endpoint::NONE },
            message,
            ..Event::default()
        };
        event.leases[0] = LeaseInformation { access: 3, length };
        self.kernel.live.borrow_mut().insert(id, lease);
        self.requests.insert(id, event);
        self.turn(Some(event));
        id
    }

    /// Asks vm, plays everybody it asks, and answers its reply.
    pub(super) fn ask(&mut self, space: u64, message: Message, lease: Lease) -> Reply {
        let id = self.make(space, message, lease);
        for _ in 0..1000 {
            let reply = self.kernel.replies.borrow_mut().remove(&id);
            if let Some(reply) = reply {
                self.requests.remove(&id);
                return reply;
            }
            self.play(id, space);
        }
        panic!("no reply to {message:?}");
    }

    fn play(&mut self, id: RequestId, space: u64) {
        let submission = self.kernel.submitted.borrow_mut().pop();
        let forwarded = self.kernel.forwarded.borrow_mut().pop();
        if let Some(submission) = submission {
            let reply = self.answer(&submission);
            self.complete(submission.tag, reply);
        } else if let Some(forwarded) = forwarded {
            self.give_pages(space, &forwarded);
        } else if let Some((address, access)) = self.kernel.missed.take() {
            self.fetch(id, space, address, access);
        } else {
            panic!("vm waits for nothing");
        }
    }

    fn complete(&mut self, tag: Tag, reply: Reply) {
        self.turn(Some(Event {
            kind: EventKind::Completion as u32,
            tag,
            reply,
            ..Event::default()
        }));
    }

    /// What the kernel does for a copy that misses a page: the request is taken back, vm is asked
    /// for the page, the request comes again.
    fn fetch(&mut self, id: RequestId, space: u64, address: u64, access: u64) {
        let present = self.kernel.access(space, address, None).is_ok();
        self.held = Some(id);
        let errno = self.fault(space, address, access, present);
        self.held = None;
        assert_eq!(errno, 0, "the copy at {address:x} cannot be made");
        let event = Event {
            again: 1,
            ..self.requests[&id]
        };
        self.turn(Some(event));
    }

    fn answer(&mut self, submission: &Submission) -> Reply {
        let message = &submission.message;
        if submission.to == VFS {
            let Some(descriptors::Request::Share(share)) = descriptors::Request::decode(message)
            else {
                return Reply::value(Errno::NOSYS.result());
            };
            if share.descriptor != 3 {
                return Reply::value(Errno::BADF.result());
            }
            self.references += 1;
            return descriptors::Shared {
                server: RAMFS,
                handle: HANDLE,
                flags: 2,
            }
            .to_reply();
        }
        match object::Request::decode(message) {
            Some(object::Request::Close(_)) => {
                self.references -= 1;
                Reply::value(0)
            }
            Some(object::Request::Describe(_)) => object::Description {
                length: FILE_BYTES,
                mode: 0o100_644,
                user: 0,
                group: 0,
                node: 42,
                device: 0,
            }
            .to_reply(),
            Some(object::Request::ReadAt(read)) => self.read_at(submission, &read),
            _ => Reply::value(Errno::NOSYS.result()),
        }
    }

    fn read_at(&mut self, submission: &Submission, read: &object::ReadAt) -> Reply {
        let lease = submission.leases[0];
        let owner = self.requests[&lease.request].caller.space.0;
        assert!(read.count <= lease.length);
        for at in 0..read.count {
            let byte = file_byte(read.offset + at);
            let address = lease.address + at;
            let written = self.kernel.access(u64::from(owner), address, Some(byte));
            assert!(written.is_ok(), "vm lends a page that is there");
        }
        Reply::value(read.count.cast_signed())
    }

    /// What ramfs does with a forwarded fault: `ReplyPages`.
    fn give_pages(&mut self, space: u64, forwarded: &Forwarded) {
        let Some(object::Request::Page(page)) = object::Request::decode(&forwarded.message) else {
            panic!("only faults are forwarded");
        };
        let first = index(page.offset / PAGE_SIZE);
        let wanted = index(page.wanted.into());
        let rights = u64::from(forwarded.lease.access);
        let result = match self.file.get(first..) {
            None => Errno::NXIO.result(),
            Some(frames) if frames.len() <= wanted => Errno::NXIO.result(),
            Some(frames) => {
                for (n, frame) in (0..u64::from(page.pages)).zip(frames) {
                    let at = forwarded.lease.address + n * PAGE_SIZE;
                    assert!(n * PAGE_SIZE < forwarded.lease.length);
                    self.kernel.lend(space, at, frame, rights);
                }
                0
            }
        };
        self.kernel.live.borrow_mut().remove(&forwarded.id);
        let mut replies = self.kernel.replies.borrow_mut();
        replies.insert(forwarded.id, Reply::value(result));
    }

    pub(super) fn fault(&mut self, space: u64, address: u64, access: u64, present: bool) -> i64 {
        let words = [address, 1, access, u64::from(present), 0, 0, 0];
        let message = Message {
            protocol: PROTOCOL_KERNEL,
            version: 0,
            kind: kernel_kind::PAGE_FAULT,
            words,
        };
        self.ask(space, message, Lease::Space(space)).result
    }

    /// A system call of a program.
    pub(super) fn call(&mut self, space: u64, number: u32, arguments: &[u64]) -> i64 {
        let mut words = [0; 7];
        words[..arguments.len()].copy_from_slice(arguments);
        let message = Message {
            kind: number,
            words,
            ..Message::default()
        };
        self.ask(space, message, Lease::Space(space)).result
    }

    /// A program touches a byte: the fault handler's errno if it may not.
    pub(super) fn touch(&mut self, space: u64, at: u64, write: Option<u8>) -> Result<u8, i64> {
        for _ in 0..6 {
            match self.kernel.access(space, at, write) {
                Ok(byte) => return Ok(byte),
                Err(present) => {
                    let access = if write.is_some() { 2 } else { 1 };
                    let result = self.fault(space, at, access, present);
                    if result != 0 {
                        return Err(-result);
                    }
                }
            }
        }
        panic!("the fault at {at:x} comes again and again");
    }

    pub(super) fn memory<Q: Question>(&mut self, question: Q) -> Result<Q::Answer, Errno> {
        let lease = Lease::Bytes(vec![0; 65536]);
        read(&self.ask(0, question.message(), lease))
    }

    pub(super) fn execute(&mut self, plan: &ExecutePlan) -> Result<u64, Errno> {
        self.references += 1;
        let question = memory::Execute {
            server: RAMFS,
            handle: HANDLE,
        };
        let lease = Lease::Bytes(minicbor::to_vec(plan).unwrap());
        let reply = self.ask(0, question.message(), lease);
        read::<memory::Space>(&reply).map(|made| u64::from(made.space.0))
    }
}
