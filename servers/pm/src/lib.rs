//! pm, the process manager: processes, signals, timers, credentials.
//!
//! A process ends, stops and takes signals in a request of its own thread: the kernel asks
//! `INTERRUPTED` before the thread returns to user mode, and the thread waits in pm until that is
//! answered. So nobody else ever takes a process apart, and no request of a process is under way
//! in pm when it is.
#![cfg_attr(feature = "image", no_std)]

extern crate alloc;

mod alarms;
mod arguments;
mod calls;
mod create;
mod credentials;
mod deliver;
mod end;
mod execute;
mod inspect;
mod making;
mod process;
mod restart;
mod state;
mod table;
mod thread;
mod wait;

use abi::message::PROTOCOL_LINUX;
use abi::{Call, Pid, word};
use alloc::boxed::Box;
use protocol::endpoint::{TTY, VM};
use protocol::{inspect as inspection, startup, stopped};
use service::instance::refuse;
use service::{Cx, Handler, Outcome, Service, System};
pub use state::State;
use table::Effects;

/// The process manager.
#[derive(Debug)]
pub struct ProcessManager;

type Context = Cx<ProcessManager>;

impl Service for ProcessManager {
    type State = State;

    fn handle(cx: Cx<Self>) -> Handler {
        let message = *cx.message();
        if message.protocol == PROTOCOL_LINUX {
            return calls::call(cx, message.kind, message.words);
        }
        if let Some(request) = stopped::Request::decode(&message) {
            return match request {
                stopped::Request::Interrupted(question) => {
                    Box::pin(deliver::interrupted(cx, question))
                }
                stopped::Request::Exception(question) => Box::pin(deliver::exception(cx, question)),
                stopped::Request::PageFault(_) => refuse(cx),
            };
        }
        if let Some(startup::Request::StartInit(_)) = startup::Request::decode(&message) {
            return Box::pin(create::start_init(cx));
        }
        match inspection::Request::decode(&message) {
            Some(request) => inspect::answer(cx, request),
            None => refuse(cx),
        }
    }

    fn notified(cx: Cx<Self>, bits: u64) -> Handler {
        Box::pin(async move {
            if bits >> TTY.0 & 1 == 1 {
                alarms::terminal_signals(&cx).await;
            }
            if bits >> VM.0 & 1 == 1 {
                alarms::memory_is_short(&cx).await;
            }
            cx.end(|_| ())
        })
    }

    fn attach(cx: Cx<Self>) -> Handler {
        Box::pin(async move {
            let due = cx.look("due", State::interrupts_due);
            cx.kernel("interrupt", |kernel| interrupt(kernel, &due));
            end::take_up(&cx).await;
            making::take_up(&cx).await;
            alarms::watch(cx).await
        })
    }
}

/// The number of the process that a request is made for.
fn caller(cx: &Context) -> u32 {
    cx.caller().pid.0
}

/// Does what follows from a change of the State.
fn apply(cx: &Context, effects: &Effects) {
    if !effects.interrupts.is_empty() {
        cx.kernel("interrupt", |kernel| interrupt(kernel, &effects.interrupts));
    }
    for key in &effects.keys {
        cx.wake(*key);
    }
}

fn interrupt(kernel: &dyn System, interrupts: &[(u32, u64)]) {
    for (pid, number) in interrupts {
        // A process that has ended meanwhile needs no interrupt.
        let _ = kernel.call(Call::ProcessInterrupt, &[u64::from(*pid), *number]);
    }
}

/// Tells the kernel who a process acts for.
fn identify(cx: &Context, pid: u32) {
    let identity = cx.look("identity", |state| {
        state.process(pid).map(process::Process::identity)
    });
    if let Some(identity) = identity {
        cx.kernel("identify", |kernel| {
            // A process that has ended meanwhile needs no identity.
            let _ = kernel.process_identity(Pid(pid), &identity);
        });
    }
}

/// Ends a system call with a value that is no error.
fn answer(cx: &Context, value: u32) -> Outcome {
    cx.end(|_| u64::from(value))
}

/// The low half of an argument: where the call takes an `int`.
fn int(argument: u64) -> i32 {
    word::low_32(argument).cast_signed()
}

#[cfg(test)]
mod tests;
