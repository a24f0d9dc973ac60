//! procfs as vfs and programs see it. Its neighbours are a few lines here; where an answer comes
//! with bytes, it tells that there are none, because on the host nobody can write into a lent
//! buffer.

mod pretend;

use crate::ProcFileSystem;
use abi::event::{Event, EventKind};
use abi::lease::LeaseInformation;
use abi::word::index;
use abi::{Caller, Endpoint, Errno, Message, Pid, Reply, RequestId, Tag};
use linux_raw_sys::general as raw;
use pretend::Pretend;
use protocol::answer::read;
use protocol::endpoint::{DS, PM, VFS};
use protocol::files::{self, Walk};
use protocol::object::{self, Whence};
use protocol::{Answer, Handle, Question, inspect};
use service::Start;
use service::instance::Instance;
use std::rc::Rc;

struct Machine {
    kernel: Rc<Pretend>,
    instance: Instance<ProcFileSystem>,
    last: u64,
}

impl Machine {
    fn new() -> Machine {
        let kernel = Rc::new(Pretend::default());
        let instance = Instance::fresh(kernel.clone(), Start::default());
        let mut machine = Machine {
            kernel,
            instance,
            last: 0,
        };
        machine.instance.take_over(abi::Time(0));
        machine.play();
        machine
    }

    /// Answers all that is asked.
    fn play(&mut self) {
        loop {
            let asked = self.kernel.asked.borrow_mut().pop();
            let Some((to, tag, message)) = asked else {
                return;
            };
            let reply = answer(to, &message);
            self.instance.turn(&completion(tag, reply));
        }
    }

    fn ask<Q: Question>(&mut self, question: Q, path: &[u8]) -> Result<Q::Answer, Errno> {
        self.last += 1;
        *self.kernel.path.borrow_mut() = path.to_vec();
        self.kernel.written.borrow_mut().clear();
        let mut event = Event {
            kind: EventKind::Request as u32,
            id: RequestId(self.last << 16),
            caller: Caller {
                pid: Pid(42),
                ..Caller::default()
            },
            from: VFS,
            message: question.message(),
            ..Event::default()
        };
        let length = if path.is_empty() {
            4096
        } else {
            path.len() as u64
        };
        event.leases[0] = LeaseInformation { access: 3, length };
        event.leases[1] = LeaseInformation {
            access: 2,
            length: 4096,
        };
        self.instance.turn(&event);
        self.play();
        let reply = self.kernel.reply.borrow_mut().take();
        read(&reply.expect("a reply"))
    }

    fn root(&mut self) -> Handle {
        self.ask(files::Root {}, b"").unwrap().handle
    }

    fn open(&mut self, path: &str, flags: u32) -> Result<files::Opened, Errno> {
        let start = self.root();
        let question = files::Open {
            start,
            flags,
            mode: 0,
        };
        self.ask(question, path.as_bytes())
    }

    fn read(&mut self, handle: Handle, count: u64) -> Result<Vec<u8>, Errno> {
        let length = self.ask(object::Read { handle, count }, b"")?;
        let written = self.kernel.written.borrow().clone();
        assert_eq!(written.len() as u64, length);
        Ok(written)
    }

    fn list(&mut self, path: &str, room: u64) -> Vec<String> {
        let handle = self.open(path, raw::O_DIRECTORY).unwrap().handle;
        let mut names = Vec::new();
        loop {
            let question = object::Entries {
                handle,
                count: room,
            };
            if self.ask(question, b"").unwrap() == 0 {
                return names;
            }
            let bytes = self.kernel.written.borrow().clone();
            let mut rest = &bytes[..];
            while rest.len() > 19 {
                let length = usize::from(u16::from_le_bytes([rest[16], rest[17]]));
                let name = rest[19..length].split(|byte| *byte == 0).next().unwrap();
                names.push(String::from_utf8(name.to_vec()).unwrap());
                rest = &rest[length..];
            }
        }
    }
}

fn completion(tag: Tag, reply: Reply) -> Event {
    Event {
        kind: EventKind::Completion as u32,
        tag,
        reply,
        ..Event::default()
    }
}

fn answer(to: Endpoint, message: &Message) -> Reply {
    let none = Reply::value(Errno::NOENT.result());
    match inspect::Request::decode(message) {
        Some(inspect::Request::NextProcess(question)) if to == PM => {
            let next = [1, 7, 42].into_iter().find(|pid| *pid > question.after.0);
            next.map_or(none, |pid| {
                inspect::Process { process: Pid(pid) }.to_reply()
            })
        }
        Some(inspect::Request::System(_)) if to == PM => inspect::SystemNumbers {
            processes: 3,
            running: 1,
            last: Pid(42),
            load: 0,
        }
        .to_reply(),
        Some(inspect::Request::Mounts(_)) if to == VFS => Reply::value(0),
        _ if to == DS => Reply::value(0),
        _ => none,
    }
}

