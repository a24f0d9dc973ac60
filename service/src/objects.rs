//! The loop of every server of objects: files, pipes, terminals, devices.
//!
//! A server implements [`Objects`] and calls [`serve`] from its `handle`. References and status
//! flags are kept here; everything that a kind of object does not do is refused as Linux refuses it.

use crate::description::{Description, Descriptions};
use crate::instance::{Handler, Service};
use crate::{Cx, Outcome, Refused};
use abi::limits::DESCRIPTORS;
use abi::{Endpoint, Errno, word};
use alloc::boxed::Box;
use alloc::vec::Vec;
use core::task::Poll;
use protocol::object::{Ready, Request};
use protocol::{Handle, device, names, object};

/// O_APPEND and O_NONBLOCK: the status flags that can be changed (`asm-generic/fcntl.h`).
const CHANGEABLE_FLAGS: u32 = 0o2000 | 0o4000;
/// POLLIN, POLLOUT, POLLRDNORM and POLLWRNORM.
const ALWAYS_READY: u32 = 0x001 | 0x004 | 0x040 | 0x100;
/// POLLERR (`asm-generic/poll.h`).
const POLL_ERROR: u32 = 0x008;
/// POLLERR and POLLHUP.
const UNASKED: u32 = POLL_ERROR | 0x010;

/// What a server of objects does. Each function ends the request.
#[expect(unused_variables, reason = "the defaults refuse")]
pub trait Objects: Service {
    /// What a description refers to.
    type Object: Clone;

    /// The table in the State.
    fn descriptions(state: &mut Self::State) -> &mut Descriptions<Self::Object>;

    /// The table in the State, to look at.
    fn open_descriptions(state: &Self::State) -> &Descriptions<Self::Object>;

    /// The last reference is gone: forgets what the object needs no longer. Returns a key to wake.
    fn closed(state: &mut Self::State, object: Self::Object, flags: u32) -> Option<u64> {
        None
    }

    /// Reads from the position.
    fn read(cx: Cx<Self>, question: object::Read) -> Handler {
        refuse(cx, Errno::INVAL)
    }

    /// Writes at the position.
    fn write(cx: Cx<Self>, question: object::Write) -> Handler {
        refuse(cx, Errno::INVAL)
    }

    /// Reads at an offset.
    fn read_at(cx: Cx<Self>, question: object::ReadAt) -> Handler {
        refuse(cx, Errno::SPIPE)
    }

    /// Writes at an offset.
    fn write_at(cx: Cx<Self>, question: object::WriteAt) -> Handler {
        refuse(cx, Errno::SPIPE)
    }

    /// Moves the position.
    fn seek(cx: Cx<Self>, question: object::Seek) -> Handler {
        refuse(cx, Errno::SPIPE)
    }

    /// Lists directory entries.
    fn entries(cx: Cx<Self>, question: object::Entries) -> Handler {
        refuse(cx, Errno::NOTDIR)
    }

    /// ioctl.
    fn control(cx: Cx<Self>, question: object::Control) -> Handler {
        refuse(cx, Errno::NOTTY)
    }

    /// The poll bits that are set now; by default everything can be done without waiting.
    fn ready(state: &Self::State, description: &Description<Self::Object>) -> u32 {
        ALWAYS_READY
    }

    /// The key that is woken when that has changed; none when it never does.
    fn changes(object: &Self::Object) -> Option<u64> {
        None
    }

    /// Everything else: attributes and file-system business.
    fn other(cx: Cx<Self>, request: Request) -> Handler {
        refuse(cx, Errno::INVAL)
    }
}

/// Ends a request with an error.
pub fn refuse<S: Service>(cx: Cx<S>, errno: Errno) -> Handler {
    Box::pin(async move { cx.end_with(|_| Err::<(), _>(errno.into())) })
}

/// Answers a message of the object protocol.
pub fn serve<S: Objects>(cx: Cx<S>, request: Request) -> Handler {
    match request {
        Request::Duplicate(question) => Box::pin(async move {
            cx.end_with(|state| {
                Ok(S::descriptions(state).duplicate(question.handle, question.count)?)
            })
        }),
        Request::Close(question) => Box::pin(close(cx, question.handle)),
        Request::GetFlags(question) => Box::pin(async move {
            cx.end_with(|state| {
                let flags = S::descriptions(state).get(question.handle)?.flags;
                Ok(u64::from(flags))
            })
        }),
        Request::SetFlags(question) => Box::pin(async move {
            cx.end_with(|state| {
                let wanted = question.flags & CHANGEABLE_FLAGS;
                Ok(
                    S::descriptions(state).update(question.handle, |description| {
                        description.flags = description.flags & !CHANGEABLE_FLAGS | wanted;
                    })?,
                )
            })
        }),
        Request::Read(question) => S::read(cx, question),
        Request::Write(question) => S::write(cx, question),
        Request::ReadAt(question) => S::read_at(cx, question),
        Request::WriteAt(question) => S::write_at(cx, question),
        Request::Seek(question) => S::seek(cx, question),
        Request::Entries(question) => S::entries(cx, question),
        Request::Control(question) => S::control(cx, question),
        Request::Poll(question) => Box::pin(poll(cx, question)),
        Request::PollAll(question) => Box::pin(poll_all(cx, question)),
        other => S::other(cx, other),
    }
}

