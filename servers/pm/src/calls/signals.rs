//! Signals: sending, catching, blocking, waiting.

use crate::process::Process;
use crate::table::Target;
use crate::table::effects::key;
use crate::thread::KeptThread;
use crate::{Context, apply, arguments, caller, int};
use abi::process::{FloatingPoint, ThreadState};
use abi::{Errno, Pid, Time, word};
use alloc::boxed::Box;
use core::task::Poll;
use linux::process::action::{ACTION_BYTES, Action, AlternateStack, BadStack};
use linux::process::frame::{CONTEXT_BYTES, Saved, fresh_floating_point};
use linux::process::information::{INFORMATION_BYTES, Information};
use linux::process::signal::{Signal, SignalSet};
use linux::process::time::Unit;
use linux_raw_sys::general as number;
use service::{Handler, Outcome, Refused};

/// Bytes of the kernel's `sigset_t`.
const SET_BYTES: u64 = 8;

/// Answers a call of this group.
pub(super) fn call(cx: &Context, number: u32, words: [u64; 7]) -> Option<Handler> {
    let cx = cx.clone();
    let [first, second, third, fourth, ..] = words;
    Some(match number {
        number::__NR_kill => Box::pin(kill(cx, int(first), second)),
        number::__NR_tkill => Box::pin(thread_kill(cx, None, int(first), second)),
        number::__NR_tgkill => Box::pin(thread_kill(cx, Some(int(first)), int(second), third)),
        number::__NR_rt_sigqueueinfo => Box::pin(queue(cx, int(first), second, third)),
        number::__NR_rt_tgsigqueueinfo => Box::pin(queue(cx, int(second), third, fourth)),
        number::__NR_rt_sigaction => Box::pin(action(cx, words)),
        number::__NR_rt_sigprocmask => Box::pin(mask(cx, words)),
        number::__NR_rt_sigpending => Box::pin(pending(cx, first, second)),
        number::__NR_rt_sigsuspend => Box::pin(suspend(cx, first, second)),
        number::__NR_rt_sigtimedwait => Box::pin(timed_wait(cx, words)),
        number::__NR_rt_sigreturn => Box::pin(handler_returns(cx)),
        number::__NR_sigaltstack => Box::pin(alternate_stack(cx, first, second)),
        number::__NR_pause => Box::pin(pause(cx)),
        _ => return None,
    })
}

/// The signal that a call names; `None` for 0, which only checks.
fn named(number: u64) -> Result<Option<Signal>, Errno> {
    let number = u64::from(word::low_32(number));
    match number {
        0 => Ok(None),
        number => Signal::new(number).map(Some).ok_or(Errno::INVAL),
    }
}

async fn send(
    cx: Context,
    target: Target,
    signal: Option<Signal>,
    make: impl FnOnce(u32, u32) -> Information,
) -> Outcome {
    let pid = caller(&cx);
    let effects = cx.step("send", |state| {
        let user = state
            .process(pid)
            .ok_or(Errno::SRCH)?
            .credentials
            .users
            .real;
        state.kill(pid, target, signal, make(pid, user))
    })?;
    apply(&cx, &effects);
    cx.end(|_| ())
}

async fn kill(cx: Context, target: i32, signal: u64) -> Outcome {
    let signal = named(signal)?;
    let own = cx.look("group", |state| {
        state.process(caller(&cx)).map_or(0, |p| p.group)
    });
    let target = match target {
        0 => Target::Group(own),
        -1 => Target::All,
        i32::MIN => return Err(Errno::SRCH.into()),
        group if group < 0 => Target::Group(group.unsigned_abs()),
        pid => Target::Process(pid.cast_unsigned()),
    };
    send(cx, target, signal, Information::user).await
}

async fn thread_kill(cx: Context, group: Option<i32>, thread: i32, signal: u64) -> Outcome {
    if thread <= 0 || group.is_some_and(|group| group <= 0) {
        return Err(Errno::INVAL.into());
    }
    let signal = named(signal)?;
    // A process has one thread, of the same number.
    if group.is_some_and(|group| group != thread) {
        return Err(Errno::SRCH.into());
    }
    send(
        cx,
        Target::Process(thread.cast_unsigned()),
        signal,
        Information::thread,
    )
    .await
}

