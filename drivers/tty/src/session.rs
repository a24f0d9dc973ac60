//! What pm asks.

use crate::happening::follow;
use crate::{Context, State, line, opening};
use abi::Errno;
use alloc::boxed::Box;
use protocol::terminal::{Controlling, Request, Wanted};
use service::{Handler, Outcome};

/// Answers a question of the terminal protocol.
pub(crate) fn answer(cx: Context, request: Request) -> Handler {
    match request {
        Request::Signal(question) => Box::pin(signal(cx, question.number)),
        Request::LeaderEnded(question) => Box::pin(leader_ended(cx, question.session)),
        Request::OfSession(question) => {
            Box::pin(async move { cx.end(|state| controlling(state, question.session)) })
        }
    }
}

/// Asking for a signal says that those before it were sent.
async fn signal(cx: Context, number: u64) -> Outcome {
    cx.end_with(|state| {
        state.forget_signals_before(number);
        let signal = state.wanted(number).ok_or(Errno::NOENT)?;
        Ok(Wanted {
            signal: signal.number,
            process_group: signal.group,
        })
    })
}

async fn leader_ended(cx: Context, session: u32) -> Outcome {
    let outcome = cx.end(|state| {
        let happening = state.with(|terminal, _| terminal.leader_ended(session));
        follow(&cx, state, &happening);
    });
    line::send(&cx);
    outcome
}

fn controlling(state: &State, session: u32) -> Controlling {
    let terminal = state.terminal();
    if terminal.controls(session) {
        Controlling {
            device: opening::NUMBER,
            foreground: terminal.ownership().foreground,
        }
    } else {
        Controlling {
            device: 0,
            foreground: 0,
        }
    }
}
