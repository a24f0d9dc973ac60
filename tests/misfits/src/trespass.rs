//! Does what it may not, on request: what is written to its device is the name of a way of dying
//! (`crime`) or of a set of kernel calls, whose results it tells the log.

use crate::{crime, kernel};
use abi::event::Outgoing;
use abi::limits::SLOTS;
use abi::message::PROTOCOLS;
use abi::{Call, CallError, Message, RequestId, Tag};
use alloc::boxed::Box;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use hello::State;
use protocol::{Question, endpoint, names, object};
use service::description::Descriptions;
use service::objects::{Device, Objects, publish_devices, serve_device};
use service::{Cx, Handler, Outcome, Service};

/// Bytes of a name at most.
const NAME_BYTES: usize = 32;
/// Kernel calls that are tried.
const NUMBERS: u64 = 256;
/// Arguments that nothing is good for.
const WILD: [u64; 7] = [
    0,
    1,
    4095,
    0x7fff_ffff_f000,
    0x8000_0000_0000,
    0xffff_8000_0010_0000,
    u64::MAX,
];

/// In the place of hello.
#[derive(Debug)]
pub struct Trespasser;

/// In the place of clock, which may use two ports.
#[derive(Debug)]
pub struct PortTrespasser;

macro_rules! trespassers {
    ($($service:ident $state:ty, $major:literal, $read:path, $write:path;)*) => {$(
        impl Service for $service {
            type State = $state;

            fn handle(cx: Cx<Self>) -> Handler {
                serve_device(cx)
            }

            fn attach(cx: Cx<Self>) -> Handler {
                Box::pin(async move {
                    publish_devices(&cx).await;
                    cx.end(|_| ())
                })
            }
        }

        impl Device for $service {
            const MAJORS: &'static [u32] = &[$major];

            fn device(_: u32, minor: u32) -> Option<()> {
                (minor == 0).then_some(())
            }
        }

        impl Objects for $service {
            type Object = ();

            fn descriptions(state: &mut $state) -> &mut Descriptions<()> {
                state.descriptions_mut()
            }

            fn open_descriptions(state: &$state) -> &Descriptions<()> {
                state.descriptions()
            }

            fn read(cx: Cx<Self>, question: object::Read) -> Handler {
                Box::pin($read(cx, question))
            }

            fn write(cx: Cx<Self>, question: object::Write) -> Handler {
                Box::pin($write(cx, question))
            }
        }
    )*};
}

trespassers! {
    Trespasser State, 120, greet, trespass;
    PortTrespasser crate::broken::Forgetful, 254, stay_silent, misuse_ports;
}

/// The name of a call's result.
fn describe(result: Result<u64, CallError>) -> String {
    result.map_or_else(|error| format!("{error:?}"), |_| "ok".to_string())
}

fn tell<S: Service>(cx: &Cx<S>, what: &str, result: Result<u64, CallError>) {
    cx.log(&format!("trespasser: {what}: {}", describe(result)));
}

async fn trespass(cx: Cx<Trespasser>, question: object::Write) -> Outcome {
    let length = NAME_BYTES.min(abi::word::index(question.count));
    let bytes = cx.lease_bytes(0, 0, length)?;
    let name = String::from_utf8_lossy(&bytes).trim().to_string();
    if let Some((_, commit)) = crime::ALL.iter().find(|(known, _)| *known == name) {
        commit();
        cx.log(&format!("trespasser: survived {name}"));
    }
    match name.as_str() {
        "leases" => misuse_leases(&cx),
        "requests" => misuse_requests(&cx),
        "protocols" => misuse_protocols(&cx),
        "numbers" => misuse_numbers(&cx),
        "twice" => answer_twice(&cx),
        "wait-for-nothing" => core::future::pending().await,
        "ask-without-end" => ask_without_end(&cx),
        _ => {}
    }
    cx.end(|_| question.count)
}

/// Asks the same again and again, in no time and without taking memory.
fn ask_without_end(cx: &Cx<Trespasser>) {
    let tag = Tag {
        parent: cx.request(),
        ..Tag::default()
    };
    let message = names::List { index: 0 }.message();
    loop {
        // Whatever the answer is.
        let _ = cx.system().submit(endpoint::DS, tag, &message, &[]);
    }
}

