//! random, the source of random numbers: getrandom, /dev/random and /dev/urandom.
//!
//! A generator with fast key erasure (D. J. Bernstein, 2017): each request gets a key of its own, and
//! the generator's key is replaced in the same step, so that a later look at the State tells nothing
//! of what was given out. It is seeded before the first program runs, so nothing ever waits.
#![cfg_attr(feature = "image", no_std)]

extern crate alloc;

mod generator;
mod state;

use abi::Errno;
use alloc::boxed::Box;
use generator::Stream;
use linux_raw_sys::general::{__NR_getrandom, GRND_INSECURE, GRND_NONBLOCK, GRND_RANDOM};
use protocol::object;
use service::description::Descriptions;
use service::objects::{self, Device, Objects, serve_device};
use service::{Cx, Handler, Outcome, Refused, Service};
pub use state::State;
use state::{Kind, Object};

/// Bytes that one request gets at most (Linux's limit of getrandom).
const LONGEST: u64 = 33_554_431;
/// Bytes that a write mixes in at most; the rest is taken and ignored.
const MIXED: u64 = 4096;
/// Bytes made at a time.
const PIECE: usize = 1024;

/// The driver.
#[derive(Debug)]
pub struct RandomDevice;

impl Service for RandomDevice {
    type State = State;

    fn handle(cx: Cx<Self>) -> Handler {
        let message = cx.message();
        if message.protocol == abi::message::PROTOCOL_LINUX && message.kind == __NR_getrandom {
            return Box::pin(getrandom(cx));
        }
        serve_device(cx)
    }
}

impl Device for RandomDevice {
    // memory publishes their major number, and hands the openings on.
    const MAJORS: &'static [u32] = &[];

    fn device(_: u32, minor: u32) -> Option<Object> {
        Kind::of_minor(minor)
    }
}

impl Objects for RandomDevice {
    type Object = Object;

    fn descriptions(state: &mut State) -> &mut Descriptions<Object> {
        state.descriptions_mut()
    }

    fn open_descriptions(state: &State) -> &Descriptions<Object> {
        state.descriptions()
    }

    fn read(cx: Cx<Self>, question: object::Read) -> Handler {
        Box::pin(read(cx, question.handle, question.count))
    }

    fn read_at(cx: Cx<Self>, question: object::ReadAt) -> Handler {
        Box::pin(read(cx, question.handle, question.count))
    }

    fn write(cx: Cx<Self>, question: object::Write) -> Handler {
        Box::pin(write(cx, question))
    }

    fn seek(cx: Cx<Self>, _: object::Seek) -> Handler {
        Box::pin(async move { cx.end(|_| 0_u64) })
    }

    fn other(cx: Cx<Self>, _: object::Request) -> Handler {
        objects::refuse(cx, Errno::INVAL)
    }
}

async fn getrandom(cx: Cx<RandomDevice>) -> Outcome {
    let [buffer, count, flags, ..] = cx.message().words;
    let known = u64::from(GRND_NONBLOCK | GRND_RANDOM | GRND_INSECURE);
    let both = u64::from(GRND_RANDOM | GRND_INSECURE);
    if flags & !known != 0 || flags & both == both {
        return Err(Errno::INVAL.into());
    }
    let count = give(&cx, buffer, count)?;
    cx.end(|_| count)
}

async fn read(cx: Cx<RandomDevice>, handle: protocol::Handle, count: u64) -> Outcome {
    cx.look("open", |state| state.kind(handle).map(drop))?;
    let count = give(&cx, 0, count)?;
    cx.end(|_| count)
}

/// Writes random bytes to lease 0; a handler that runs again writes the same ones.
fn give(cx: &Cx<RandomDevice>, offset: u64, count: u64) -> Result<u64, Refused> {
    let count = count.min(LONGEST);
    let mut stream = Stream::new(&cx.step("key", State::take_key));
    let mut piece = [0; PIECE];
    let mut done = 0;
    while done < count {
        let length = PIECE.min(abi::word::index(count - done));
        stream.fill(&mut piece[..length]);
        let at = offset.checked_add(done).ok_or(Errno::FAULT)?;
        cx.write_lease(0, at, &piece[..length])?;
        done += length as u64;
    }
    Ok(count)
}

async fn write(cx: Cx<RandomDevice>, question: object::Write) -> Outcome {
    cx.look("open", |state| state.kind(question.handle).map(drop))?;
    let bytes = cx.lease_bytes(0, 0, abi::word::index(question.count.min(MIXED)))?;
    cx.end(|state| {
        state.mix(&bytes);
        question.count
    })
}
