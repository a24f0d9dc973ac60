//! All neighbours of vfs, as the tests pretend them: file systems, pipes, a driver and ds.

use super::files::{Content, Store};
use super::{Machine, Submission};
use abi::{Endpoint, Errno, Message, Reply};
use linux::file::flags::O_WRONLY;
use linux::file::mode;
use protocol::endpoint::{DS, MEMORY, PFS, PROCFS, RAMFS};
use protocol::files::Request;
use protocol::{Answer, device, names, object, pipe};

/// All neighbours of vfs.
pub(super) struct Neighbours {
    pub(super) ramfs: Store,
    pub(super) procfs: Store,
    pub(super) pfs: Store,
    pub(super) driver: Store,
    /// Questions, closing not counted, until one is refused.
    pub(super) refuse_after: Option<u32>,
}

impl Neighbours {
    pub(super) fn new() -> Neighbours {
        let mut driver = Store::with_root();
        driver.put("/device", mode::S_IFREG, Content::File(b"device".to_vec()));
        Neighbours {
            ramfs: Store::with_root(),
            procfs: Store::with_root(),
            pfs: Store::with_root(),
            driver,
            refuse_after: None,
        }
    }

    /// References that vfs holds at all servers.
    pub(super) fn open_handles(&self) -> [u32; 4] {
        [&self.ramfs, &self.procfs, &self.pfs, &self.driver].map(Store::open_handles)
    }

    /// Answers the first question that can be; whether there was any.
    pub(super) fn answer_one(&mut self, machine: &Machine) -> bool {
        let asked = machine.submissions.borrow().clone();
        for (index, asked) in asked.iter().enumerate() {
            let answered = self.answer(machine, asked);
            let reply = match answered {
                Ok(None) => continue,
                Ok(Some(reply)) => reply,
                Err(errno) => Reply::value(errno.result()),
            };
            machine.submissions.borrow_mut().remove(index);
            match asked.tag {
                Ok(tag) => machine.completions.borrow_mut().push((tag, reply)),
                Err(request) => drop(machine.replies.borrow_mut().insert(request, reply)),
            }
            return true;
        }
        false
    }

    fn answer(&mut self, machine: &Machine, asked: &Submission) -> Result<Option<Reply>, Errno> {
        let message = &asked.message;
        if self.refuses(message) {
            return Err(Errno::IO);
        }
        if asked.to == DS {
            return find(asked).map(Some);
        }
        if let (PFS, Some(pipe::Request::Create(_))) = (asked.to, pipe::Request::decode(message)) {
            return Ok(Some(self.make_pipe()));
        }
        if let Some(pipe::Request::OpenFifo(q)) = pipe::Request::decode(message) {
            return self.open_fifo(q, asked.cancelled);
        }
        if let (MEMORY, Some(device::Request::Open(_))) =
            (asked.to, device::Request::decode(message))
        {
            let handle = self.driver.open(2, 0);
            let server = MEMORY;
            return Ok(Some(device::Opened { server, handle }.to_reply()));
        }
        let store = match asked.to {
            RAMFS => &mut self.ramfs,
            PROCFS => &mut self.procfs,
            PFS => &mut self.pfs,
            MEMORY => &mut self.driver,
            Endpoint(_) => return Err(Errno::NOSYS),
        };
        if message.protocol == object::NUMBER {
            return store.object(machine, asked);
        }
        store.files(machine, asked).map(Some)
    }

    fn refuses(&mut self, message: &Message) -> bool {
        let closes = matches!(
            object::Request::decode(message),
            Some(object::Request::Close(_))
        ) || matches!(Request::decode(message), Some(Request::Cover(q)) if q.mount == 0);
        let Some(left) = self.refuse_after.filter(|_| !closes) else {
            return false;
        };
        self.refuse_after = left.checked_sub(1);
        left == 0
    }

    /// A reader waits; a writer gets a FIFO of its own.
    fn open_fifo(&mut self, q: pipe::OpenFifo, cancelled: bool) -> Result<Option<Reply>, Errno> {
        if q.flags & O_WRONLY == 0 {
            return if cancelled {
                Err(Errno::RESTART)
            } else {
                Ok(None)
            };
        }
        let name = q.node.to_string();
        let node = self
            .pfs
            .put(&name, mode::S_IFIFO, Content::File(Vec::new()));
        let handle = self.pfs.open(node, q.flags);
        Ok(Some(pipe::Opened { handle }.to_reply()))
    }

    fn make_pipe(&mut self) -> Reply {
        let name = self.pfs.made.to_string();
        let node = self
            .pfs
            .put(&name, mode::S_IFIFO, Content::File(Vec::new()));
        pipe::Ends {
            reader: self.pfs.open(node, 0),
            writer: self.pfs.open(node, 1),
        }
        .to_reply()
    }
}

fn find(asked: &Submission) -> Result<Reply, Errno> {
    let server = match names::Request::decode(&asked.message) {
        Some(names::Request::Find(q)) if q.kind == names::Kind::FileSystem => PROCFS,
        Some(names::Request::Find(q)) if q.number == 1 => MEMORY,
        _ => return Err(Errno::NOENT),
    };
    Ok(names::Found { server }.to_reply())
}
