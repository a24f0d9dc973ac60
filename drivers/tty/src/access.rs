//! Job control: whether a process may use the terminal now.

use crate::Context;
use abi::Errno;
use protocol::endpoint::PM;
use protocol::inspect::{Fate, StopFate};
use service::Refused;
use terminal::{Access, Caller, Control, SignalFate, Terminal};

/// What a process wants to do.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Use {
    Read,
    Write,
    Control(Control),
}

/// The caller as the terminal sees it.
pub(crate) fn caller(cx: &Context, fate: SignalFate) -> Caller {
    let caller = cx.caller();
    Caller {
        group: caller.process_group,
        session: caller.session,
        fate,
    }
}

/// The signal that the caller has to get first, if any.
fn judge(terminal: &Terminal, wanted: Use, caller: &Caller) -> Result<Option<u32>, Errno> {
    let access = match wanted {
        Use::Read => terminal.may_read(caller),
        Use::Write => terminal.may_write(caller),
        Use::Control(control) => terminal.may_control(control, caller),
    };
    match access {
        Access::Allowed => Ok(None),
        Access::Signal(signal) => Ok(Some(signal.number)),
        Access::Refused(errno) => Err(errno),
    }
}

/// Lets the caller through, or refuses it: one in the background with the signal that stops its
/// group, so that it tries again when it is let go on.
///
/// pm is asked only about a caller in the background.
pub(crate) async fn admit(cx: &Context, wanted: Use) -> Result<(), Refused> {
    let assumed = caller(cx, SignalFate::Delivered);
    let first = cx.look("admit", |state| judge(state.terminal(), wanted, &assumed))?;
    let Some(signal) = first else {
        return Ok(());
    };
    let process = cx.caller().pid;
    let asked = cx
        .repeat("fate", PM, StopFate { process, signal }, &[])
        .await;
    // When pm cannot say, the signal decides by itself.
    let fate = match asked.map(|stop| stop.fate) {
        Ok(Fate::Ignored) => SignalFate::Ignored,
        Ok(Fate::Orphaned) => SignalFate::Orphaned,
        Ok(Fate::Delivered) | Err(_) => SignalFate::Delivered,
    };
    let known = caller(cx, fate);
    match cx.look("admit", |state| judge(state.terminal(), wanted, &known))? {
        None => Ok(()),
        Some(signal) => Err(Refused::raising(Errno::RESTART, signal, true)),
    }
}
