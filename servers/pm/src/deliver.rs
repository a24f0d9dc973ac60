//! A process takes its signals: before its thread returns to user mode, and after exceptions.

use crate::create::write_number;
use crate::end::end;
use crate::restart::Interrupted;
use crate::table::{Handled, Next, effects::key};
use crate::thread::KeptThread;
use crate::{Context, alarms, apply, arguments, caller};
use abi::process::ThreadState;
use abi::{Errno, Pid};
use core::task::Poll;
use linux::process::frame::{Delivery, Trap, fresh_floating_point};
use linux::process::information::{Detail, Information};
use linux::process::signal::Signal;
use linux_raw_sys::general as raw;
use protocol::stopped;
use service::{Outcome, Refused};

/// The number of page faults.
const PAGE_FAULT: u32 = 14;
/// The bit of a page fault's error code that tells of a page that is there.
const PRESENT: u32 = 1;

/// Answers `INTERRUPTED`.
pub(crate) async fn interrupted(cx: Context, question: stopped::Interrupted) -> Outcome {
    let pid = caller(&cx);
    if let Some(signal) = Signal::new(question.signal.into()) {
        let effects = cx.step("carried", |state| {
            let own = state.process(pid).map_or(0, |process| process.group);
            if question.group {
                state.signal_group(own, signal)
            } else {
                state.post(pid, signal, Information::kernel())
            }
        });
        apply(&cx, &effects.except(pid));
    }
    write_number(&cx, pid)?;
    go_on(cx, pid, question.result, Trap::default()).await
}

/// Answers `EXCEPTION`.
pub(crate) async fn exception(cx: Context, question: stopped::Exception) -> Outcome {
    let pid = caller(&cx);
    write_number(&cx, pid)?;
    let out_of_memory = question.vector == PAGE_FAULT && Errno(question.errno) == Errno::NOMEM;
    if out_of_memory && alarms::end_victim(&cx).await {
        // Unless it is the victim itself, the thread tries again when the memory is there.
        return go_on(cx, pid, 0, Trap::default()).await;
    }
    let (signal, information) = signal_of(&question);
    cx.step("forced", |state| state.force(pid, signal, information));
    let trap = Trap {
        vector: question.vector.into(),
        error_code: question.error_code.into(),
        address: question.address,
    };
    go_on(cx, pid, 0, trap).await
}

/// The signal of an exception (`arch/x86/kernel/traps.c`, `arch/x86/mm/fault.c`).
fn signal_of(question: &stopped::Exception) -> (Signal, Information) {
    let fault = |code: u32| Information {
        code: code.cast_signed(),
        detail: Detail::Fault(question.address),
    };
    match question.vector {
        0 => (Signal::FPE, fault(raw::FPE_INTDIV)),
        1 => (Signal::TRAP, fault(raw::TRAP_TRACE)),
        3 => (Signal::TRAP, Information::kernel()),
        6 => (Signal::ILL, fault(raw::ILL_ILLOPN)),
        PAGE_FAULT => page_fault(question, fault),
        16 | 19 => (Signal::FPE, fault(raw::FPE_FLTINV)),
        17 => (Signal::BUS, fault(raw::BUS_ADRALN)),
        // 4, 5, 11, 12, 13 and what user mode cannot raise.
        _ => (Signal::SEGV, Information::kernel()),
    }
}

fn page_fault(
    question: &stopped::Exception,
    fault: impl Fn(u32) -> Information,
) -> (Signal, Information) {
    match Errno(question.errno) {
        Errno::ACCES => (Signal::SEGV, fault(raw::SEGV_ACCERR)),
        Errno::FAULT if question.error_code & PRESENT != 0 => {
            (Signal::SEGV, fault(raw::SEGV_ACCERR))
        }
        Errno::FAULT => (Signal::SEGV, fault(raw::SEGV_MAPERR)),
        _ => (Signal::BUS, fault(raw::BUS_ADRERR)),
    }
}

/// Takes all signals that are due, then lets the thread go on.
async fn go_on(cx: Context, pid: u32, result: i64, trap: Trap) -> Outcome {
    let kept = cx.look("registers", |_| KeptThread::read(cx.system(), pid).ok());
    let Some(kept) = kept else {
        return cx.end(|_| ());
    };
    let mut thread = ThreadState::from(kept);
    let mut call = Interrupted::of(result, thread.call_number);
    let mut trap = trap;
    let mut has_handled = false;
    loop {
        let (next, effects) = cx.step("next", |state| state.take_next(pid));
        apply(&cx, &effects.except(pid));
        match next {
            Next::GoesOn => break,
            Next::Ends(change) => return end(cx, pid, change).await,
            Next::Stops => continued(&cx, pid).await,
            Next::Handles(handled) => {
                if let Some(call) = call.take() {
                    call.before_handler(&mut thread.registers, &handled.action);
                }
                has_handled = true;
                handle(&cx, pid, &handled, core::mem::take(&mut trap), &mut thread)?;
            }
        }
    }
    if !has_handled {
        cx.step("suspension", |state| state.end_suspension(pid));
        if let Some(call) = call {
            call.again(&mut thread.registers);
        }
    }
    if has_handled || call.is_some() {
        cx.kernel("go on", |kernel| {
            kernel.registers_write(Pid(pid), &thread).is_ok()
        });
    }
    cx.end(|_| ())
}

/// Waits until a stopped process is let go on, or killed.
async fn continued(cx: &Context, pid: u32) {
    cx.step_when("continued", key::stopped(pid), |state, _| {
        if state.is_stopped(pid) {
            Poll::Pending
        } else {
            Poll::Ready(())
        }
    })
    .await;
}

/// Makes the frame of a handler and has the thread start there.
fn handle(
    cx: &Context,
    pid: u32,
    handled: &Handled,
    trap: Trap,
    thread: &mut ThreadState,
) -> Result<(), Refused> {
    let trap = if handled.signal.is_synchronous() {
        trap
    } else {
        Trap::default()
    };
    let delivery = Delivery {
        signal: handled.signal,
        information: handled.information,
        action: handled.action,
        mask: handled.mask,
        alternate: handled.alternate,
        trap,
        thread,
    };
    let written = match delivery.frame() {
        Ok(frame) => match arguments::write(cx, frame.address, &frame.bytes) {
            Err(Refused::Withdrawn) => return Err(Refused::Withdrawn),
            Err(_) => None,
            Ok(()) => Some(frame),
        },
        Err(_) => None,
    };
    let Some(frame) = written else {
        cx.step("bad frame", |state| {
            state.force_bad_frame(pid, handled.signal)
        });
        return Ok(());
    };
    if handled.alternate.disarms {
        cx.step("disarm", |state| {
            state.change(pid, |process| process.alternate = Default::default());
        });
    }
    thread.registers = frame.registers;
    thread.floating_point = fresh_floating_point();
    Ok(())
}
