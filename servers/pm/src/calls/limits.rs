//! Limits, usage and niceness.

use crate::end::usage;
use crate::execute::set_limits;
use crate::table::effects::key;
use crate::{Context, State, arguments, caller, int};
use abi::{Errno, Pid, word};
use alloc::boxed::Box;
use alloc::vec::Vec;
use linux::process::limit::{LIMIT_BYTES, Limit, Resource};
use linux_raw_sys::general as number;
use protocol::endpoint::{SCHED, VFS};
use protocol::{descriptors, scheduling};
use service::{Handler, Outcome, Refused};

/// What is added to a niceness in an answer.
const BIAS: i32 = 20;

/// Answers a call of this group.
pub(super) fn call(cx: &Context, number: u32, words: [u64; 7]) -> Option<Handler> {
    let cx = cx.clone();
    let [first, second, third, fourth, ..] = words;
    let low = word::low_32;
    Some(match number {
        // Only prlimit64 takes null for what is not wanted.
        number::__NR_getrlimit | number::__NR_setrlimit if second == 0 => {
            Box::pin(async { Err(Errno::FAULT.into()) })
        }
        number::__NR_getrlimit => Box::pin(limit(cx, 0, first, 0, second)),
        number::__NR_setrlimit => Box::pin(limit(cx, 0, first, second, 0)),
        number::__NR_prlimit64 => Box::pin(limit(cx, low(first), second, third, fourth)),
        number::__NR_getrusage => Box::pin(resource_usage(cx, int(first), second)),
        number::__NR_getpriority => Box::pin(priority(cx, low(first), low(second))),
        number::__NR_setpriority => Box::pin(set_priority(cx, low(first), low(second), int(third))),
        _ => return None,
    })
}

/// Tells a limit, and changes it when `new` is not null.
async fn limit(cx: Context, pid: u32, resource: u64, new: u64, old: u64) -> Outcome {
    let own = caller(&cx);
    let pid = if pid == 0 { own } else { pid };
    let resource = Resource::new(word::low_32(resource).into()).ok_or(Errno::INVAL)?;
    let wanted = match new {
        0 => None,
        address => {
            let limit = Limit::decode(&arguments::read::<LIMIT_BYTES>(&cx, address)?);
            Some(limit.ok_or(Errno::INVAL)?)
        }
    };
    let before = cx.look("before", |state| {
        let (from, to) = (state.process(own).ok_or(Errno::SRCH)?, state.process(pid));
        let to = to.ok_or(Errno::SRCH)?;
        if pid != own && !from.credentials.may_manage(&to.credentials) {
            return Err(Errno::PERM);
        }
        let before = state.limit(pid, resource);
        let raises = wanted.is_some_and(|wanted| wanted.hard > before.hard);
        if raises && !from.credentials.is_privileged() {
            return Err(Errno::PERM);
        }
        Ok(before)
    })?;
    arguments::write_if(&cx, old, &before.encode())?;
    if let Some(wanted) = wanted {
        if resource == Resource::DESCRIPTORS && wanted.hard > abi::limits::DESCRIPTORS as u64 {
            return Err(Errno::PERM.into());
        }
        cx.step("set", |state| state.set_limit(pid, resource, wanted));
        enforce(&cx, pid, resource).await;
    }
    cx.end(|_| ())
}

/// Has a limit enforced by the one who can.
async fn enforce(cx: &Context, pid: u32, resource: Resource) {
    match resource {
        Resource::DESCRIPTORS | Resource::FILE => {
            let (descriptors, file_bytes) = cx.look("file limits", |state| {
                let soft = |resource| state.limit(pid, resource).soft;
                (soft(Resource::DESCRIPTORS), soft(Resource::FILE))
            });
            let process = Pid(pid);
            let question = descriptors::SetLimit {
                process,
                descriptors,
                file_bytes,
            };
            // The table is gone if the process is.
            let _ = cx.ask("descriptors", VFS, question, &[]).await;
        }
        Resource::MEMORY | Resource::DATA | Resource::STACK => {
            let space = cx.look("space", |state| state.memory(pid).space);
            set_limits(cx, pid, space).await;
        }
        Resource::CPU => {
            let used = usage(cx.system(), pid);
            cx.step("watch", |state| {
                state.watch_processor(pid, cx.stamp().0, used)
            });
            cx.wake(key::TIMERS);
        }
        _ => {}
    }
}

