//! poll, ppoll, select, pselect6.
//!
//! A round asks each server what is there now. When that is nothing, all objects are asked to answer once
//! there is something, and the first answer starts another round. Regular files and directories are
//! always ready and not asked.

use crate::arguments::{self, Context, MEMORY};
use crate::tables::{Descriptors, Object};
use abi::{Endpoint, Errno, Message, Time, word};
use alloc::vec;
use alloc::vec::Vec;
use linux::file::poll::{self, Asked, POLL_BYTES};
use linux::file::{mode, select, time};
use minicbor::{Decode, Encode};
use protocol::object;
use protocol::{Question, answer};
use service::context::First;
use service::{Lend, Outcome, Refused};
use shape::Shape;

/// Nanoseconds in a millisecond.
const MILLISECOND: u64 = 1_000_000;
/// Bytes of a signal mask.
const MASK_BYTES: usize = 8;
/// Bytes of what a server tells of one object.
const EVENTS_BYTES: usize = size_of::<u32>();

/// What is behind a descriptor that is asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Shape)]
enum Watched {
    /// Nothing is asked.
    #[n(0)]
    Skipped,
    /// It is not open.
    #[n(1)]
    Invalid,
    /// A file, always ready.
    #[n(2)]
    Ready,
    /// Something that its server knows.
    #[n(3)]
    Object(#[n(0)] Object),
}

impl Watched {
    fn server(&self) -> Option<Endpoint> {
        match self {
            Watched::Object(object) => Some(object.server),
            _ => None,
        }
    }
}

fn watch(cx: &Context, asked: &[Asked]) -> Vec<Watched> {
    let process = cx.caller().pid;
    cx.look("watched", |state| {
        let each = asked.iter().map(|asked| {
            let Ok(number) = u32::try_from(asked.descriptor) else {
                return Watched::Skipped;
            };
            match state.opened(process, number) {
                Err(_) => Watched::Invalid,
                Ok((_, open)) if open.names_only() => Watched::Invalid,
                Ok((_, open)) if matches!(open.kind(), mode::S_IFREG | mode::S_IFDIR) => {
                    Watched::Ready
                }
                Ok((_, open)) => Watched::Object(open.object),
            }
        });
        each.collect()
    })
}

/// Asks each server what is there now.
async fn round(cx: &Context, asked: &[Asked], watched: &[Watched]) -> Vec<u32> {
    let each = asked.iter().zip(watched);
    let found = each.map(|(asked, watched)| match watched {
        Watched::Skipped => 0,
        Watched::Invalid => poll::INVALID,
        Watched::Ready => asked.events & poll::ALWAYS,
        Watched::Object(_) => poll::ERROR,
    });
    let mut found: Vec<u32> = found.collect();
    let mut servers: Vec<Endpoint> = watched.iter().filter_map(Watched::server).collect();
    servers.sort_unstable();
    servers.dedup();
    for server in servers {
        let (indices, questions) = questions_to(server, asked, watched);
        let told = ask(cx, server, &questions).await;
        for (index, events) in indices.into_iter().zip(told) {
            found[index] = events;
        }
    }
    found
}

/// What a server is asked, and of which descriptors.
fn questions_to(
    server: Endpoint,
    asked: &[Asked],
    watched: &[Watched],
) -> (Vec<usize>, Vec<object::Asked>) {
    let mut indices = Vec::with_capacity(asked.len());
    let mut questions = Vec::with_capacity(asked.len());
    for (index, (asked, watched)) in asked.iter().zip(watched).enumerate() {
        if let Watched::Object(object) = *watched
            && object.server == server
        {
            let (handle, events) = (object.handle, asked.events);
            indices.push(index);
            questions.push(object::Asked { handle, events });
        }
    }
    (indices, questions)
}

/// Asks a server what is there of these; nothing but errors when it does not say.
async fn ask(cx: &Context, server: Endpoint, questions: &[object::Asked]) -> Vec<u32> {
    if let [object::Asked { handle, events }] = *questions {
        let question = object::Poll {
            handle,
            events,
            wait: false,
        };
        return vec![events_of(cx.repeat("one", server, question, &[]).await)];
    }
    let mut list = Vec::with_capacity(object::Asked::BYTES * questions.len());
    for one in questions {
        list.extend_from_slice(&one.to_bytes());
    }
    let question = object::PollAll {
        count: word::low_32(questions.len() as u64),
    };
    let lent = [Lend::Bytes(&list)];
    let told = cx
        .repeat_reading(
            "all",
            server,
            question,
            &lent,
            EVENTS_BYTES * questions.len(),
        )
        .await;
    match told {
        Ok(((), bytes)) => {
            let (each, _) = bytes.as_chunks();
            each.iter()
                .map(|events| u32::from_le_bytes(*events))
                .collect()
        }
        Err(_) => vec![poll::ERROR; questions.len()],
    }
}

fn events_of(answer: Result<object::Ready, Refused>) -> u32 {
    // An object that its server has lost is in error for good.
    answer.map_or(poll::ERROR, |ready| ready.events)
}

/// Waits until something is there or the deadline has passed; what was found for each.
async fn wait(cx: &Context, asked: &[Asked], deadline: Time) -> Result<Vec<u32>, Refused> {
    let mut watched = watch(cx, asked);
    let at_once = deadline == cx.stamp();
    let single = matches!(watched[..], [Watched::Object(_)]);
    let mut skip_round = single && !at_once;
    loop {
        if !core::mem::take(&mut skip_round) {
            let found = round(cx, asked, &watched).await;
            if at_once || found.iter().any(|events| *events != 0) {
                return Ok(found);
            }
        }
        let (indices, questions) = questions(asked, &watched);
        match cx.first_of("first", &questions, deadline).await {
            First::Deadline => return Ok(vec![0; asked.len()]),
            First::Cancelled => return Err(Errno::INTR.into()),
            First::Answered(which, reply) => {
                let events = events_of(answer::read(&reply).map_err(Refused::from));
                let Some(index) = indices.get(which) else {
                    return Err(Errno::PROTO.into());
                };
                if single && events != 0 {
                    return Ok(vec![events]);
                }
                if events == 0 {
                    // Its server never has what is asked for: it is no reason to go round.
                    watched[*index] = Watched::Skipped;
                }
            }
        }
    }
}

fn questions(asked: &[Asked], watched: &[Watched]) -> (Vec<usize>, Vec<(Endpoint, Message)>) {
    let mut indices = Vec::new();
    let mut questions = Vec::new();
    for (index, (asked, watched)) in asked.iter().zip(watched).enumerate() {
        if let Watched::Object(Object { server, handle }) = *watched {
            let question = object::Poll {
                handle,
                events: asked.events,
                wait: true,
            };
            indices.push(index);
            questions.push((server, question.message()));
        }
    }
    (indices, questions)
}

/// poll.
pub(crate) async fn poll(cx: Context, address: u64, count: u64, timeout: u64) -> Outcome {
    let deadline = match u64::try_from(arguments::int(timeout)) {
        Ok(milliseconds) => cx.stamp().after(milliseconds * MILLISECOND),
        Err(_) => Time::NEVER,
    };
    poll_until(cx, address, count, deadline).await
}

/// Where a signal mask is, and its bytes. Masks are pm's to set; here they are only checked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mask {
    /// Null for none.
    pub(crate) address: u64,
    pub(crate) size: u64,
}