/// Lease 0 of a write may be read, and is as long as what is written.
fn misuse_leases(cx: &Cx<Trespasser>) {
    let mut room = [0_u64; 8];
    let here = room.as_mut_ptr().expose_provenance() as u64;
    let id = cx.request().0;
    let length = cx.lease(0).length;
    let read = Call::LeaseRead as u64;
    let write = Call::LeaseWrite as u64;
    let cases = [
        ("read", read, [id, 0, 0, here, 1, 0]),
        ("read-beyond", read, [id, 0, length, here, 1, 0]),
        ("read-across-end", read, [id, 0, length - 1, here, 2, 0]),
        ("read-far", read, [id, 0, u64::MAX, here, 1, 0]),
        ("read-wrapping", read, [id, 0, u64::MAX - 3, here, 8, 0]),
        ("read-too-much", read, [id, 0, 0, here, u64::MAX, 0]),
        ("write-read-only", write, [id, 0, 0, here, 1, 0]),
        ("no-such-lease", read, [id, 1, 0, here, 1, 0]),
        ("no-such-index", read, [id, u64::MAX, 0, here, 1, 0]),
        ("no-request", read, [0, 0, 0, here, 1, 0]),
        ("other-request", read, [id + (1 << 16), 0, 0, here, 1, 0]),
        ("any-request", read, [u64::MAX, 0, 0, here, 1, 0]),
        ("to-null", read, [id, 0, 0, 0, 1, 0]),
        ("to-kernel", read, [id, 0, 0, 0xffff_8000_0010_0000, 1, 0]),
        ("to-non-canonical", read, [id, 0, 0, 0x8000_0000_0000, 1, 0]),
        (
            "to-text",
            read,
            [id, 0, 0, misuse_leases as *const () as u64, 1, 0],
        ),
        (
            "to-archive",
            read,
            [id, 0, 0, abi::layout::SERVICE_ARCHIVE, 1, 0],
        ),
        ("log-null", Call::Log as u64, [0, 8, 0, 0, 0, 0]),
        (
            "log-kernel",
            Call::Log as u64,
            [0xffff_8000_0010_0000, 8, 0, 0, 0, 0],
        ),
    ];
    for (what, number, arguments) in cases {
        tell(cx, what, kernel::call(number, arguments));
    }
    core::hint::black_box(&room);
}

/// Requests that it has not, and its own for those that it may not ask.
fn misuse_requests(cx: &Cx<Trespasser>) {
    let id = cx.request().0;
    let vfs = u64::from(endpoint::VFS.0);
    let cases = [
        ("reply-to-none", Call::Reply, [0, 0]),
        ("reply-to-next", Call::Reply, [id + 1, 0]),
        ("reply-to-later", Call::Reply, [id + (1 << 16), 0]),
        ("reply-to-any", Call::Reply, [u64::MAX, 0]),
        ("forward-none", Call::Forward, [0, vfs]),
        ("forward-next", Call::Forward, [id + 1, vfs]),
        ("forward-to-vfs", Call::Forward, [id, vfs]),
        (
            "forward-to-itself",
            Call::Forward,
            [id, u64::from(cx.slot().0)],
        ),
        ("forward-to-nobody", Call::Forward, [id, SLOTS as u64 - 1]),
        ("forward-nowhere", Call::Forward, [id, u64::MAX]),
        (
            "cancel-children-of-any",
            Call::CancelChildren,
            [u64::MAX, 0],
        ),
        (
            "cancel-submission-never-made",
            Call::CancelSubmission,
            [0, 0],
        ),
        ("notify-pm", Call::Notify, [u64::from(endpoint::PM.0), 0]),
        ("notify-nowhere", Call::Notify, [u64::MAX, 0]),
    ];
    kernel::set_outgoing(&Outgoing::default());
    for (what, call, [first, second]) in cases {
        let result = kernel::call(call as u64, [first, second, 0, 0, 0, 0]);
        tell(cx, what, result);
    }
}

/// Asks every slot in every protocol; tells what was not refused.
fn misuse_protocols(cx: &Cx<Trespasser>) {
    let mut accepted = Vec::new();
    let mut refusals = Vec::new();
    for slot in 0..SLOTS as u64 + 2 {
        for number in 0..PROTOCOLS + 2 {
            let message = Message {
                protocol: number,
                kind: u32::MAX,
                ..Message::default()
            };
            let tag = Tag {
                parent: RequestId::NONE,
                index: 1 << 31 | u32::from(number),
                generation: 0,
            };
            kernel::set_outgoing(&Outgoing {
                message,
                tag,
                ..Outgoing::default()
            });
            match kernel::call(Call::Submit as u64, [slot, 0, 0, 0, 0, 0]) {
                Ok(_) => accepted.push(format!("{slot}/{number}")),
                Err(error) => refusals.push(format!("{error:?}")),
            }
        }
    }
    refusals.sort();
    refusals.dedup();
    cx.log(&format!("trespasser: accepted: {}", accepted.join(" ")));
    cx.log(&format!("trespasser: refused: {}", refusals.join(" ")));
}

