//! The system calls of pm, by number.

mod attributes;
mod futex;
mod identity;
mod limits;
mod signals;
mod sleep;
mod system;
mod timers;

use crate::{Context, create, end, execute, wait};
use alloc::boxed::Box;
use linux::process::clone::Child;
use linux_raw_sys::general as number;
use service::Handler;
use service::instance::refuse;

/// The number of a system call and its six arguments.
pub(crate) fn call(cx: Context, number: u32, words: [u64; 7]) -> Handler {
    let groups = [
        processes,
        signals::call,
        identity::call,
        sleep::call,
        timers::call,
        attributes::call,
        limits::call,
        system::call,
        futex::call,
    ];
    let found = groups
        .into_iter()
        .find_map(|group| group(&cx, number, words));
    found.unwrap_or_else(|| refuse(cx))
}

/// Processes are made, changed, waited for, and end.
fn processes(cx: &Context, number: u32, words: [u64; 7]) -> Option<Handler> {
    let cx = cx.clone();
    let [first, second, third, ..] = words;
    Some(match number {
        number::__NR_fork => Box::pin(create::create(cx, Child::of_fork())),
        number::__NR_vfork => Box::pin(create::create(cx, Child::of_vfork())),
        number::__NR_clone => Box::pin(create::clone(cx, words)),
        number::__NR_clone3 => Box::pin(create::clone3(cx, first, second)),
        number::__NR_execve => Box::pin(execute::execve(cx, first, second, third)),
        number::__NR_execveat => Box::pin(execute::execveat(cx, words)),
        number::__NR_exit | number::__NR_exit_group => Box::pin(end::exit(cx, first)),
        number::__NR_wait4 => Box::pin(wait::wait4(cx, words)),
        number::__NR_waitid => Box::pin(wait::waitid(cx, words)),
        _ => return None,
    })
}
