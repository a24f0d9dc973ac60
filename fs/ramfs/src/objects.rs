//! Messages about what is open.

use crate::tree::Content;
use crate::{Context, RamFileSystem, State, content, now, paths};
use abi::Errno;
use abi::word::index;
use alloc::boxed::Box;
use alloc::vec::Vec;
use linux::file::entry;
use linux::file::flags::{self, O_APPEND, O_PATH};
use linux::file::mode::{self, entry_type};
use protocol::object::{self, Description, Request, Whence};
use service::description::Descriptions;
use service::objects::{Objects, refuse};
use service::{Cx, Handler, Outcome, Refused};

impl Objects for RamFileSystem {
    type Object = u64;

    fn descriptions(state: &mut State) -> &mut Descriptions<u64> {
        state.descriptions_mut()
    }

    fn open_descriptions(state: &State) -> &Descriptions<u64> {
        state.descriptions()
    }

    fn closed(state: &mut State, node: u64, _: u32) -> Option<u64> {
        let tree = state.tree_mut();
        tree.change(node, |node| node.open = node.open.saturating_sub(1));
        tree.drop_if_unused(node);
        None
    }

    fn read(cx: Cx<Self>, question: object::Read) -> Handler {
        Box::pin(async move {
            cx.end_with(|state| {
                let open = opened(state, question.handle)?;
                readable(state, &open)?;
                let done =
                    content::read(&cx, state.tree(), open.node, open.position, question.count)?;
                let time = now(&cx);
                state
                    .tree_mut()
                    .change(open.node, |node| node.times[0] = time);
                move_to(state, question.handle, open.position + done)?;
                Ok(done)
            })
        })
    }

    fn write(cx: Cx<Self>, question: object::Write) -> Handler {
        Box::pin(async move {
            cx.end_with(|state| {
                let open = opened(state, question.handle)?;
                writable(&open)?;
                let append = open.flags & O_APPEND != 0;
                let at = if append {
                    state.tree().node(open.node)?.size
                } else {
                    open.position
                };
                let done = content::write(&cx, state, open.node, at, question.count)?;
                move_to(state, question.handle, at + done)?;
                Ok(done)
            })
        })
    }

    fn read_at(cx: Cx<Self>, question: object::ReadAt) -> Handler {
        Box::pin(async move {
            cx.end_with(|state| {
                let open = opened(state, question.handle)?;
                readable(state, &open)?;
                content::read(
                    &cx,
                    state.tree(),
                    open.node,
                    question.offset,
                    question.count,
                )
            })
        })
    }

    fn write_at(cx: Cx<Self>, question: object::WriteAt) -> Handler {
        Box::pin(async move {
            cx.end_with(|state| {
                let open = opened(state, question.handle)?;
                writable(&open)?;
                content::write(&cx, state, open.node, question.offset, question.count)
            })
        })
    }

    fn seek(cx: Cx<Self>, question: object::Seek) -> Handler {
        Box::pin(async move {
            cx.end_with(|state| {
                let open = opened(state, question.handle)?;
                let size = state.tree().node(open.node)?.size;
                let to = sought(question, open.position, size)?;
                move_to(state, question.handle, to)?;
                Ok(to)
            })
        })
    }

    fn entries(cx: Cx<Self>, question: object::Entries) -> Handler {
        Box::pin(entries(cx, question))
    }

    fn other(cx: Cx<Self>, request: Request) -> Handler {
        other(cx, request)
    }
}

/// A description, as far as it is needed here.
struct Opened {
    node: u64,
    flags: u32,
    position: u64,
}

fn opened(state: &State, handle: protocol::Handle) -> Result<Opened, Errno> {
    let found = state.descriptions().get(handle)?;
    Ok(Opened {
        node: found.object,
        flags: found.flags,
        position: found.position,
    })
}

fn readable(state: &State, open: &Opened) -> Result<(), Errno> {
    if open.flags & O_PATH != 0 || !flags::reads(open.flags) {
        return Err(Errno::BADF);
    }
    match state.tree().node(open.node)?.content {
        Content::Directory(_) => Err(Errno::ISDIR),
        _ => Ok(()),
    }
}

fn writable(open: &Opened) -> Result<(), Errno> {
    let allowed = open.flags & O_PATH == 0 && flags::writes(open.flags);
    if allowed { Ok(()) } else { Err(Errno::BADF) }
}

fn move_to(state: &mut State, handle: protocol::Handle, position: u64) -> Result<(), Errno> {
    state
        .descriptions_mut()
        .update(handle, |open| open.position = position)
}

