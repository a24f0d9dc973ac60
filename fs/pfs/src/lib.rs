//! pfs, the server of pipes and FIFOs.
#![cfg_attr(feature = "image", no_std)]

extern crate alloc;

mod pipe;
mod state;

use abi::{Errno, word};
use alloc::boxed::Box;
use core::task::Poll;
use linux::file::flags::{self, O_NONBLOCK};
use linux::file::poll::{ERROR, HANG_UP, IN, OUT, READ_NORMAL, WRITE_NORMAL};
use pipe::{CAPACITY, Given, Pipe};
use protocol::object::Request;
use protocol::pipe::{Ends, Opened};
use protocol::{Handle, object, pipe as messages};
use service::description::{Description, Descriptions};
use service::instance::refuse;
use service::objects::{self, Objects, serve};
use service::{Cx, Handler, Outcome, Refused, Service};
pub use state::State;
use state::{End, PipeId};

/// SIGPIPE.
const BROKEN_PIPE: u32 = 13;
/// Writes up to this length are not mixed with others (Linux's PIPE_BUF).
const ATOMIC: u64 = 4096;
/// FIONREAD.
const COUNT_INPUT: u32 = 0x541b;

/// The server.
#[derive(Debug)]
pub struct PipeFileSystem;

impl Service for PipeFileSystem {
    type State = State;

    fn handle(cx: Cx<Self>) -> Handler {
        if let Some(request) = Request::decode(cx.message()) {
            return serve(cx, request);
        }
        match messages::Request::decode(cx.message()) {
            Some(messages::Request::Create(question)) => Box::pin(async move {
                cx.end_with(|state| {
                    if !state.has_place() {
                        return Err(Errno::NFILE.into());
                    }
                    let (reader, writer) = state.create(question.flags & O_NONBLOCK);
                    Ok(Ends { reader, writer })
                })
            }),
            Some(messages::Request::OpenFifo(question)) => Box::pin(open_fifo(cx, question)),
            None => refuse(cx),
        }
    }
}

/// Opens an end at once, and then waits until the other one is open, as open(2) says.
async fn open_fifo(cx: Cx<PipeFileSystem>, question: messages::OpenFifo) -> Outcome {
    let (reads, writes) = (flags::reads(question.flags), flags::writes(question.flags));
    let waits = question.flags & O_NONBLOCK == 0;
    let opened = cx.step("open", |state| {
        if !state.has_place() {
            return Err(Errno::NFILE);
        }
        let id = state.fifo(question.server, question.node);
        if !waits && writes && !reads && state.pipe(id).is_none_or(|pipe| pipe.readers == 0) {
            return Err(Errno::NXIO);
        }
        let seen = state.openings(id);
        Ok((id.0, state.open_end(id, question.flags), seen))
    });
    let (id, handle, seen) = match opened {
        Ok(opened) => opened,
        Err(errno) => return Err(errno.into()),
    };
    let id = PipeId(id);
    cx.wake(id.0);
    if !waits || (reads && writes) {
        return cx.end(|_| Opened { handle });
    }
    cx.end_when(id.0, |state, wake| {
        if state.other_end_was_open(id, writes, seen) {
            return Poll::Ready(Ok(Opened { handle }));
        }
        if wake.cancelled {
            // The end is closed again before anybody could use it.
            let _ = state.close_handle(handle);
            return Poll::Ready(Err(Errno::RESTART.into()));
        }
        Poll::Pending
    })
    .await
}

impl Objects for PipeFileSystem {
    type Object = End;

    fn descriptions(state: &mut State) -> &mut Descriptions<End> {
        state.descriptions_mut()
    }

    fn open_descriptions(state: &State) -> &Descriptions<End> {
        state.descriptions()
    }

    fn closed(state: &mut State, end: End, flags: u32) -> Option<u64> {
        state.close(end, flags);
        Some(end.pipe().0)
    }

    fn read(cx: Cx<Self>, question: object::Read) -> Handler {
        Box::pin(read(cx, question))
    }

    fn write(cx: Cx<Self>, question: object::Write) -> Handler {
        Box::pin(write(cx, question))
    }

    fn control(cx: Cx<Self>, question: object::Control) -> Handler {
        match question.request {
            COUNT_INPUT => Box::pin(count_input(cx, question.handle)),
            _ => objects::refuse(cx, Errno::NOTTY),
        }
    }

    fn ready(state: &State, description: &Description<End>) -> u32 {
        let (id, flags) = (description.object.pipe(), description.flags);
        state.pipe(id).map_or(ERROR, |pipe| {
            let has_room = flags::writes(flags) && state.room(id) >= ATOMIC;
            readiness(pipe, flags, has_room)
        })
    }

    fn changes(end: &End) -> Option<u64> {
        Some(end.pipe().0)
    }

    fn other(cx: Cx<Self>, request: Request) -> Handler {
        match request {
            Request::Status(question) => Box::pin(status(cx, question.handle, false)),
            Request::ExtendedStatus(question) => Box::pin(status(cx, question.handle, true)),
            _ => objects::refuse(cx, Errno::INVAL),
        }
    }
}