/// Refuses a mask that pm would refuse.
fn check_mask(cx: &Context, mask: Mask) -> Result<(), Refused> {
    if mask.address == 0 {
        return Ok(());
    }
    if mask.size != MASK_BYTES as u64 {
        return Err(Errno::INVAL.into());
    }
    arguments::structure::<MASK_BYTES>(cx, "mask", mask.address).map(drop)
}

/// ppoll.
pub(crate) async fn poll_precisely(
    cx: Context,
    address: u64,
    count: u64,
    timeout: u64,
    mask: Mask,
) -> Outcome {
    let deadline = deadline(&cx, timeout, time::span)?;
    check_mask(&cx, mask)?;
    poll_until(cx, address, count, deadline).await
}

/// The deadline of a call that passes a span; `NEVER` for none.
fn deadline(
    cx: &Context,
    address: u64,
    span: fn(&[u8; 16]) -> Result<u64, Errno>,
) -> Result<Time, Refused> {
    if address == 0 {
        return Ok(Time::NEVER);
    }
    let bytes = arguments::structure(cx, "timeout", address)?;
    Ok(cx.stamp().after(span(&bytes)?))
}

async fn poll_until(cx: Context, address: u64, count: u64, deadline: Time) -> Outcome {
    let process = cx.caller().pid;
    let count = u64::from(word::low_32(count));
    let limit = cx.look("limit", |state| state.descriptor_limit(process))?;
    if count > limit {
        return Err(Errno::INVAL.into());
    }
    let length = word::index(count) * POLL_BYTES;
    let mut bytes = arguments::bytes(&cx, "asked", address, length)?;
    let asked = poll::parse(&bytes);
    let found = wait(&cx, &asked, deadline).await?;
    let ready = poll::answer(&mut bytes, &found);
    cx.end_with(|_| {
        if !bytes.is_empty() {
            cx.write_lease(MEMORY, address, &bytes)?;
        }
        Ok(ready)
    })
}

