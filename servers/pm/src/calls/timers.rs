//! Timers: alarm, setitimer, timer_create and what belongs to them.

use crate::end::usage;
use crate::process::{Counts, FIRST_POSIX, ITIMER_REAL};
use crate::table::{TimerChange, effects::key};
use crate::{Context, State, arguments, caller};
use abi::{Errno, word};
use alloc::boxed::Box;
use linux::process::signal::Signal;
use linux::process::time::{SECOND, TIMER_BYTES, TimerSetting, Unit};
use linux_raw_sys::general as number;
use service::{Handler, Outcome};

use super::sleep::real_offset;

/// Timers of timer_create that a process may have.
const MOST_TIMERS: u32 = 256;
/// Bytes of `struct sigevent` that are read: value, signal, how to notify.
const EVENT_BYTES: usize = 16;

/// Answers a call of this group.
pub(super) fn call(cx: &Context, number: u32, words: [u64; 7]) -> Option<Handler> {
    let cx = cx.clone();
    let [first, second, third, fourth, ..] = words;
    let low = word::low_32;
    Some(match number {
        number::__NR_alarm => Box::pin(alarm(cx, low(first))),
        number::__NR_setitimer => Box::pin(set_interval(cx, low(first), second, third)),
        number::__NR_getitimer => Box::pin(interval(cx, low(first), second)),
        number::__NR_timer_create => Box::pin(create(cx, low(first), second, third)),
        number::__NR_timer_settime => Box::pin(set(cx, low(first), low(second), third, fourth)),
        number::__NR_timer_gettime => Box::pin(setting(cx, low(first), second)),
        number::__NR_timer_getoverrun => Box::pin(overruns(cx, low(first))),
        number::__NR_timer_delete => Box::pin(delete(cx, low(first))),
        _ => return None,
    })
}

/// What an interval timer counts, and its signal.
fn kind(which: u32) -> Result<(Counts, Signal), Errno> {
    match which {
        number::ITIMER_REAL => Ok((Counts::Real, Signal::ALRM)),
        number::ITIMER_VIRTUAL => Ok((Counts::User, Signal::VTALRM)),
        number::ITIMER_PROF => Ok((Counts::Processor, Signal::PROF)),
        _ => Err(Errno::INVAL),
    }
}

async fn alarm(cx: Context, seconds: u32) -> Outcome {
    let pid = caller(&cx);
    let value = u64::from(seconds) * SECOND;
    let setting = TimerSetting { interval: 0, value };
    let left = cx.step("alarm", |state| {
        let usage = usage(cx.system(), pid);
        let left = state.setting(pid, ITIMER_REAL, cx.stamp().0, usage).value;
        let change = TimerChange {
            counts: Counts::Real,
            setting,
            signal: Some(Signal::ALRM),
            value: 0,
        };
        state.arm(pid, ITIMER_REAL, &change, cx.stamp().0, usage);
        left
    });
    cx.wake(key::TIMERS);
    // Rounded, but an alarm that is set never reads as none (Linux: alarm_setitimer).
    let rounded = (left + SECOND / 2) / SECOND;
    cx.end(|_| if left > 0 { rounded.max(1) } else { 0 })
}

async fn interval(cx: Context, which: u32, address: u64) -> Outcome {
    kind(which)?;
    let pid = caller(&cx);
    cx.end_with(|state| {
        let setting = state.setting(pid, which, cx.now().0, usage(cx.system(), pid));
        arguments::write(&cx, address, &setting.encode(Unit::Microseconds))
    })
}

async fn set_interval(cx: Context, which: u32, new: u64, old: u64) -> Outcome {
    let (counts, signal) = kind(which)?;
    let setting = match new {
        0 => TimerSetting::default(),
        address => {
            let bytes = arguments::read::<TIMER_BYTES>(&cx, address)?;
            TimerSetting::decode(&bytes, Unit::Microseconds).ok_or(Errno::INVAL)?
        }
    };
    let change = TimerChange {
        counts,
        setting,
        signal: Some(signal),
        value: 0,
    };
    cx.wake(key::TIMERS);
    cx.end_with(|state| arm(&cx, state, which, &change, old, Unit::Microseconds))
}

/// Sets a timer and tells how it stood before.
fn arm(
    cx: &Context,
    state: &mut State,
    number: u32,
    change: &TimerChange,
    old: u64,
    unit: Unit,
) -> Result<(), service::Refused> {
    let pid = caller(cx);
    let (now, usage) = (cx.stamp().0, usage(cx.system(), pid));
    let before = state.setting(pid, number, now, usage);
    arguments::write_if(cx, old, &before.encode(unit))?;
    state.arm(pid, number, change, now, usage);
    Ok(())
}