fn sought(question: object::Seek, position: u64, size: u64) -> Result<u64, Errno> {
    let from = match question.whence {
        Whence::Set => 0,
        Whence::Current => position,
        Whence::End => size,
        Whence::Data | Whence::Hole => {
            let offset = u64::try_from(question.offset).map_err(|_| Errno::NXIO)?;
            if offset >= size {
                return Err(Errno::NXIO);
            }
            return Ok(if question.whence == Whence::Data {
                offset
            } else {
                size
            });
        }
    };
    let to = from
        .checked_add_signed(question.offset)
        .ok_or(Errno::INVAL)?;
    i64::try_from(to).map(|_| to).map_err(|_| Errno::OVERFLOW)
}

async fn entries(cx: Context, question: object::Entries) -> Outcome {
    cx.end_with(|state| {
        let open = opened(state, question.handle)?;
        let Content::Directory(parent) = state.tree().node(open.node)?.content else {
            return Err(Errno::NOTDIR.into());
        };
        let limit = index(question.count.min(64 * 1024));
        let mut bytes = Vec::new();
        let mut next = open.position;
        for (place, node, name) in [(0, open.node, &b"."[..]), (1, parent, &b".."[..])] {
            let wanted = next <= place;
            let kind = entry_type(mode::S_IFDIR);
            if wanted && entry::push(&mut bytes, limit, (node, place + 1, kind), name) {
                next = place + 1;
            }
        }
        if next >= 2 {
            for (place, name, node) in state.tree().list(open.node, next) {
                let kind = entry_type(state.tree().node(node)?.mode);
                if !entry::push(&mut bytes, limit, (node, place + 1, kind), name) {
                    break;
                }
                next = place + 1;
            }
        }
        let more = state.tree().list(open.node, next.max(2)).next().is_some() || next < 2;
        if bytes.is_empty() && more {
            return Err(Errno::INVAL.into());
        }
        cx.write_lease(0, 0, &bytes)?;
        move_to(state, question.handle, next)?;
        Ok(bytes.len() as u64)
    })
}

fn other(cx: Context, request: Request) -> Handler {
    match request {
        Request::Page(q) => Box::pin(async move {
            let node = cx.look("node", |state| {
                opened(state, q.handle).map(|open| open.node)
            })?;
            content::give_pages(&cx, node, q.offset, q.pages.into())
        }),
        Request::Describe(q) => Box::pin(async move {
            cx.end_with(|state| {
                let id = opened(state, q.handle)?.node;
                let node = state.tree().node(id)?;
                let device = match node.content {
                    Content::Special(number) => number,
                    _ => 0,
                };
                Ok(Description {
                    length: node.size,
                    mode: node.mode,
                    user: node.user,
                    group: node.group,
                    node: id,
                    device,
                })
            })
        }),
        Request::Synchronise(_) => Box::pin(async move { cx.end(|_| ()) }),
        other => about_node(cx, other),
    }
}

fn about_node(cx: Context, request: Request) -> Handler {
    let handle = match &request {
        Request::Status(q) => q.handle,
        Request::ExtendedStatus(q) => q.handle,
        Request::FileSystemStatus(q) => q.handle,
        Request::Truncate(q) => q.handle,
        Request::SetMode(q) => q.handle,
        Request::SetOwner(q) => q.handle,
        Request::SetTimes(q) => q.handle,
        _ => return refuse(cx, Errno::INVAL),
    };
    Box::pin(async move {
        cx.end_with(|state| {
            let open = opened(state, handle)?;
            apply(&cx, state, &open, &request)
        })
    })
}

fn apply(cx: &Context, state: &mut State, open: &Opened, request: &Request) -> Result<(), Refused> {
    let id = open.node;
    match request {
        Request::Status(_) => cx.write_lease(0, 0, &state.tree().attributes(id)?.to_status()),
        Request::ExtendedStatus(_) => {
            cx.write_lease(0, 0, &state.tree().attributes(id)?.to_extended())
        }
        Request::FileSystemStatus(_) => {
            cx.write_lease(0, 0, &paths::file_system(cx, state).to_bytes())
        }
        Request::Truncate(q) => {
            if !flags::writes(open.flags) {
                return Err(Errno::INVAL.into());
            }
            content::resize(cx, state, id, q.length)
        }
        Request::SetMode(q) => paths::set_mode(cx, state, id, q.mode),
        Request::SetOwner(q) => paths::set_owner(cx, state, id, q.user, q.group),
        Request::SetTimes(q) => paths::set_times(cx, state, id, [q.access, q.modification]),
        _ => Err(Errno::INVAL.into()),
    }
}
