//! A process ends: in a request of its own thread, whichever that is.

use crate::table::{Departure, Ended, effects::key};
use crate::{Context, apply, arguments, caller};
use abi::{Call, Pid, SpaceId};
use linux::process::usage::Usage;
use linux::process::wait::Change;
use protocol::endpoint::{SCHED, TTY, VFS, VM};
use protocol::{descriptors, memory, scheduling, terminal};
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
    let Some(departure) = cx.step("departure", |state| state.begin_end(pid)) else {
        return cx.end(|_| ());
    };
    clear(&cx, &departure)?;
    let usage = cx.look("usage", |_| usage(cx.system(), pid));
    let process = Pid(pid);
    // Whatever a server answers, the process is gone.
    let _ = cx
        .ask("table", VFS, descriptors::Destroy { process }, &[])
        .await;
    cx.kernel("destroy", |kernel| {
        kernel.call(Call::ProcessDestroy, &[pid.into()]).is_ok()
    });
    if departure.space != SpaceId::NONE {
        let space = departure.space;
        let _ = cx.ask("space", VM, memory::Destroy { space }, &[]).await;
    }
    let _ = cx
        .ask("schedule", SCHED, scheduling::Stop { process }, &[])
        .await;
    if departure.session != 0 {
        let session = departure.session;
        let _ = cx
            .ask("session", TTY, terminal::LeaderEnded { session }, &[])
            .await;
    }
    let ended = Ended { pid, change, usage };
    let effects = cx.step("ended", |state| state.finish_end(&ended));
    apply(&cx, &effects);
    cx.end(|_| ())
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
