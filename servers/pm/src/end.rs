//! A process ends: in a request of its own thread, whichever that is.

use crate::process::Departure;
use crate::table::{Ended, effects::key};
use crate::{Context, State, apply, arguments, caller};
use abi::{Call, Endpoint, Errno, Pid, SpaceId};
use alloc::vec::Vec;
use linux::process::usage::Usage;
use linux::process::wait::Change;
use protocol::endpoint::{SCHED, TTY, VFS, VM};
use protocol::{Question, descriptors, memory, scheduling, terminal};
use service::{Outcome, Refused, System};

/// How `PowerOff` is told that the system has failed.
const FAILURE: u64 = 2;

/// Answers exit and exit_group.
pub(crate) async fn exit(cx: Context, value: u64) -> Outcome {
    let value = value.to_le_bytes()[0];
    let pid = caller(&cx);
    end(cx, pid, Change::Exited(value)).await
}

/// What a process has used so far.
pub(crate) fn usage(kernel: &dyn System, pid: u32) -> Usage {
    kernel.process_usage(Pid(pid)).map_or_else(
        |_| Usage::default(),
        |usage| Usage {
            user: usage.user,
            system: usage.system,
            faults: usage.faults,
        },
    )
}

/// Takes a process apart and ends the request, whose answer nobody hears.
pub(crate) async fn end(cx: Context, pid: u32, change: Change) -> Outcome {
    if Pid(pid) == Pid::INIT {
        return end_of_all(cx, change);
    }
    let request = cx.request();
    let begin = |state: &mut State| state.begin_end(pid, request, change);
    if let Some(departure) = cx.step("departure", begin) {
        clear(&cx, &departure)?;
        take_apart(&cx, pid, &departure).await;
    }
    cx.end(|_| ())
}

/// Takes up the processes whose request to end has ended before them, as the kernel does with a
/// request that crashes pm twice.
pub(crate) async fn take_up(cx: &Context) {
    let abandoned = cx.look("abandoned", |state| {
        let departures = state.departures();
        let is_abandoned =
            |(_, departure): &(u32, Departure)| !cx.system().is_live(departure.request);
        departures.filter(is_abandoned).collect::<Vec<_>>()
    });
    for (pid, departure) in abandoned {
        cx.log("pm: a process whose end was cut short is taken apart");
        take_apart(cx, pid, &departure).await;
    }
}

/// Frees what a process has everywhere, and lets its parent know.
async fn take_apart(cx: &Context, pid: u32, departure: &Departure) {
    let usage = cx.look("usage", |_| usage(cx.system(), pid));
    let process = Pid(pid);
    // Whatever a server answers, the process is gone.
    let table = descriptors::Destroy { process };
    let _ = ask_to_free(cx, "table", VFS, table).await;
    cx.kernel("destroy", |kernel| {
        kernel.call(Call::ProcessDestroy, &[pid.into()]).is_ok()
    });
    if departure.space != SpaceId::NONE {
        let space = departure.space;
        let _ = ask_to_free(cx, "space", VM, memory::Destroy { space }).await;
    }
    let _ = ask_to_free(cx, "schedule", SCHED, scheduling::Stop { process }).await;
    if departure.session != 0 {
        let session = departure.session;
        let _ = cx
            .ask("session", TTY, terminal::LeaderEnded { session }, &[])
            .await;
    }
    let change = departure.change;
    let ended = Ended { pid, change, usage };
    let effects = cx.step("ended", |state| state.finish_end(&ended));
    apply(cx, &effects);
}

/// Asks a server to free something; once more if that has crashed it: the kernel has then ended the
/// request in the middle of what it did.
pub(crate) async fn ask_to_free<Q: Question<Answer = ()> + Copy>(
    cx: &Context,
    label: &'static str,
    server: Endpoint,
    question: Q,
) -> Result<(), Refused> {
    match cx.ask(label, server, question, &[]).await {
        Err(refused) if refused.errno() == Some(Errno::FAULT) => {
            cx.ask(label, server, question, &[]).await
        }
        answer => answer,
    }
}

/// Clears what set_tid_address named, if others still see that memory.
fn clear(cx: &Context, departure: &Departure) -> Result<(), Refused> {
    if departure.cleared != 0 {
        arguments::write_if_possible(cx, departure.cleared, &[0; 4])?;
        cx.wake(key::futex(cx.caller().space.0));
    }
    Ok(())
}

/// The first process has ended: without it there is no system.
fn end_of_all(cx: Context, change: Change) -> Outcome {
    cx.log(match change {
        Change::Exited(_) => "pm: the first process has exited",
        _ => "pm: the first process was killed",
    });
    cx.kernel("power off", |kernel| {
        kernel.call(Call::PowerOff, &[FAILURE]).is_ok()
    });
    cx.end(|_| ())
}
