//! What proc shows of processes.

use crate::end::usage;
use crate::process::{Life, Process};
use crate::state::{Counter, Kin, Name};
use crate::{Context, State};
use abi::{Errno, Pid};
use alloc::boxed::Box;
use linux::process::signal::{Signal, SignalSet};
use protocol::inspect::{self, Request, Session, Stop, SystemNumbers};
use protocol::payload::ProcessInformation;
use service::instance::refuse;
use service::{Handler, Outcome};

/// What is added to a niceness where it travels.
const BIAS: i32 = 20;
/// The state of a process in the kernel that waits for a request.
const WAITS: u32 = 1;

/// Answers a question.
pub(crate) fn answer(cx: Context, request: Request) -> Handler {
    match request {
        Request::NextProcess(question) => Box::pin(async move {
            cx.end_with(|state| {
                let next = state.after(question.after.0).next();
                let (pid, _) = next.ok_or(Errno::NOENT)?;
                Ok(inspect::Process { process: Pid(pid) })
            })
        }),
        Request::ProcessInformation(question) => Box::pin(information(cx, question.process.0)),
        Request::System(_) => Box::pin(system(cx)),
        Request::StopFate(question) => Box::pin(async move {
            cx.end_with(|state| {
                let signal = Signal::new(question.signal.into()).ok_or(Errno::INVAL)?;
                Ok(Stop {
                    fate: state.stop_fate(question.process.0, signal)?,
                })
            })
        }),
        Request::SessionOf(question) => Box::pin(async move {
            cx.end_with(|state| {
                let found = state.with(Kin::Group(question.group)).next();
                let (_, process) = found.ok_or(Errno::SRCH)?;
                Ok(Session {
                    session: process.session,
                })
            })
        }),
        _ => refuse(cx),
    }
}

async fn information(cx: Context, pid: u32) -> Outcome {
    cx.end_with(|state| {
        let process = state.process(pid).ok_or(Errno::NOENT)?;
        let told = tell(&cx, state, pid, process);
        let bytes = minicbor::to_vec(&told).map_err(|_| Errno::NOMEM)?;
        if bytes.len() as u64 > cx.lease(0).length {
            return Err(Errno::RANGE.into());
        }
        cx.write_lease(0, 0, &bytes)?;
        Ok(bytes.len() as u64)
    })
}

fn tell(cx: &Context, state: &State, pid: u32, process: &Process) -> ProcessInformation {
    let kernel = cx.system().process_usage(Pid(pid)).unwrap_or_default();
    let used = match process.life {
        Life::Zombie(_, usage) => usage,
        _ => usage(cx.system(), pid),
    };
    let letter = match process.life {
        Life::Running if kernel.state == WAITS => b'S',
        Life::Running | Life::Ending(_) => b'R',
        Life::Stopped(_) => b'T',
        Life::Zombie(..) => b'Z',
    };
    let command = state.commands().get(&pid).cloned().unwrap_or_default();
    let [ignored, caught] = dispositions(state, pid);
    let credentials = &process.credentials;
    let children = process.children;
    ProcessInformation {
        name: command.name,
        arguments: command.arguments,
        state: letter,
        parent: process.parent,
        process_group: process.group,
        session: process.session,
        users: credentials.users.all(),
        groups: credentials.groups.all(),
        nice: process.nice.saturating_add(BIAS).max(0).cast_unsigned(),
        times: [used.user, used.system, children.user, children.system],
        started: process.started,
        space: state.memory(pid).space.0,
        signals: [
            process.pending_set().0,
            process.blocked.0,
            ignored.0,
            caught.0,
        ],
        faults: used.faults,
        call_number: kernel.call_number,
        supplementary: credentials.supplementary.clone(),
        exit_signal: process
            .exit_signal
            .map_or(0, |signal| signal.number().into()),
        stack_start: command.stack_start,
    }
}

/// The signals that a process ignores, and those it catches.
fn dispositions(state: &State, pid: u32) -> [SignalSet; 2] {
    let own = state.actions().range((pid, 0)..=(pid, u8::MAX));
    let mut sets = [SignalSet::default(); 2];
    for ((_, signal), action) in own {
        let Some(signal) = Signal::new((*signal).into()) else {
            continue;
        };
        let which = usize::from(!action.is_ignore());
        if action.is_ignore() || action.is_handler() {
            sets[which] = sets[which].with(signal);
        }
    }
    sets
}

async fn system(cx: Context) -> Outcome {
    cx.end_with(|state| {
        let mut name = state.name(Name::Host).to_vec();
        name.push(0);
        name.truncate(abi::word::index(cx.lease(0).length));
        cx.write_lease(0, 0, &name)?;
        let alive = state
            .after(0)
            .filter(|(_, process)| process.is_alive())
            .map(|(pid, _)| pid);
        let runs = |pid: &u32| {
            cx.system()
                .process_usage(Pid(*pid))
                .is_ok_and(|usage| usage.state == 0)
        };
        let running = alive.filter(runs).count();
        let last = state.counter(Counter::LastProcess);
        Ok(SystemNumbers {
            processes: u32::try_from(state.count()).unwrap_or(u32::MAX),
            running: u32::try_from(running).unwrap_or(u32::MAX),
            last: Pid(abi::word::low_32(last)),
            load: 0,
        })
    })
}