#[test]
fn a_file_is_read_in_pieces_and_anew_from_its_start() {
    let mut m = Machine::new();
    let opened = m.open("meminfo", 0).unwrap();
    assert_eq!((opened.walk, opened.mode), (Walk::Done, 0o100_444));
    let handle = opened.handle;
    let whole = m.read(handle, 4096).unwrap();
    assert!(whole.starts_with(b"MemTotal:           4096 kB\n"));
    assert_eq!(m.read(handle, 4096), Ok(vec![]));
    let seek = object::Seek {
        handle,
        offset: 0,
        whence: Whence::Set,
    };
    assert_eq!(m.ask(seek, b""), Ok(0));
    let first = m.read(handle, 10).unwrap();
    let rest = m.read(handle, 4096).unwrap();
    assert_eq!([first, rest].concat(), whole);
    let at = object::ReadAt {
        handle,
        count: 8,
        offset: 0,
    };
    assert_eq!(m.ask(at, b""), Ok(8));
    assert_eq!(m.ask(object::Close { handle }, b""), Ok(()));
    assert_eq!(m.read(handle, 1), Err(Errno::STALE));
    assert_eq!(m.instance.pending(), (0, 0));
}

#[test]
fn directories_list_what_is_there() {
    let mut m = Machine::new();
    let root = m.list(".", 4096);
    assert_eq!(root[..4], [".", "..", "self", "mounts"]);
    assert_eq!(root[root.len() - 3..], ["1", "7", "42"]);
    assert_eq!(m.list(".", 60), root, "in small pieces it is the same");
    let kernel = m.list("sys/kernel/", 4096);
    assert!(kernel.contains(&"osrelease".into()) && !kernel.contains(&"stat".into()));
    assert!(m.list("service", 4096).contains(&"vm".into()));
    assert_eq!(m.list("service/vm", 4096), [".", "..", "status"]);
}

#[test]
fn paths_end_where_they_leave() {
    let mut m = Machine::new();
    let link = m.open("self/stat", 0).unwrap();
    assert_eq!((link.walk, link.consumed), (Walk::Link, 4));
    let start = m.root();
    let text = m.ask(files::ReadLink { start }, b"self").unwrap();
    let written = m.kernel.written.borrow().clone();
    assert_eq!((text.walk, &written[..]), (Walk::Done, &b"42"[..]));
    let above = m.open("sys/../../etc", 0).unwrap();
    assert_eq!((above.walk, above.consumed), (Walk::Above, 9));
    assert_eq!(m.open("nothing", 0).unwrap_err(), Errno::NOENT);
    assert_eq!(m.open("99", 0).unwrap_err(), Errno::NOENT);
    assert_eq!(m.open("stat/x", 0).unwrap_err(), Errno::NOTDIR);
    assert_eq!(m.open("stat", raw::O_DIRECTORY).unwrap_err(), Errno::NOTDIR);
    assert_eq!(m.open("stat", raw::O_WRONLY).unwrap_err(), Errno::ACCES);
    assert_eq!(m.open("sys", raw::O_RDWR).unwrap_err(), Errno::ISDIR);
    assert_eq!(m.open("self", raw::O_NOFOLLOW).unwrap_err(), Errno::LOOP);
    assert!(m.open("self", raw::O_NOFOLLOW | raw::O_PATH).is_ok());
}

#[test]
fn nothing_can_be_changed() {
    let mut m = Machine::new();
    let start = m.root();
    let make = files::MakeDirectory { start, mode: 0o755 };
    assert_eq!(m.ask(make, b"new").unwrap_err(), Errno::NOENT);
    assert_eq!(m.ask(make, b"sys").unwrap_err(), Errno::EXIST);
    let remove = files::Remove {
        start,
        directory: false,
    };
    assert_eq!(m.ask(remove, b"stat").unwrap_err(), Errno::PERM);
    let onward = m.ask(remove, b"../x").unwrap();
    assert_eq!((onward.walk, onward.consumed), (Walk::Above, 2));
}

#[test]
fn attributes_are_those_of_files_without_a_size() {
    let mut m = Machine::new();
    let start = m.root();
    let status = files::Status {
        start,
        follow: true,
    };
    assert_eq!(m.ask(status, b"stat").unwrap().walk, Walk::Done);
    let written = m.kernel.written.borrow().clone();
    let field = |at: usize, size: usize| {
        let bytes = &written[at..at + size];
        let mut word = [0; 8];
        word[..size].copy_from_slice(bytes);
        u64::from_le_bytes(word)
    };
    assert_eq!(written.len(), 144);
    assert_eq!(
        (field(24, 4), field(48, 8), field(88, 8)),
        (0o100_444, 0, 5)
    );
    let handle = m.open("sys", 0).unwrap().handle;
    let described = m.ask(object::Describe { handle }, b"").unwrap();
    assert_eq!(described.mode, 0o040_555);
    let length = m.ask(files::PathOf { directory: handle }, b"").unwrap();
    assert_eq!(m.kernel.written.borrow()[..index(length)], *b"/sys");
}
