//! The messages about paths.

use crate::ask::Context;
use crate::content;
use crate::find::{self, Reached, walk};
use crate::node::Node;
use crate::state::{Opened, Tables};
use abi::Errno;
use alloc::boxed::Box;
use linux::file::flags::OpenFlags;
use linux::file::mode::{EXECUTE, READ, WRITE};
use linux::file::status::FileSystem;
use linux_raw_sys::general as raw;
use protocol::Handle;
use protocol::files::{Opened as Answer, PathOf, Request, Walk, Walked};
use service::objects::refuse;
use service::{Handler, Outcome, Refused};
use virtual_tree::{Kind, Node as _};

/// Answers a message of the protocol `files`.
pub(crate) fn answer(cx: Context, request: Request) -> Handler {
    match request {
        Request::Root(_) => Box::pin(root(cx)),
        Request::Open(q) => Box::pin(open(cx, q.start, q.flags)),
        Request::Status(q) => Box::pin(status(cx, q.start, q.follow, Structure::Status)),
        Request::ExtendedStatus(q) => Box::pin(status(cx, q.start, q.follow, Structure::Extended)),
        Request::Access(q) => Box::pin(access(cx, q.start, q.follow, q.wanted)),
        Request::ReadLink(q) => Box::pin(read_link(cx, q.start)),
        Request::FileSystemStatus(q) => Box::pin(file_system(cx, q.start)),
        Request::MakeDirectory(q) => Box::pin(refuse_at(cx, q.start, Errno::EXIST)),
        Request::MakeNode(q) => Box::pin(refuse_at(cx, q.start, Errno::EXIST)),
        Request::MakeLink(q) => Box::pin(refuse_at(cx, q.start, Errno::EXIST)),
        Request::Remove(q) => Box::pin(refuse_at(cx, q.start, Errno::PERM)),
        Request::OpenParent(q) => Box::pin(refuse_at(cx, q.start, Errno::PERM)),
        Request::SetMode(q) => Box::pin(refuse_at(cx, q.start, Errno::PERM)),
        Request::SetOwner(q) => Box::pin(refuse_at(cx, q.start, Errno::PERM)),
        Request::SetTimes(q) => Box::pin(refuse_at(cx, q.start, Errno::PERM)),
        Request::Truncate(q) => Box::pin(refuse_at(cx, q.start, Errno::ACCES)),
        Request::Link(_) | Request::Rename(_) => refuse(cx, Errno::PERM),
        Request::Cover(_) => refuse(cx, Errno::INVAL),
        Request::PathOf(q) => Box::pin(path_of(cx, q)),
        Request::Synchronise(_) => Box::pin(async move { cx.end(|_| ()) }),
    }
}

fn done() -> Walked {
    Walked {
        walk: Walk::Done,
        consumed: 0,
        mount: 0,
    }
}

fn onward(walk: Walk, consumed: u32) -> Walked {
    Walked {
        walk,
        consumed,
        ..done()
    }
}

async fn open(cx: Context, start: Handle, flags: u32) -> Outcome {
    let flags = OpenFlags::check(flags)?;
    let follow = !flags.has(raw::O_NOFOLLOW) && !flags.has(raw::O_CREAT | raw::O_EXCL);
    let node = match walk(&cx, start, follow).await? {
        Reached::Node(node) => node,
        Reached::Onward(walk, consumed) => {
            return cx.end(|_| Answer {
                walk,
                consumed,
                handle: Handle(0),
                mode: 0,
                device: 0,
                length: 0,
            });
        }
    };
    check_open(node, flags)?;
    if !flags.names_only() {
        find::check_private(&cx, node).await?;
    }
    let kept = if flags.names_only() {
        raw::O_PATH
    } else {
        flags.status()
    };
    open_node(&cx, node, kept)
}

/// Whether a node can be opened with flags.
fn check_open(node: Node, flags: OpenFlags) -> Result<(), Errno> {
    if flags.has(raw::O_CREAT | raw::O_EXCL) {
        return Err(Errno::EXIST);
    }
    let kind = node.kind();
    if flags.has(raw::O_DIRECTORY) && kind != Kind::Directory {
        return Err(Errno::NOTDIR);
    }
    if flags.names_only() {
        return Ok(());
    }
    match kind {
        Kind::Link => Err(Errno::LOOP),
        Kind::Directory if flags.writes() || flags.has(raw::O_CREAT) => Err(Errno::ISDIR),
        Kind::File if flags.writes() => Err(Errno::ACCES),
        Kind::Directory | Kind::File => Ok(()),
    }
}

