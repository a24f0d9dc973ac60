//! Runs ramfs for a program that asks one thing at a time.

use super::{Crash, Kernel};
use crate::RamFileSystem;
use crate::state::State;
use crate::tree::Tree;
use abi::event::EventKind;
use abi::lease::{Access, LeaseInformation};
use abi::{Caller, Errno, Event, Pid, RequestId, Time};
use archive::{Builder, Kind, NewEntry};
use linux::file::flags::{O_CREAT, O_PATH, O_RDWR};
use protocol::files::{self, Opened, Walk};
use protocol::{Handle, Question, answer, object};
use service::instance::Instance;
use service::{Start, State as _};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

/// ramfs and its kernel.
pub(crate) struct World {
    pub(crate) kernel: Rc<Kernel>,
    instance: Instance<RamFileSystem>,
    next: u64,
    generation: u32,
    /// Crashes so far.
    pub(crate) crashes: u32,
    pub(crate) user: u32,
    pub(crate) root: Handle,
}

/// A file as an archive holds it.
pub(crate) fn entry(kind: Kind, mode: u32, data: &[u8]) -> NewEntry {
    NewEntry {
        kind,
        mode,
        user: 0,
        group: 0,
        modified: 5,
        data: data.to_vec(),
    }
}

fn built() -> Vec<u8> {
    let mut builder = Builder::new();
    let long: Vec<u8> = (0..10_000_u32).map(|at| (at % 251) as u8).collect();
    builder.put("root/bin/tool", entry(Kind::File, 0o755, &long));
    builder.put("root/etc/motd", entry(Kind::File, 0o644, b"hello"));
    builder.put("root/sh", entry(Kind::Link, 0o777, b"bin/tool"));
    let null = 0x103_u64.to_le_bytes();
    builder.put("root/dev/null", entry(Kind::CharacterDevice, 0o666, &null));
    builder.put("root/tmp", entry(Kind::Directory, 0o1777, b""));
    builder.put("system/other", entry(Kind::File, 0o644, b"x"));
    let mut bytes = builder.build().unwrap();
    bytes.resize(bytes.len().next_multiple_of(4096), 0);
    bytes
}

impl World {
    pub(crate) fn new() -> World {
        let kernel = Rc::new(Kernel::default());
        kernel.quota.set(64);
        kernel.now.set(1000);
        kernel.archive.set(Vec::leak(built()));
        let mut instance = Instance::fresh(kernel.clone(), Start::default());
        take_over(&mut instance, &kernel);
        let mut world = World {
            kernel,
            instance,
            next: 1,
            generation: 1,
            crashes: 0,
            user: 0,
            root: Handle(0),
        };
        world.root = world.ask(files::Root {}, &[]).unwrap().0.handle;
        world
    }

    pub(crate) fn inspect<R>(&self, look: impl FnOnce(&State) -> R) -> R {
        self.instance.inspect(look)
    }

    /// Asks something; returns the answer and the leases.
    pub(crate) fn ask<Q: Question>(
        &mut self,
        question: Q,
        leases: &[&[u8]],
    ) -> Result<(Q::Answer, Vec<Vec<u8>>), Errno> {
        let id = RequestId(self.next);
        self.next += 1;
        let lent = leases.iter().map(|lease| lease.to_vec()).collect();
        self.kernel.live.borrow_mut().insert(id, lent);
        let mut event = Event {
            kind: EventKind::Request as u32,
            now: Time(self.kernel.now.get()),
            stamp: Time(self.kernel.now.get()),
            id,
            message: question.message(),
            caller: Caller {
                pid: Pid(7),
                user: self.user,
                group: self.user,
                ..Caller::default()
            },
            ..Event::default()
        };
        for (slot, lease) in event.leases.iter_mut().zip(leases) {
            *slot = LeaseInformation {
                access: Access::Both as u64,
                length: lease.len() as u64,
            };
        }
        self.kernel.now.set(self.kernel.now.get() + 1);
        while self.kernel.live.borrow().contains_key(&id) {
            self.deliver(&event);
            event.again = 1;
        }
        let (reply, leases) = self.kernel.replies.borrow_mut().remove(&id).unwrap();
        assert_eq!(self.instance.pending().0, 0, "the journal is empty");
        answer::read(&reply).map(|answer| (answer, leases))
    }

    fn deliver(&mut self, event: &Event) {
        let turned = catch_unwind(AssertUnwindSafe(|| self.instance.turn(event)));
        self.kernel.withdrawn.take();
        let Err(cause) = turned else {
            return;
        };
        assert!(cause.is::<Crash>(), "a panic that nobody asked for");
        self.crashes += 1;
        self.replace(true);
    }

