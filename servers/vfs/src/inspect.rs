//! What proc shows of mounts and descriptors (protocol `inspect`): from the tables alone.

use crate::arguments::Context;
use crate::tables::{Descriptors, Mounts, Open, Processes, Start, Tables};
use abi::{Errno, Pid, word};
use alloc::boxed::Box;
use alloc::vec::Vec;
use protocol::inspect::{DescriptorName, Request};
use service::instance::refuse;
use service::{Handler, Refused};

/// The lease that answers are written into.
const ANSWER: u64 = 0;

/// Answers a question.
pub(crate) fn answer(cx: Context, request: Request) -> Handler {
    match request {
        Request::Mounts(question) => Box::pin(async move {
            cx.end_with(|state| {
                let text = state.mounts_text();
                let start = word::index(question.offset).min(text.len());
                write(&cx, &text[start..])
            })
        }),
        Request::Descriptor(question) => Box::pin(async move {
            cx.end_with(|state| {
                let (number, open) = next_open(state, question.process, question.from)?;
                let length = write(&cx, &open.path)?;
                Ok(DescriptorName {
                    descriptor: number,
                    length: word::low_32(length),
                    flags: open.flags,
                })
            })
        }),
        Request::PathOf(question) => Box::pin(async move {
            cx.end_with(|state| {
                let path = path_of(state, question.process, question.which)?;
                write(&cx, &path)
            })
        }),
        _ => refuse(cx),
    }
}

/// Writes as much as fits and returns how much that is.
fn write(cx: &Context, bytes: &[u8]) -> Result<u64, Refused> {
    let room = word::index(cx.lease(0).length);
    let bytes = &bytes[..bytes.len().min(room)];
    if !bytes.is_empty() {
        cx.write_lease(ANSWER, 0, bytes)?;
    }
    Ok(bytes.len() as u64)
}

fn next_open(tables: &impl Tables, process: Pid, from: u32) -> Result<(u32, &Open), Errno> {
    let next = tables.descriptors_from(process, from).next();
    let (number, _) = next.ok_or(Errno::NOENT)?;
    let (_, open) = tables.opened(process, number)?;
    Ok((number, open))
}

fn path_of(tables: &impl Tables, process: Pid, which: u32) -> Result<Vec<u8>, Errno> {
    tables.places(process).ok_or(Errno::SRCH)?;
    match which {
        0 => Ok(tables.spot(process, Start::Directory)?.path),
        1 => Ok(tables.spot(process, Start::Root)?.path),
        2 => {
            let program = tables.program(process).map(|program| program.path.clone());
            let path = program.filter(|path| !path.is_empty());
            path.ok_or(Errno::NOENT)
        }
        _ => Err(Errno::INVAL),
    }
}