/// select.
pub(crate) async fn select(cx: Context, count: u64, sets: [u64; 3], timeout: u64) -> Outcome {
    let deadline = deadline(&cx, timeout, time::span_of_microseconds)?;
    select_until(cx, count, sets, deadline, (timeout, 1000)).await
}

/// pselect6: the last argument is the address of a mask's address and size.
pub(crate) async fn select_precisely(
    cx: Context,
    count: u64,
    sets: [u64; 3],
    timeout: u64,
    mask: u64,
) -> Outcome {
    if mask != 0 {
        let address = arguments::structure(&cx, "mask address", mask)?;
        let size = arguments::structure(&cx, "mask size", mask.saturating_add(8))?;
        let [address, size] = [address, size].map(u64::from_le_bytes);
        check_mask(&cx, Mask { address, size })?;
    }
    let deadline = deadline(&cx, timeout, time::span)?;
    select_until(cx, count, sets, deadline, (timeout, 1)).await
}

async fn select_until(
    cx: Context,
    count: u64,
    sets: [u64; 3],
    deadline: Time,
    (timeout, unit): (u64, u64),
) -> Outcome {
    let count = u64::try_from(arguments::int(count)).map_err(|_| Errno::INVAL)?;
    // As Linux: descriptors that cannot be open are not looked at.
    let count = count.min(abi::limits::DESCRIPTORS as u64);
    let length = word::index(select::bytes(count));
    let mut read: [Vec<u8>; 3] = Default::default();
    for (set, address) in read.iter_mut().zip(sets) {
        if address != 0 && length != 0 {
            *set = arguments::bytes(&cx, "set", address, length)?;
        }
    }
    let asked = select::parse(count, [&read[0], &read[1], &read[2]]);
    let found = wait(&cx, &asked, deadline).await?;
    if found.iter().any(|events| events & poll::INVALID != 0) {
        return Err(Errno::BADF.into());
    }
    let (answers, ready) = select::answer(length, &asked, &found);
    cx.end_with(|_| {
        for (answer, address) in answers.iter().zip(sets) {
            if address != 0 && length != 0 {
                cx.write_lease(MEMORY, address, answer)?;
            }
        }
        if timeout != 0 {
            let left = deadline.since(cx.now());
            // A program may keep its timeout where it cannot be written; Linux does not mind.
            let told = cx.write_lease(MEMORY, timeout, &time::remaining(left, unit));
            if told == Err(Refused::Withdrawn) {
                return Err(Refused::Withdrawn);
            }
        }
        Ok(ready)
    })
}