async fn create(cx: Context, clock: u32, event: u64, address: u64) -> Outcome {
    let counts = match clock {
        number::CLOCK_REALTIME | number::CLOCK_MONOTONIC | number::CLOCK_BOOTTIME => Counts::Real,
        number::CLOCK_PROCESS_CPUTIME_ID | number::CLOCK_THREAD_CPUTIME_ID => Counts::Processor,
        _ => return Err(Errno::INVAL.into()),
    };
    let pid = caller(&cx);
    let event = match event {
        0 => None,
        address => Some(arguments::read::<EVENT_BYTES>(&cx, address)?),
    };
    let event = event.map(read_event).transpose()?;
    cx.end_with(|state| {
        let free = |own: &u32| state.timer(pid, FIRST_POSIX + own).is_none();
        let own = (0..MOST_TIMERS).find(free).ok_or(Errno::AGAIN)?;
        arguments::write(&cx, address, &own.to_le_bytes())?;
        let (signal, value) = event.unwrap_or((Some(Signal::ALRM), own.into()));
        let setting = TimerSetting::default();
        let change = TimerChange {
            counts,
            setting,
            signal,
            value,
        };
        state.arm(
            pid,
            FIRST_POSIX + own,
            &change,
            cx.stamp().0,
            usage(cx.system(), pid),
        );
        Ok(())
    })
}

/// The signal and the value that `struct sigevent` asks for. With one thread in a process, the
/// thread that SIGEV_THREAD_ID names is the process.
fn read_event(bytes: [u8; EVENT_BYTES]) -> Result<(Option<Signal>, u64), Errno> {
    let (words, _) = bytes.as_chunks::<4>();
    let word = |at: usize| u32::from_le_bytes(words[at]);
    let value = u64::from(word(0)) | u64::from(word(1)) << 32;
    let signal = Signal::new(word(2).into());
    match word(3) {
        number::SIGEV_NONE => Ok((None, value)),
        number::SIGEV_SIGNAL | number::SIGEV_THREAD_ID => signal
            .map(|signal| (Some(signal), value))
            .ok_or(Errno::INVAL),
        _ => Err(Errno::INVAL),
    }
}

/// The table's number of a timer of timer_create.
fn posix(own: u32) -> Result<u32, Errno> {
    if own < MOST_TIMERS {
        Ok(FIRST_POSIX + own)
    } else {
        Err(Errno::INVAL)
    }
}

async fn set(cx: Context, own: u32, flags: u32, new: u64, old: u64) -> Outcome {
    let number = posix(own)?;
    let pid = caller(&cx);
    let bytes = arguments::read::<TIMER_BYTES>(&cx, new)?;
    let mut setting = TimerSetting::decode(&bytes, Unit::Nanoseconds).ok_or(Errno::INVAL)?;
    cx.wake(key::TIMERS);
    cx.end_with(|state| {
        let timer = *state.timer(pid, number).ok_or(Errno::INVAL)?;
        if flags & number::TIMER_ABSTIME != 0 && setting.value != 0 {
            let now = cx.stamp().0;
            // An instant of the real clock is far from the start of the machine.
            let offset = real_offset(&cx);
            let instant = match setting.value >= offset && offset > 0 {
                true => setting.value - offset,
                false => setting.value,
            };
            setting.value = instant.saturating_sub(now).max(1);
        }
        let change = TimerChange {
            counts: timer.counts,
            setting,
            signal: timer.signal,
            value: timer.value,
        };
        arm(&cx, state, number, &change, old, Unit::Nanoseconds)
    })
}

async fn setting(cx: Context, own: u32, address: u64) -> Outcome {
    let number = posix(own)?;
    let pid = caller(&cx);
    cx.end_with(|state| {
        state.timer(pid, number).ok_or(Errno::INVAL)?;
        let setting = state.setting(pid, number, cx.now().0, usage(cx.system(), pid));
        arguments::write(&cx, address, &setting.encode(Unit::Nanoseconds))
    })
}

async fn overruns(cx: Context, own: u32) -> Outcome {
    let number = posix(own)?;
    let pid = caller(&cx);
    cx.end_with(|state| {
        let timer = state.timer(pid, number).ok_or(Errno::INVAL)?;
        Ok(timer.overruns.min(i32::MAX as u64))
    })
}

async fn delete(cx: Context, own: u32) -> Outcome {
    let number = posix(own)?;
    let pid = caller(&cx);
    cx.end_with(|state| {
        state.timer(pid, number).ok_or(Errno::INVAL)?;
        state.set_timer(pid, number, None);
        Ok(())
    })
}