async fn resource_usage(cx: Context, who: i32, address: u64) -> Outcome {
    let pid = caller(&cx);
    cx.end_with(|state| {
        let children = state.process(pid).ok_or(Errno::SRCH)?.children;
        let told = match who {
            0 | 1 => usage(cx.system(), pid),
            number::RUSAGE_CHILDREN => children,
            _ => return Err(Errno::INVAL.into()),
        };
        arguments::write(&cx, address, &told.encode())
    })
}

/// The processes that getpriority and setpriority mean.
fn meant(state: &State, own: u32, which: u32, who: u32) -> Result<Vec<u32>, Errno> {
    let caller = state.process(own).ok_or(Errno::SRCH)?;
    let value = |default: u32| if who == 0 { default } else { who };
    let found: Vec<u32> = match which {
        number::PRIO_PROCESS => {
            let pid = value(own);
            state.process(pid).map(|_| pid).into_iter().collect()
        }
        number::PRIO_PGRP => state.members(value(caller.group)),
        number::PRIO_USER => {
            let user = value(caller.credentials.users.real);
            let all = state.after(0);
            all.filter(|(_, process)| process.credentials.users.real == user)
                .map(|(pid, _)| pid)
                .collect()
        }
        _ => return Err(Errno::INVAL),
    };
    if found.is_empty() {
        Err(Errno::SRCH)
    } else {
        Ok(found)
    }
}

/// Answers 20 minus the niceness, so that no answer is an error.
async fn priority(cx: Context, which: u32, who: u32) -> Outcome {
    let own = caller(&cx);
    let meant = cx.look("meant", |state| meant(state, own, which, who))?;
    let mut best = None;
    for pid in meant {
        let question = scheduling::GetNice { process: Pid(pid) };
        if let Ok(nice) = cx.repeat("nice", SCHED, question, &[]).await {
            best = Some(best.map_or(nice, |best: u64| best.min(nice)));
        }
    }
    let nice = best.ok_or(Errno::SRCH)?;
    cx.end(|_| 40_u64.saturating_sub(nice))
}

async fn set_priority(cx: Context, which: u32, who: u32, nice: i32) -> Outcome {
    let own = caller(&cx);
    let nice = nice.clamp(-BIAS, BIAS - 1);
    let (meant, privileged) = cx.look("meant", |state| {
        let from = &state.process(own).ok_or(Errno::SRCH)?.credentials;
        let all = meant(state, own, which, who)?;
        let may = |pid: &u32| {
            state
                .process(*pid)
                .is_some_and(|to| from.may_manage(&to.credentials))
        };
        let allowed: Vec<u32> = all.into_iter().filter(may).collect();
        if allowed.is_empty() {
            Err(Errno::PERM)
        } else {
            Ok((allowed, from.is_privileged()))
        }
    })?;
    for pid in meant {
        set_nice(&cx, pid, nice, privileged).await?;
    }
    cx.end(|_| ())
}

async fn set_nice(cx: &Context, pid: u32, nice: i32, privileged: bool) -> Result<(), Refused> {
    let process = Pid(pid);
    let before = cx
        .repeat("before", SCHED, scheduling::GetNice { process }, &[])
        .await?;
    if i64::from(nice + BIAS) < before.cast_signed() && !privileged {
        return Err(Errno::ACCES.into());
    }
    let question = scheduling::SetNice { process, nice };
    cx.ask("set nice", SCHED, question, &[]).await?;
    cx.step("nice", |state| {
        state.change(pid, |process| process.nice = nice);
    });
    Ok(())
}
