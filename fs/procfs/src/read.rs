//! Reading files and directories, and the other messages about what is open.

use crate::ask::{self, Context};
use crate::content;
use crate::find;
use crate::names::statistics;
use crate::node::{Directory, NAMES, Node, PROCESS_NAMES, ProcessFile};
use crate::state::{Opened, Tables};
use abi::{Errno, limits};
use alloc::format;
use alloc::vec::Vec;
use protocol::object::{self, Request, Whence};
use protocol::{Handle, endpoint};
use service::Outcome;
use virtual_tree::{Entry, Kind, Listing, Name, Node as _, part};

/// Bytes of directory entries that are made at a time, at most.
const ENTRY_BYTES: u64 = 32 * 1024;
/// Positions of what follows the fixed entries of a directory start here.
const NUMBERED: u64 = 1000;

/// Where a read takes place.
enum Place {
    Position,
    Offset(u64),
}

/// Reads from the position.
pub(crate) async fn read(cx: Context, question: object::Read) -> Outcome {
    read_from(&cx, question.handle, question.count, &Place::Position).await
}

/// Reads at an offset.
pub(crate) async fn read_at(cx: Context, question: object::ReadAt) -> Outcome {
    let place = Place::Offset(question.offset);
    read_from(&cx, question.handle, question.count, &place).await
}

/// A read at the start makes the content anew; what follows is read from the same content, until
/// its end.
async fn read_from(cx: &Context, handle: Handle, count: u64, place: &Place) -> Outcome {
    let (node, offset, kept) = cx.look("description", |state| {
        let description = state.open().get(handle)?;
        let offset = match place {
            Place::Position => description.position,
            Place::Offset(offset) => *offset,
        };
        let kept = offset > 0 && description.object.content().is_some();
        Ok::<_, Errno>((description.object.node(), offset, kept))
    })?;
    if node.kind() == Kind::Directory {
        return Err(Errno::ISDIR.into());
    }
    let made = match kept {
        true => None,
        false => Some(content::content(cx, node).await?),
    };
    cx.end_with(|state| {
        let description = state.open().get(handle)?;
        let kept = description.object.content().unwrap_or_default();
        let text = made.as_deref().unwrap_or(kept);
        let bytes = part(text, offset, count);
        if !bytes.is_empty() {
            cx.write_lease(0, 0, bytes)?;
        }
        let length = bytes.len() as u64;
        state.open_mut().update(handle, |description| {
            if matches!(place, Place::Position) {
                description.position = offset + length;
            }
            if length == 0 {
                description.object.keep(None);
            } else if let Some(made) = made {
                description.object.keep(Some(made));
            }
        })?;
        Ok(length)
    })
}

/// Moves the position.
pub(crate) async fn seek(cx: Context, question: object::Seek) -> Outcome {
    cx.end_with(|state| {
        let position = state.open().get(question.handle)?.position;
        let position = match question.whence {
            Whence::Set => u64::try_from(question.offset).ok(),
            Whence::Current => position.checked_add_signed(question.offset),
            // Nobody knows where the end is before it is read.
            Whence::End | Whence::Data | Whence::Hole => None,
        };
        let position = position.filter(|at| i64::try_from(*at).is_ok());
        let position = position.ok_or(Errno::INVAL)?;
        state.open_mut().update(question.handle, |description| {
            description.position = position
        })?;
        Ok(position)
    })
}

/// Lists a directory.
pub(crate) async fn entries(cx: Context, question: object::Entries) -> Outcome {
    let (node, position) = cx.look("description", |state| {
        let description = state.open().get(question.handle)?;
        Ok::<_, Errno>((description.object.node(), description.position))
    })?;
    let room = question.count.min(cx.lease(0).length).min(ENTRY_BYTES);
    let mut listing = Listing::new(position, abi::word::index(room));
    list(&cx, node, &mut listing).await?;
    let (bytes, next) = listing.finish().ok_or(Errno::INVAL)?;
    cx.end_with(|state| {
        state.open().get(question.handle)?;
        if !bytes.is_empty() {
            cx.write_lease(0, 0, &bytes)?;
        }
        state
            .open_mut()
            .update(question.handle, |description| description.position = next)?;
        Ok(bytes.len() as u64)
    })
}

fn add(listing: &mut Listing, position: u64, name: &[u8], node: Node) -> bool {
    let entry = Entry {
        name,
        number: node.number(),
        kind: node.kind(),
    };
    listing.add(position, entry)
}

