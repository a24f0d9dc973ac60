//! What happens without a request: timers, signals of terminals, lack of memory.

use crate::end::usage;
use crate::state::{Counter, Kin};
use crate::table::effects::key;
use crate::{Context, apply, interrupt};
use abi::Time;
use core::task::Poll;
use linux::process::information::Information;
use linux::process::signal::Signal;
use protocol::endpoint::{TTY, VM};
use protocol::{memory, terminal};
use service::Outcome;

/// Lets timers expire, for ever.
///
/// All of it happens in the condition, which changes the State and never comes true, because a
/// handler that goes on for ever would fill the journal. The kernel calls in it are harmless when
/// a crash takes the change of the State back: the next instance does the same again, with the
/// same numbers of interrupts, before it hears of anything else.
pub(crate) async fn watch(cx: Context) -> Outcome {
    cx.end_when(key::TIMERS, |state, wake| {
        while let Some((deadline, pid, number)) = state.first_deadline() {
            if !wake.passed(Time(deadline)) {
                break;
            }
            let effects = state.expire(pid, number, wake.now.0, usage(cx.system(), pid));
            interrupt(cx.system(), &effects.interrupts);
            for key in effects.keys {
                cx.wake(key);
            }
        }
        Poll::<Result<(), _>>::Pending
    })
    .await
}

/// Sends the signals that terminals want sent.
pub(crate) async fn terminal_signals(cx: &Context) {
    loop {
        let number = cx.look("number", |state| state.counter(Counter::TerminalSignals)) + 1;
        let Ok(wanted) = cx
            .repeat("signal", TTY, terminal::Signal { number }, &[])
            .await
        else {
            return;
        };
        let effects = cx.step("send", |state| {
            state.set_counter(Counter::TerminalSignals, number);
            let signal = Signal::new(wanted.signal.into())?;
            Some(state.signal_group(wanted.process_group, signal))
        });
        if let Some(effects) = effects {
            apply(cx, &effects);
        }
    }
}

/// vm lacks memory: somebody has to end.
pub(crate) async fn memory_is_short(cx: &Context) {
    end_victim(cx).await;
}

/// Ends the process that vm names. Whether there was one.
pub(crate) async fn end_victim(cx: &Context) -> bool {
    let Ok(victim) = cx.repeat("victim", VM, memory::Victim {}, &[]).await else {
        return false;
    };
    let effects = cx.step("end victim", |state| {
        let all = state.with(Kin::Space(victim.space));
        let pid = all.last().map(|(pid, _)| pid);
        pid.filter(|_| victim.space != abi::SpaceId::NONE)
            .map(|pid| state.post(pid, Signal::KILL, Information::kernel()))
    });
    let Some(effects) = effects else {
        return false;
    };
    cx.log("pm: out of memory: a process was killed");
    apply(cx, &effects);
    true
}