/// Which of the events are there; whoever asks hears of errors and hang-ups unasked.
fn there<S: Objects>(state: &S::State, asked: object::Asked) -> Result<u32, Errno> {
    let description = S::open_descriptions(state).get(asked.handle)?;
    Ok(S::ready(state, description) & (asked.events | UNASKED))
}

async fn poll<S: Objects>(cx: Cx<S>, question: object::Poll) -> Outcome {
    let object::Poll {
        handle,
        events,
        wait,
    } = question;
    let asked = object::Asked { handle, events };
    let key = cx.look("key", |state| {
        let description = S::open_descriptions(state).get(handle)?;
        Ok::<_, Errno>(S::changes(&description.object).filter(|_| wait))
    })?;
    let Some(key) = key else {
        let ready = |state: &mut S::State| Ok(there::<S>(state, asked)?);
        return cx.end_with(|state| ready(state).map(|events| Ready { events }));
    };
    cx.end_when(key, |state, wake| match there::<S>(state, asked) {
        Err(errno) => Poll::Ready(Err(errno.into())),
        Ok(0) if wake.cancelled => Poll::Ready(Err(Errno::RESTART.into())),
        Ok(0) => Poll::Pending,
        Ok(events) => Poll::Ready(Ok(Ready { events })),
    })
    .await
}

async fn poll_all<S: Objects>(cx: Cx<S>, question: object::PollAll) -> Outcome {
    let count = word::index(question.count.into());
    if count > DESCRIPTORS {
        return Err(Errno::INVAL.into());
    }
    let asked = cx.lease_bytes(0, 0, count * object::Asked::BYTES)?;
    cx.end_with(|state| {
        let (asked, _) = asked.as_chunks();
        let mut told = Vec::with_capacity(count * size_of::<u32>());
        for one in asked {
            let events = there::<S>(state, object::Asked::from_bytes(*one));
            told.extend_from_slice(&events.unwrap_or(POLL_ERROR).to_le_bytes());
        }
        cx.write_lease(1, 0, &told)
    })
}

async fn close<S: Objects>(cx: Cx<S>, handle: Handle) -> Outcome {
    let woken = cx.step("close", |state| {
        let closed = S::descriptions(state).close(handle)?;
        Ok::<_, Errno>(closed.and_then(|d| S::closed(state, d.object, d.flags)))
    });
    if let Ok(Some(key)) = woken {
        cx.wake(key);
    }
    cx.end_with(|_| woken.map(drop).map_err(Refused::from))
}

/// A driver of character devices whose every device is an object of its own.
pub trait Device: Objects {
    /// The major numbers that it drives.
    const MAJORS: &'static [u32];

    /// What the device with this major and minor number is; `None` when there is none.
    fn device(major: u32, minor: u32) -> Option<Self::Object>;
}

/// Answers a driver's request: opening a device, or a message of the object protocol.
pub fn serve_device<S: Device>(cx: Cx<S>) -> Handler {
    if let Some(request) = Request::decode(cx.message()) {
        return serve(cx, request);
    }
    match device::Request::decode(cx.message()) {
        Some(device::Request::Open(question)) => Box::pin(async move {
            let (major, minor) = numbers(question.device);
            let object = S::device(major, minor).ok_or(Errno::NXIO)?;
            let server = cx.slot();
            cx.end(|state| device::Opened {
                server,
                handle: S::descriptions(state).open(object, question.flags),
            })
        }),
        None => refuse(cx, Errno::NOSYS),
    }
}

/// Major and minor number as Linux packs them (`sys/sysmacros.h`).
#[must_use]
pub const fn numbers(device: u64) -> (u32, u32) {
    let major = device >> 8 & 0xfff | device >> 32 & 0xffff_f000;
    let minor = device & 0xff | device >> 12 & 0xffff_ff00;
    (word::low_32(major), word::low_32(minor))
}

/// Publishes the devices that a driver drives; part of its `attach`.
pub async fn publish_devices<S: Device>(cx: &Cx<S>) {
    for major in S::MAJORS {
        let number = u64::from(*major);
        let published = publish(
            cx,
            protocol::endpoint::DS,
            names::Kind::CharacterDevice,
            number,
        );
        if let Err(refused) = published.await {
            cx.log(&alloc::format!(
                "devices {major} are not published: {refused:?}"
            ));
        }
    }
}

/// Zeroes.
static ZEROES: [u8; 4096] = [0; 4096];

/// Fills `count` bytes of a lease with zeroes.
///
/// # Errors
/// As [`Cx::write_lease`].
pub fn zero_lease<S: Service>(cx: &Cx<S>, index: u64, count: u64) -> Result<(), Refused> {
    let mut done = 0;
    while done < count {
        let piece = ZEROES.len().min(word::index(count - done));
        cx.write_lease(index, done, &ZEROES[..piece])?;
        done += piece as u64;
    }
    Ok(())
}

/// Publishes what a service serves, at ds; part of its `attach`.
///
/// # Errors
/// What ds refused it with.
pub async fn publish<S: Service>(
    cx: &Cx<S>,
    ds: Endpoint,
    kind: names::Kind,
    number: u64,
) -> Result<(), Refused> {
    cx.repeat("publish", ds, names::Publish { kind, number }, &[])
        .await
}