async fn root(cx: Context) -> Outcome {
    cx.end(|state| {
        let handle = state
            .open_mut()
            .open_root(Opened::new(Node::Root), raw::O_PATH);
        describe(handle, Node::Root)
    })
}

fn open_node(cx: &Context, node: Node, flags: u32) -> Outcome {
    cx.end(|state| describe(state.open_mut().open(Opened::new(node), flags), node))
}

fn describe(handle: Handle, node: Node) -> Answer {
    Answer {
        walk: Walk::Done,
        consumed: 0,
        handle,
        mode: node.kind().mode() | node.permissions(),
        device: node.number(),
        length: 0,
    }
}

/// Which structure a program wants.
#[derive(Clone, Copy)]
enum Structure {
    Status,
    Extended,
}

async fn status(cx: Context, start: Handle, follow: bool, structure: Structure) -> Outcome {
    let node = match walk(&cx, start, follow).await? {
        Reached::Node(node) => node,
        Reached::Onward(walk, consumed) => return cx.end(|_| onward(walk, consumed)),
    };
    let attributes = find::attributes(&cx, node).await?;
    cx.end_with(|_| {
        match structure {
            Structure::Status => cx.write_lease(1, 0, &attributes.to_status())?,
            Structure::Extended => cx.write_lease(1, 0, &attributes.to_extended())?,
        }
        Ok(done())
    })
}

async fn access(cx: Context, start: Handle, follow: bool, wanted: u32) -> Outcome {
    let node = match walk(&cx, start, follow).await? {
        Reached::Node(node) => node,
        Reached::Onward(walk, consumed) => return cx.end(|_| onward(walk, consumed)),
    };
    find::check_private(&cx, node).await?;
    let allowed = match node.kind() {
        Kind::Directory => READ | EXECUTE,
        Kind::File => READ,
        Kind::Link => READ | WRITE | EXECUTE,
    };
    if wanted & !allowed == 0 {
        cx.end(|_| done())
    } else {
        Err(Errno::ACCES.into())
    }
}

async fn read_link(cx: Context, start: Handle) -> Outcome {
    let node = match walk(&cx, start, false).await? {
        Reached::Node(node) => node,
        Reached::Onward(walk, consumed) => return cx.end(|_| onward(walk, consumed)),
    };
    find::check_private(&cx, node).await?;
    let text = content::link(&cx, node).await?;
    let room = abi::word::index(cx.lease(1).length);
    let text = &text[..text.len().min(room)];
    cx.end_with(|_| {
        cx.write_lease(1, 0, text)?;
        Ok(Walked {
            mount: u32::try_from(text.len()).unwrap_or(u32::MAX),
            ..done()
        })
    })
}

/// What a program gets that asks for the file system: /proc has no blocks.
#[must_use]
pub(crate) fn statistics() -> FileSystem {
    FileSystem {
        kind: u64::from(raw::PROC_SUPER_MAGIC),
        block: 4096,
        ..FileSystem::default()
    }
}

async fn file_system(cx: Context, start: Handle) -> Outcome {
    if let Reached::Onward(walk, consumed) = walk(&cx, start, true).await? {
        return cx.end(|_| onward(walk, consumed));
    }
    cx.end_with(|_| {
        cx.write_lease(1, 0, &statistics().to_bytes())?;
        Ok(done())
    })
}

/// Refuses to change what a path names: with `errno` when there is such a thing.
async fn refuse_at(cx: Context, start: Handle, errno: Errno) -> Outcome {
    match walk(&cx, start, false).await? {
        Reached::Node(_) => Err(errno.into()),
        Reached::Onward(walk, consumed) => cx.end(|_| onward(walk, consumed)),
    }
}

async fn path_of(cx: Context, question: PathOf) -> Outcome {
    cx.end_with(|state| {
        let node = find::node_of(state, question.directory)?;
        let path = node.path();
        if path.len() as u64 > cx.lease(0).length {
            return Err(Refused::from(Errno::RANGE));
        }
        cx.write_lease(0, 0, path.as_bytes())?;
        Ok(path.len() as u64)
    })
}