    /// Replaces the instance: through the other version if wanted.
    pub(crate) fn replace(&mut self, convert: bool) {
        let mut bytes = Vec::new();
        self.instance.export(&mut bytes).unwrap();
        let mut version = State::VERSION;
        if convert {
            bytes = converted(&bytes);
            version = State::OTHER_VERSION;
        }
        self.generation += 1;
        let start = Start {
            generation: self.generation,
            ..Start::default()
        };
        let next = Instance::import(self.kernel.clone(), start, version, &bytes);
        // The crashed one stays, as the kernel keeps lent memory.
        std::mem::forget(std::mem::replace(
            &mut self.instance,
            next.unwrap_or_else(|refusal| panic!("{refusal:?}")),
        ));
        take_over(&mut self.instance, &self.kernel);
    }

    pub(crate) fn open(&mut self, path: &str, flags: u32) -> Result<Handle, Errno> {
        let opened = self.opened(path, flags, 0o644)?;
        assert_eq!(opened.walk, Walk::Done);
        Ok(opened.handle)
    }

    pub(crate) fn opened(&mut self, path: &str, flags: u32, mode: u32) -> Result<Opened, Errno> {
        let start = self.root;
        let question = files::Open { start, flags, mode };
        Ok(self.ask(question, &[path.as_bytes()])?.0)
    }

    pub(crate) fn create(&mut self, path: &str) -> Handle {
        self.open(path, O_RDWR | O_CREAT).unwrap()
    }

    pub(crate) fn close(&mut self, handle: Handle) {
        self.ask(object::Close { handle }, &[]).unwrap();
    }

    pub(crate) fn write_at(
        &mut self,
        handle: Handle,
        offset: u64,
        data: &[u8],
    ) -> Result<u64, Errno> {
        let count = data.len() as u64;
        let question = object::WriteAt {
            handle,
            count,
            offset,
        };
        Ok(self.ask(question, &[data])?.0)
    }

    pub(crate) fn read_at(
        &mut self,
        handle: Handle,
        offset: u64,
        count: usize,
    ) -> Result<Vec<u8>, Errno> {
        let question = object::ReadAt {
            handle,
            count: count as u64,
            offset,
        };
        let (done, mut leases) = self.ask(question, &[&vec![0xee; count]])?;
        let mut bytes = leases.remove(0);
        bytes.truncate(done as usize);
        Ok(bytes)
    }

    pub(crate) fn size(&mut self, handle: Handle) -> u64 {
        self.ask(object::Describe { handle }, &[]).unwrap().0.length
    }

    /// Opens the directory and name of a path.
    pub(crate) fn place(&mut self, path: &str) -> (Handle, Vec<u8>) {
        let (directory, name) = path.rsplit_once('/').unwrap_or((".", path));
        (
            self.open(directory, O_PATH).unwrap(),
            name.as_bytes().to_vec(),
        )
    }

    pub(crate) fn rename(&mut self, from: &str, to: &str, flags: u32) -> Result<(), Errno> {
        let ((from, old), (to, new)) = (self.place(from), self.place(to));
        let question = files::Rename { from, to, flags };
        let renamed = self.ask(question, &[&old, &new]);
        self.close(from);
        self.close(to);
        renamed.map(drop)
    }

    pub(crate) fn make_directory(&mut self, path: &str) -> Result<(), Errno> {
        let start = self.root;
        let question = files::MakeDirectory { start, mode: 0o755 };
        self.ask(question, &[path.as_bytes()]).map(drop)
    }

    pub(crate) fn remove(&mut self, path: &str, directory: bool) -> Result<(), Errno> {
        let start = self.root;
        self.ask(files::Remove { start, directory }, &[path.as_bytes()])
            .map(drop)
    }

    /// Kept pages that are mapped are those of files (and the page of zeroes).
    pub(crate) fn assert_no_page_is_lost(&self) {
        let mut of_files: Vec<u64> = self.inspect(|state| {
            let pages = state.all_pages();
            pages.iter().map(|(_, _, page)| *page).collect()
        });
        of_files.sort_unstable();
        let kept = self.kernel.kept.borrow();
        let mapped: Vec<u64> = kept.keys().copied().filter(|page| *page != 0).collect();
        assert_eq!(mapped, of_files);
    }
}

/// Lets an instance serve; ds answers it.
fn take_over(instance: &mut Instance<RamFileSystem>, kernel: &Kernel) {
    instance.take_over(Time(kernel.now.get()));
    for tag in kernel.asked.take() {
        instance.turn(&Event {
            kind: EventKind::Completion as u32,
            tag,
            ..Event::default()
        });
    }
}

/// What an instance of the other version would have exported.
fn converted(bytes: &[u8]) -> Vec<u8> {
    let mut decoder = minicbor::Decoder::new(bytes);
    assert_eq!(decoder.array().unwrap(), Some(2));
    let state: State = decoder.decode().unwrap();
    let journal = &bytes[decoder.position()..];
    let other = <State as service::State>::Other::from(state);
    let mut out = vec![0x82];
    minicbor::encode(&other, &mut out).unwrap();
    out.extend_from_slice(journal);
    out
}