async fn queue(cx: Context, target: i32, signal: u64, address: u64) -> Outcome {
    let bytes = arguments::read::<INFORMATION_BYTES>(&cx, address)?;
    let information = Information::decode_queued(&bytes);
    let signal = named(signal)?;
    // Only a process itself may be told what kill(2) or the kernel would tell.
    let is_forged = information.code >= 0 || information.code == number::SI_TKILL;
    if is_forged && target != caller(&cx).cast_signed() {
        return Err(Errno::PERM.into());
    }
    let target = Target::Process(u32::try_from(target).map_err(|_| Errno::SRCH)?);
    send(cx, target, signal, |_, _| information).await
}

async fn action(cx: Context, words: [u64; 7]) -> Outcome {
    let [signal, new, old, size, ..] = words;
    let signal = Signal::new(word::low_32(signal).into()).ok_or(Errno::INVAL)?;
    if size != SET_BYTES || new != 0 && signal.is_absolute() {
        return Err(Errno::INVAL.into());
    }
    let action = match new {
        0 => None,
        address => Some(Action::decode(&arguments::read::<ACTION_BYTES>(
            &cx, address,
        )?)),
    };
    let pid = caller(&cx);
    cx.end_with(|state| {
        arguments::write_if(&cx, old, &state.action(pid, signal).encode())?;
        if let Some(action) = action {
            state.set_action(pid, signal, action);
        }
        Ok(())
    })
}

async fn mask(cx: Context, words: [u64; 7]) -> Outcome {
    let [how, new, old, size, ..] = words;
    if size != SET_BYTES {
        return Err(Errno::INVAL.into());
    }
    let pid = caller(&cx);
    let set = match new {
        0 => None,
        address => Some(SignalSet(u64::from_le_bytes(arguments::read(
            &cx, address,
        )?))),
    };
    let before = cx.look("blocked", |state| {
        state.process(pid).map(|process| process.blocked)
    });
    let before = before.ok_or(Errno::SRCH)?;
    let blocked = match (set, word::low_32(how)) {
        (None, _) => before,
        // SIG_BLOCK, SIG_UNBLOCK, SIG_SETMASK (`asm-generic/signal-defs.h`).
        (Some(set), 0) => before.union(set),
        (Some(set), 1) => before.minus(set),
        (Some(set), 2) => set,
        _ => return Err(Errno::INVAL.into()),
    };
    arguments::write_if(&cx, old, &before.0.to_le_bytes())?;
    if set.is_some() {
        let effects = cx.step("mask", |state| state.set_blocked(pid, blocked))?;
        apply(&cx, &effects);
    }
    cx.end(|_| ())
}

async fn pending(cx: Context, address: u64, size: u64) -> Outcome {
    if size > SET_BYTES {
        return Err(Errno::INVAL.into());
    }
    let pid = caller(&cx);
    cx.end_with(|state| {
        let process = state.process(pid).ok_or(Errno::SRCH)?;
        let set = process.pending_set().both(process.blocked).0.to_le_bytes();
        arguments::write(&cx, address, &set[..word::index(size)])?;
        Ok(())
    })
}

async fn suspend(cx: Context, address: u64, size: u64) -> Outcome {
    if size != SET_BYTES {
        return Err(Errno::INVAL.into());
    }
    let set = arguments::copied(&cx, "set", || {
        Ok(u64::from_le_bytes(arguments::read(&cx, address)?))
    })?;
    let pid = caller(&cx);
    let effects = cx.step("suspend", |state| {
        state
            .change(pid, |process| process.suspended = Some(process.blocked))
            .ok_or(Errno::SRCH)?;
        state.set_blocked(pid, SignalSet(set))
    })?;
    apply(&cx, &effects);
    pause(cx).await
}

/// Waits for a signal: whether the call starts again is decided when it is taken.
async fn pause(cx: Context) -> Outcome {
    let pid = caller(&cx);
    cx.end_when::<()>(key::asleep(pid), |state, wake| {
        let is_due = state
            .process(pid)
            .is_none_or(|process| !process.deliverable().is_empty());
        if wake.cancelled || is_due {
            Poll::Ready(Err(Errno::RESTART.into()))
        } else {
            Poll::Pending
        }
    })
    .await
}