/// Every number of a kernel call, with arguments that nothing is good for.
fn misuse_numbers(cx: &Cx<Trespasser>) {
    // These end what it is doing, as they should.
    let left_out = [Call::Receive as u64, Call::Abort as u64];
    for number in (0..NUMBERS).filter(|number| !left_out.contains(number)) {
        let mut results = Vec::new();
        for first in WILD {
            for second in WILD {
                kernel::set_outgoing(&Outgoing::default());
                let arguments = [first, second, second, first, second, first];
                results.push(describe(kernel::call(number, arguments)));
            }
        }
        results.sort();
        results.dedup();
        cx.log(&format!("trespasser: call {number}: {}", results.join(" ")));
    }
    // The timer was set to all sorts of times.
    cx.system().set_timer(abi::Time::NEVER);
}

/// Ends its own request behind the framework's back, which ends it too.
fn answer_twice(cx: &Cx<Trespasser>) {
    kernel::set_outgoing(&Outgoing {
        reply: abi::Reply::value(6),
        ..Outgoing::default()
    });
    for what in ["answer", "answer-again"] {
        let result = kernel::call(Call::Reply as u64, [cx.request().0, 0, 0, 0, 0, 0]);
        tell(cx, what, result);
    }
}

/// Ports and interrupts that are not its own: it may use 0x70 and 0x71 alone.
async fn misuse_ports(cx: Cx<PortTrespasser>, question: object::Write) -> Outcome {
    let room = [0_u64; 8];
    let here = room.as_ptr().expose_provenance() as u64;
    let read = Call::PortRead as u64;
    let write = Call::PortWrite as u64;
    let kernel_half = 0xffff_8000_0010_0000;
    let cases = [
        ("own-port", read, [0x71, 1, 0]),
        ("port-before", read, [0x6f, 1, 0]),
        ("port-behind", read, [0x72, 1, 0]),
        ("port-across-end", read, [0x71, 2, 0]),
        ("port-of-tty", read, [0x3f8, 1, 0]),
        ("port-of-power", write, [0xf4, here, 1]),
        ("port-65536", read, [0x1_0070, 1, 0]),
        ("port-wrapping", read, [u64::MAX, 1, 0]),
        ("port-of-3-bytes", read, [0x70, 3, 0]),
        ("port-of-no-bytes", read, [0x70, 0, 0]),
        ("from-null", write, [0x70, 0, 1]),
        ("from-kernel", write, [0x70, kernel_half, 1]),
        ("too-many", write, [0x70, here, u64::MAX]),
        (
            "bytes-from-port",
            Call::PortReadBytes as u64,
            [0x71, here, 1],
        ),
        ("interrupt-0", Call::InterruptEnable as u64, [0, 0, 0]),
        (
            "interrupt-far",
            Call::InterruptEnable as u64,
            [u64::MAX, 0, 0],
        ),
    ];
    for (what, number, [first, second, third]) in cases {
        let result = kernel::call(number, [first, second, third, 0, 0, 0]);
        tell(&cx, what, result);
    }
    core::hint::black_box(&room);
    cx.end(|_| question.count)
}

/// Greets as hello does.
async fn greet(cx: Cx<Trespasser>, question: object::Read) -> Outcome {
    cx.end_with(|state| {
        if state.descriptions().get(question.handle)?.position > 0 {
            return Ok(0);
        }
        let greeting = format!("hello, reader {}\n", state.readers() + 1);
        let count = greeting.len().min(abi::word::index(question.count));
        cx.write_lease(0, 0, &greeting.as_bytes()[..count])?;
        state.greeted();
        let descriptions = state.descriptions_mut();
        descriptions.update(question.handle, |opened| opened.position = 1)?;
        Ok(count as u64)
    })
}

async fn stay_silent(cx: Cx<PortTrespasser>, _: object::Read) -> Outcome {
    cx.end(|_| 0)
}