async fn read(cx: Cx<PipeFileSystem>, question: object::Read) -> Outcome {
    let id = cx.look("pipe", |state| state.end(question.handle))?.pipe();
    cx.end_when(id.0, |state, wake| {
        let flags = match state.descriptions().get(question.handle) {
            Ok(description) => description.flags,
            Err(errno) => return Poll::Ready(Err(errno.into())),
        };
        if !flags::reads(flags) {
            return Poll::Ready(Err(Errno::BADF.into()));
        }
        let Some(pipe) = state.pipe(id) else {
            return Poll::Ready(Err(Errno::BADF.into()));
        };
        let bytes = pipe.peek(word::index(question.count.min(CAPACITY as u64)));
        if !bytes.is_empty() || question.count == 0 {
            // Out first: a page that is missing must find the bytes still there.
            if let Err(refused) = cx.write_lease(0, 0, &bytes) {
                return Poll::Ready(Err(refused));
            }
            state.take(id, bytes.len());
            cx.wake(id.0);
            return Poll::Ready(Ok(bytes.len() as u64));
        }
        if pipe.writers == 0 {
            return Poll::Ready(Ok(0));
        }
        if flags & O_NONBLOCK != 0 {
            return Poll::Ready(Err(Errno::AGAIN.into()));
        }
        if wake.cancelled {
            return Poll::Ready(Err(Errno::RESTART.into()));
        }
        Poll::Pending
    })
    .await
}

async fn write(cx: Cx<PipeFileSystem>, question: object::Write) -> Outcome {
    let id = cx.look("pipe", |state| state.end(question.handle))?.pipe();
    cx.end_when(id.0, |state, wake| {
        let flags = match state.descriptions().get(question.handle) {
            Ok(description) => description.flags,
            Err(errno) => return Poll::Ready(Err(errno.into())),
        };
        if !flags::writes(flags) {
            return Poll::Ready(Err(Errno::BADF.into()));
        }
        match give(&cx, state, id, question.count, wake.mark) {
            Err(refused) => return Poll::Ready(Err(refused)),
            Ok(Given::Broken) if wake.mark == 0 => {
                return Poll::Ready(Err(Refused::raising(Errno::PIPE, BROKEN_PIPE, false)));
            }
            Ok(Given::Broken) => return Poll::Ready(Ok(wake.mark)),
            Ok(Given::Bytes(count)) => {
                wake.mark += count;
                if count > 0 {
                    cx.wake(id.0);
                }
            }
        }
        if wake.mark >= question.count {
            return Poll::Ready(Ok(wake.mark));
        }
        let stuck = flags & O_NONBLOCK != 0;
        match (stuck, wake.cancelled, wake.mark) {
            (true, _, 0) => Poll::Ready(Err(Errno::AGAIN.into())),
            (_, true, 0) => Poll::Ready(Err(Errno::RESTART.into())),
            (true, ..) | (_, true, _) => Poll::Ready(Ok(wake.mark)),
            _ => Poll::Pending,
        }
    })
    .await
}

/// Moves what fits from the caller's memory into the pipe; a short write goes whole or not at all.
fn give(
    cx: &Cx<PipeFileSystem>,
    state: &mut State,
    id: PipeId,
    count: u64,
    done: u64,
) -> Result<Given, Refused> {
    let Some(pipe) = state.pipe(id) else {
        return Err(Errno::BADF.into());
    };
    if pipe.readers == 0 {
        return Ok(if count == done {
            Given::Bytes(0)
        } else {
            Given::Broken
        });
    }
    let room = state.room(id);
    let left = count - done;
    if count <= ATOMIC && room < left {
        return Ok(Given::Bytes(0));
    }
    let bytes = cx.lease_bytes(0, done, word::index(left.min(room)))?;
    state.put(id, &bytes);
    Ok(Given::Bytes(bytes.len() as u64))
}

async fn count_input(cx: Cx<PipeFileSystem>, handle: Handle) -> Outcome {
    let count = cx.look("count", |state| {
        let id = state.end(handle)?.pipe();
        Ok::<_, Errno>(state.pipe(id).map_or(0, |pipe| pipe.len() as u64))
    })?;
    cx.write_lease(0, 0, &word::low_32(count).to_le_bytes())?;
    cx.end(|_| 0_u64)
}

/// What an end with these flags is ready for.
fn readiness(pipe: &Pipe, flags: u32, has_room: bool) -> u32 {
    let mut events = 0;
    if flags::reads(flags) {
        events |= if pipe.len() > 0 { IN | READ_NORMAL } else { 0 };
        events |= if pipe.writers == 0 { HANG_UP } else { 0 };
    }
    if flags::writes(flags) {
        events |= if has_room { OUT | WRITE_NORMAL } else { 0 };
        events |= if pipe.readers == 0 { ERROR } else { 0 };
    }
    events
}

async fn status(cx: Cx<PipeFileSystem>, handle: Handle, extended: bool) -> Outcome {
    let attributes = cx
        .look("end", |state| state.end(handle))?
        .pipe()
        .attributes();
    if extended {
        cx.write_lease(0, 0, &attributes.to_extended())?;
    } else {
        cx.write_lease(0, 0, &attributes.to_status())?;
    }
    cx.end(|_| ())
}
