//! sched, the scheduler: policy of priorities and quanta.
//!
//! The kernel switches; sched only says how urgent a process is and how long it may run at a time.
//! A process that the kernel has not been told about runs with the kernel's defaults, so nothing
//! waits for sched; and one that sched has not been told of, or has forgotten, has niceness 0. pm asks
//! about processes that are there.
#![cfg_attr(feature = "image", no_std)]

extern crate alloc;

mod policy;
mod state;

use abi::{Call, Errno, Pid};
use alloc::boxed::Box;
use protocol::scheduling::Request;
use service::instance::refuse;
use service::{Cx, Handler, Outcome, Service};
pub use state::State;

/// The scheduler.
#[derive(Debug)]
pub struct Scheduler;

impl Service for Scheduler {
    type State = State;

    fn handle(cx: Cx<Self>) -> Handler {
        match Request::decode(cx.message()) {
            Some(Request::Start(question)) => Box::pin(async move {
                let nice = cx.step("start", |s| s.start(question.process, question.parent));
                apply(cx, question.process, nice)
            }),
            Some(Request::Stop(question)) => {
                Box::pin(async move { cx.end(|state| state.stop(question.process)) })
            }
            Some(Request::SetNice(question)) => Box::pin(async move {
                let nice = policy::Nice::new(question.nice).ok_or(Errno::INVAL)?;
                cx.step("nice", |state| state.set_nice(question.process, nice));
                apply(cx, question.process, nice)
            }),
            Some(Request::GetNice(question)) => Box::pin(async move {
                cx.end(|state| {
                    let nice = state.nice(question.process);
                    u64::from(nice.unwrap_or(policy::Nice::NORMAL).biased())
                })
            }),
            None => refuse(cx),
        }
    }
}

/// Tells the kernel. A process that has ended meanwhile needs no schedule, and nothing is kept of it.
fn apply(cx: Cx<Scheduler>, process: Pid, nice: policy::Nice) -> Outcome {
    let schedule = nice.schedule();
    let lives = cx.kernel("schedule", |kernel| {
        let arguments = [u64::from(process.0), schedule.priority, schedule.quantum];
        kernel.call(Call::ProcessSchedule, &arguments).is_ok()
    });
    cx.end(|state| {
        if !lives {
            state.stop(process);
        }
    })
}