async fn list(cx: &Context, node: Node, listing: &mut Listing) -> Result<(), Errno> {
    if node.kind() != Kind::Directory {
        return Err(Errno::NOTDIR);
    }
    let above = node.parent().unwrap_or(Node::Root);
    let dots = [(&b"."[..], node), (&b".."[..], above)];
    let fixed = fixed_entries(node);
    let all = dots.into_iter().chain(fixed);
    for (position, (name, of)) in (0..).zip(all) {
        if !add(listing, position, name, of) {
            return Ok(());
        }
    }
    match node {
        Node::Root => list_processes(cx, listing).await,
        Node::Of(process, ProcessFile::Descriptors) => {
            list_descriptors(cx, process, listing).await;
        }
        _ => {}
    }
    Ok(())
}

/// The entries of a directory that are always there.
fn fixed_entries(node: Node) -> Vec<(&'static [u8], Node)> {
    match (node, node.as_directory()) {
        (_, Some(Directory::Services)) => {
            let services = endpoint::NAMES.iter();
            let entries = services.map(|(name, slot)| (name.as_bytes(), Node::Service(slot.0)));
            entries.collect()
        }
        (_, Some(directory)) => {
            let names = Name::within(NAMES, directory);
            names
                .map(|entry| (entry.name.as_bytes(), entry.node))
                .collect()
        }
        (Node::Process(process), _) => {
            let names = PROCESS_NAMES.iter();
            let entries = names.map(|(name, file)| (name.as_bytes(), Node::Of(process, *file)));
            entries.collect()
        }
        (Node::Service(slot), _) => [(&b"status"[..], Node::ServiceStatus(slot))].into(),
        _ => Vec::new(),
    }
}

async fn list_processes(cx: &Context, listing: &mut Listing) {
    let from = listing.wanted().saturating_sub(NUMBERED);
    // The position of process n is NUMBERED + n.
    let mut last = u32::try_from(from.saturating_sub(1)).unwrap_or(u32::MAX);
    while let Some(process) = ask::next_process(cx, last).await {
        let name = format!("{process}");
        let position = NUMBERED + u64::from(process);
        if process <= last || !add(listing, position, name.as_bytes(), Node::Process(process)) {
            return;
        }
        last = process;
    }
}

async fn list_descriptors(cx: &Context, process: u32, listing: &mut Listing) {
    let from = listing.wanted().saturating_sub(NUMBERED);
    let mut from = u32::try_from(from).unwrap_or(u32::MAX);
    while let Some((number, _)) = ask::descriptor(cx, process, from).await {
        let name = format!("{number}");
        let position = NUMBERED + u64::from(number);
        let node = Node::Descriptor(process, number);
        let more = number >= from && add(listing, position, name.as_bytes(), node);
        match number.checked_add(1).filter(|_| more) {
            Some(next) => from = next,
            None => return,
        }
    }
}

/// The messages about attributes.
pub(crate) async fn other(cx: Context, request: Request) -> Outcome {
    let handle = match request {
        Request::Status(object::Status { handle })
        | Request::ExtendedStatus(object::ExtendedStatus { handle, .. })
        | Request::Describe(object::Describe { handle })
        | Request::FileSystemStatus(object::FileSystemStatus { handle })
        | Request::Synchronise(object::Synchronise { handle }) => handle,
        Request::Page(_) => return Err(Errno::NODEV.into()),
        _ => return Err(Errno::PERM.into()),
    };
    let node = cx.look("description", |state| find::node_of(state, handle))?;
    let attributes = find::attributes(&cx, node).await?;
    match request {
        Request::Describe(_) => cx.end(|_| object::Description {
            length: attributes.size,
            mode: attributes.mode,
            user: attributes.user,
            group: attributes.group,
            node: attributes.node,
            device: 0,
        }),
        Request::ExtendedStatus(_) => write(&cx, &attributes.to_extended()),
        Request::FileSystemStatus(_) => write(&cx, &statistics().to_bytes()),
        Request::Status(_) => write(&cx, &attributes.to_status()),
        _ => cx.end(|_| ()),
    }
}

fn write(cx: &Context, bytes: &[u8]) -> Outcome {
    cx.end_with(|_| cx.write_lease(0, 0, bytes))
}

const _: () = assert!(ENTRY_BYTES > limits::NAME_BYTES as u64 + 64);
