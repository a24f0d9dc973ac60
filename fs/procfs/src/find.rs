//! Looking names up.

use crate::ask::{self, Context};
use crate::node::{Directory, NAMES, Node, PROCESS_NAMES, ProcessFile, number};
use abi::{Errno, limits};
use alloc::vec::Vec;
use linux::file::status::Attributes;
use protocol::Handle;
use protocol::endpoint;
use protocol::files::Walk as Onward;
use service::Refused;
use virtual_tree::{Name, Node as _, Step, Stop, Walk};

use crate::state::{Opened, Tables};

/// The number of the device that /proc counts as.
const DEVICE: u64 = 5;

/// How far a path came.
pub(crate) enum Reached {
    /// It names this.
    Node(Node),
    /// It goes on elsewhere, after so many bytes.
    Onward(Onward, u32),
}

/// Walks the path in lease 0 from an open directory.
///
/// # Errors
/// As open(2), `STALE` for a description that is not open.
pub(crate) async fn walk(cx: &Context, start: Handle, follow: bool) -> Result<Reached, Refused> {
    let path = path(cx)?;
    let start = cx.look("start", |state| node_of(state, start))?;
    let mut walk = Walk::new(start, &path, follow);
    loop {
        match walk.step() {
            Step::Find(directory, name) => {
                let found = find(cx, directory, name).await?;
                walk.found(found);
            }
            Step::Done(node) => return Ok(Reached::Node(node)),
            Step::Stop(Stop::Link(consumed)) => return Ok(onward(Onward::Link, consumed)),
            Step::Stop(Stop::Above(consumed)) => return Ok(onward(Onward::Above, consumed)),
            Step::Stop(Stop::Failed(errno)) => return Err(errno.into()),
        }
    }
}

/// The node of a description.
///
/// # Errors
/// `STALE`.
pub(crate) fn node_of(state: &impl Tables, handle: Handle) -> Result<Node, Errno> {
    Ok(state.open().get(handle)?.object.node())
}

fn path(cx: &Context) -> Result<Vec<u8>, Refused> {
    let length = abi::word::index(cx.lease(0).length);
    if length > limits::PATH_BYTES {
        return Err(Errno::NAMETOOLONG.into());
    }
    cx.lease_bytes(0, 0, length)
}

fn onward(walk: Onward, consumed: usize) -> Reached {
    Reached::Onward(walk, u32::try_from(consumed).unwrap_or(u32::MAX))
}

async fn find(cx: &Context, directory: Node, name: &[u8]) -> Result<Option<Node>, Errno> {
    if let Some(of) = directory.as_directory() {
        if let Some(node) = Name::find(NAMES, of, name) {
            return Ok(Some(node));
        }
        return match (of, number(name)) {
            (Directory::Services, _) => Ok(service(name)),
            (Directory::Root, Some(process)) => {
                let exists = ask::process(cx, process).await;
                exists_or(exists.map(|_| Node::Process(process)))
            }
            _ => Ok(None),
        };
    }
    match directory {
        Node::Service(slot) => Ok((name == b"status").then_some(Node::ServiceStatus(slot))),
        Node::Process(process) => {
            let mut names = PROCESS_NAMES.iter();
            let found = names.find(|(of, _)| of.as_bytes() == name);
            Ok(found.map(|(_, file)| Node::Of(process, *file)))
        }
        Node::Of(process, ProcessFile::Descriptors) => {
            check_private(cx, directory).await?;
            let Some(wanted) = number(name) else {
                return Ok(None);
            };
            let found = ask::descriptor(cx, process, wanted).await;
            let found = found.filter(|(number, _)| *number == wanted);
            Ok(found.map(|_| Node::Descriptor(process, wanted)))
        }
        _ => Err(Errno::NOTDIR),
    }
}

/// What is not there is no error of a look-up.
fn exists_or(found: Result<Node, Errno>) -> Result<Option<Node>, Errno> {
    match found {
        Ok(node) => Ok(Some(node)),
        Err(Errno::NOENT) => Ok(None),
        Err(errno) => Err(errno),
    }
}

fn service(name: &[u8]) -> Option<Node> {
    let mut names = endpoint::NAMES.iter();
    let found = names.find(|(of, _)| of.as_bytes() == name);
    found.map(|(_, endpoint)| Node::Service(endpoint.0))
}

/// Checks that the caller may see what is private to a process's user.
///
/// # Errors
/// `ACCES`; `NOENT` when the process is gone.
pub(crate) async fn check_private(cx: &Context, node: Node) -> Result<(), Errno> {
    let Some(process) = node.process().filter(|_| node.is_private()) else {
        return Ok(());
    };
    let caller = cx.caller();
    if caller.user == 0 || caller.pid.0 == process {
        return Ok(());
    }
    let of = ask::process(cx, process).await?;
    if of.users[1] == caller.user {
        Ok(())
    } else {
        Err(Errno::ACCES)
    }
}

/// What there is to know of a node.
///
/// # Errors
/// `NOENT` when what it is about is gone.
pub(crate) async fn attributes(cx: &Context, node: Node) -> Result<Attributes, Errno> {
    let (user, group) = match node.process() {
        Some(process) => {
            let of = ask::process(cx, process).await?;
            (of.users[1], of.groups[1])
        }
        None => (0, 0),
    };
    let time = real_time(cx);
    let links = match node.kind() {
        virtual_tree::Kind::Directory => 2,
        _ => 1,
    };
    Ok(Attributes {
        device: DEVICE,
        node: node.number(),
        mode: node.kind().mode() | node.permissions(),
        links,
        user,
        group,
        block: 1024,
        access: time,
        modification: time,
        change: time,
        ..Attributes::default()
    })
}

/// The real time at which the request was made.
fn real_time(cx: &Context) -> u64 {
    let start = cx.system().call(abi::Call::RealTime, &[]).unwrap_or(0);
    start.saturating_add(cx.stamp().0)
}
