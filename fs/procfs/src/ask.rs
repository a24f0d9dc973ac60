//! What procfs asks the other services. All of it changes nothing.

use crate::ProcFileSystem;
use abi::limits::{ARGUMENT_BYTES, PATH_BYTES};
use abi::word::index;
use abi::{Errno, Pid, SpaceId};
use alloc::vec::Vec;
use control::{Response, ServiceStatus};
use protocol::endpoint::{PM, RS, VFS, VM};
use protocol::payload::ProcessInformation;
use protocol::{inspect, memory};
use service::{Cx, Refused};

/// The context of a handler.
pub(crate) type Context = Cx<ProcFileSystem>;

/// Bytes that what pm says of a process takes as a rule.
const PROCESS_BYTES: usize = 2048;
/// Bytes of a text asked for at a time.
const TEXT_BYTES: usize = 16 * 1024;
/// Bytes of a text at most, so that a server that never ends it is not followed for ever.
const MOST_TEXT: usize = 4 << 20;
/// Descriptors that the smallest table has room for (Linux: `NR_OPEN_DEFAULT`).
const FIRST_TABLE: u32 = 64;
/// Bytes of a host's name at most (Linux: `__NEW_UTS_LEN`).
const HOST_NAME_BYTES: usize = 64;

fn errno(refused: Refused) -> Errno {
    refused.errno().unwrap_or(Errno::IO)
}

/// What pm knows of a process.
///
/// # Errors
/// `NOENT` when there is none.
pub(crate) async fn process(cx: &Context, process: u32) -> Result<ProcessInformation, Errno> {
    match process_in(cx, process, PROCESS_BYTES).await {
        // Its arguments are long.
        Err(Errno::RANGE) => process_in(cx, process, PROCESS_BYTES + ARGUMENT_BYTES).await,
        answer => answer,
    }
}

async fn process_in(cx: &Context, process: u32, room: usize) -> Result<ProcessInformation, Errno> {
    let question = inspect::ProcessInformation {
        process: Pid(process),
    };
    let answer = cx.repeat_reading("process", PM, question, &[], room).await;
    let (length, bytes) = answer.map_err(|refused| match errno(refused) {
        Errno::SRCH => Errno::NOENT,
        other => other,
    })?;
    let bytes = bytes.get(..index(length)).ok_or(Errno::PROTO)?;
    let mut of: ProcessInformation = minicbor::decode(bytes).map_err(|_| Errno::PROTO)?;
    // Who asks about itself waits for the answer alone: it runs.
    if cx.caller().pid.0 == process && of.state == b'S' {
        of.state = b'R';
    }
    Ok(of)
}

/// The first process above a number.
pub(crate) async fn next_process(cx: &Context, after: u32) -> Option<u32> {
    let question = inspect::NextProcess { after: Pid(after) };
    let answer = cx.repeat("next process", PM, question, &[]).await;
    answer.ok().map(|next| next.process.0)
}

/// Numbers about the whole system, and the host's name.
///
/// # Errors
/// What pm refused it with.
pub(crate) async fn system(cx: &Context) -> Result<(inspect::SystemNumbers, Vec<u8>), Errno> {
    let question = inspect::System {};
    let answer = cx.repeat_reading("system", PM, question, &[], HOST_NAME_BYTES);
    let (numbers, mut name) = answer.await.map_err(errno)?;
    let end = name.iter().position(|byte| *byte == 0);
    name.truncate(end.unwrap_or(name.len()));
    Ok((numbers, name))
}

/// Sizes of an address space; zeroes when it is gone.
pub(crate) async fn sizes(cx: &Context, space: u32) -> memory::Sizes {
    let question = memory::Inspect {
        space: SpaceId(space),
    };
    let answer = cx.repeat("sizes", VM, question, &[]).await;
    answer.unwrap_or(memory::Sizes {
        total: 0,
        resident: 0,
        text: 0,
        data: 0,
        stack: 0,
        peak: 0,
    })
}

/// A path of a process: its working directory (0), root (1) or program (2).
///
/// # Errors
/// What vfs refused it with.
pub(crate) async fn path_of(cx: &Context, process: u32, which: u32) -> Result<Vec<u8>, Errno> {
    let question = inspect::PathOf {
        process: Pid(process),
        which,
    };
    let answer = cx.repeat_reading("path", VFS, question, &[], PATH_BYTES);
    let (length, mut path) = answer.await.map_err(errno)?;
    path.truncate(index(length));
    Ok(path)
}

/// A descriptor of a process at or above a number, and what its link says.
pub(crate) async fn descriptor(cx: &Context, process: u32, from: u32) -> Option<(u32, Vec<u8>)> {
    let question = inspect::Descriptor {
        process: Pid(process),
        from,
    };
    let answer = cx.repeat_reading("descriptor", VFS, question, &[], PATH_BYTES);
    let (found, mut name) = answer.await.ok()?;
    name.truncate(index(u64::from(found.length)));
    Some((found.descriptor, name))
}

/// How many descriptors the table of a process has room for: it doubles when it is full.
pub(crate) async fn table_size(cx: &Context, process: u32) -> u32 {
    let mut next = 0;
    while let Some((number, _)) = descriptor(cx, process, next).await {
        if number < next {
            break;
        }
        next = number.saturating_add(1);
    }
    next.next_power_of_two().max(FIRST_TABLE)
}

/// The mounts.
///
/// # Errors
/// What vfs refused it with.
pub(crate) async fn mounts(cx: &Context) -> Result<Vec<u8>, Errno> {
    let mut text = Vec::new();
    while text.len() < MOST_TEXT {
        let offset = text.len() as u64;
        let question = inspect::Mounts { offset };
        let answer = cx.repeat_reading("mounts", VFS, question, &[], TEXT_BYTES);
        if !append(&mut text, answer.await)? {
            break;
        }
    }
    Ok(text)
}

/// The regions of a space.
///
/// # Errors
/// What vm refused it with.
pub(crate) async fn regions(cx: &Context, space: u32) -> Result<Vec<u8>, Errno> {
    let mut text = Vec::new();
    while text.len() < MOST_TEXT {
        let question = memory::Regions {
            space: SpaceId(space),
            offset: text.len() as u64,
        };
        let answer = cx.repeat_reading("regions", VM, question, &[], TEXT_BYTES);
        if !append(&mut text, answer.await)? {
            break;
        }
    }
    Ok(text)
}

/// Adds a piece of text. Whether more may follow.
fn append(text: &mut Vec<u8>, answer: Result<(u64, Vec<u8>), Refused>) -> Result<bool, Errno> {
    let (length, bytes) = answer.map_err(errno)?;
    let piece = bytes.get(..index(length)).ok_or(Errno::PROTO)?;
    text.extend_from_slice(piece);
    Ok(piece.len() == bytes.len())
}

/// The states of all services.
///
/// # Errors
/// What rs refused it with.
pub(crate) async fn services(cx: &Context) -> Result<Vec<ServiceStatus>, Errno> {
    let question = inspect::Services {};
    let answer = cx.repeat_reading("services", RS, question, &[], control::RESPONSE_BYTES);
    let (length, bytes) = answer.await.map_err(errno)?;
    let bytes = bytes.get(..index(length)).ok_or(Errno::PROTO)?;
    match control::decode_response(bytes) {
        Ok(Response::Status(services)) => Ok(services),
        _ => Err(Errno::PROTO),
    }
}