async fn timed_wait(cx: Context, words: [u64; 7]) -> Outcome {
    let [set, information, timeout, size, ..] = words;
    if size != SET_BYTES {
        return Err(Errno::INVAL.into());
    }
    let (set, timeout) = arguments::copied(&cx, "arguments", || {
        let set = u64::from_le_bytes(arguments::read(&cx, set)?);
        let timeout = match timeout {
            0 => None,
            address => {
                let time = Unit::Nanoseconds.decode(&arguments::read(&cx, address)?);
                Some(time.ok_or(Errno::INVAL)?)
            }
        };
        Ok((set, timeout))
    })?;
    let set = SignalSet(set).minus(SignalSet::ABSOLUTE);
    let deadline = timeout.map_or(Time::NEVER, |nanoseconds| cx.stamp().after(nanoseconds));
    let pid = caller(&cx);
    cx.step("await", |state| {
        state.change(pid, |process| process.awaited = set)
    });
    cx.end_when(key::asleep(pid), |state, wake| {
        let found = state.process(pid).and_then(|process| {
            let signal = process.pending_set().both(set).first()?;
            let told = process
                .pending
                .iter()
                .find(|pending| pending.signal == signal)?;
            Some((signal, told.information))
        });
        let result = match found {
            Some((signal, told)) => {
                match arguments::write_if(&cx, information, &told.encode(signal)) {
                    Err(Refused::Withdrawn) => return Poll::Ready(Err(Refused::Withdrawn)),
                    result => {
                        state.change(pid, |process| process.take(signal));
                        result.map(|()| u64::from(signal.number()))
                    }
                }
            }
            None if wake.cancelled => Err(Errno::INTR.into()),
            None if wake.passed(deadline) => Err(Errno::AGAIN.into()),
            None => return Poll::Pending,
        };
        state.change(pid, |process| process.awaited = SignalSet::default());
        Poll::Ready(result)
    })
    .await
}

async fn alternate_stack(cx: Context, new: u64, old: u64) -> Outcome {
    let pid = caller(&cx);
    let stack = match new {
        0 => None,
        address => {
            let stack = AlternateStack::decode(&arguments::read(&cx, address)?);
            Some(stack.map_err(|reason| match reason {
                BadStack::Flags => Errno::INVAL,
                BadStack::TooSmall => Errno::NOMEM,
            })?)
        }
    };
    let thread = cx.system().registers_read(Pid(pid));
    let stack_pointer = thread.map_or(0, |thread| thread.registers.rsp);
    cx.end_with(|state| {
        let before = state.process(pid).ok_or(Errno::SRCH)?.alternate;
        if stack.is_some() && before.is_enabled() && before.holds(stack_pointer) {
            return Err(Errno::PERM.into());
        }
        arguments::write_if(&cx, old, &before.encode(stack_pointer))?;
        if let Some(stack) = stack {
            state.change(pid, |process: &mut Process| process.alternate = stack);
        }
        Ok(())
    })
}

/// A handler has returned: the thread goes on as its frame says.
async fn handler_returns(cx: Context) -> Outcome {
    let pid = caller(&cx);
    let kept = cx.look("registers", |_| KeptThread::read(cx.system(), pid).ok());
    let now = ThreadState::from(kept.ok_or(Errno::SRCH)?);
    let Some((saved, thread)) = read_frame(&cx, &now)? else {
        return bad_frame(cx, pid).await;
    };
    cx.kernel("restore", |kernel| {
        kernel.registers_write(Pid(pid), &thread).is_ok()
    });
    let effects = cx.step("unblock", |state| {
        if let Some(stack) = saved.alternate {
            state.change(pid, |process| process.alternate = stack);
        }
        state.set_blocked(pid, saved.mask)
    })?;
    apply(&cx, &effects);
    // The reply sets rax: to what it was.
    cx.end(|_| thread.registers.rax)
}

/// Reads the frame a handler returns from; `None` when there is none that can be used.
fn read_frame(cx: &Context, now: &ThreadState) -> Result<Option<(Saved, ThreadState)>, Refused> {
    let read = || {
        let address = Saved::address(now.registers.rsp);
        let saved = Saved::decode(&arguments::read::<CONTEXT_BYTES>(cx, address)?);
        let area = match saved.floating_point {
            0 => fresh_floating_point(),
            address => FloatingPoint(arguments::read(cx, address)?),
        };
        let thread = saved.thread(now, area);
        Ok::<_, Refused>(thread.map(|thread| (saved, thread)))
    };
    match read() {
        Err(Refused::Withdrawn) => Err(Refused::Withdrawn),
        Err(_) => Ok(None),
        Ok(found) => Ok(found),
    }
}

/// The frame is not there: SIGSEGV is taken when the thread returns to user mode.
async fn bad_frame(cx: Context, pid: u32) -> Outcome {
    let effects = cx.step("bad frame", |state| {
        state.force(pid, Signal::SEGV, Information::kernel());
        state.interrupt_if_due(pid)
    });
    apply(&cx, &effects);
    cx.end(|_| ())
}
