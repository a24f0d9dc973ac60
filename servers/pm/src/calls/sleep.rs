//! Sleeping, and the clocks.

use crate::end::usage;
use crate::table::effects::key;
use crate::{Context, arguments, caller, int};
use abi::{Call, Errno, Time, word};
use alloc::boxed::Box;
use core::task::Poll;
use linux::process::time::{SECOND, TICKS_PER_SECOND, Unit, ticks};
use linux_raw_sys::general as number;
use service::{Handler, Outcome};

/// Answers a call of this group.
pub(super) fn call(cx: &Context, number: u32, words: [u64; 7]) -> Option<Handler> {
    let cx = cx.clone();
    let [first, second, third, fourth, ..] = words;
    let low = word::low_32;
    Some(match number {
        number::__NR_nanosleep => {
            let call = Sleep {
                clock: number::CLOCK_MONOTONIC,
                flags: 0,
                time: first,
                left: second,
            };
            Box::pin(sleep(cx, call))
        }
        number::__NR_clock_nanosleep => {
            let call = Sleep {
                clock: low(first),
                flags: low(second),
                time: third,
                left: fourth,
            };
            Box::pin(sleep(cx, call))
        }
        number::__NR_clock_gettime => Box::pin(clock_time(cx, int(first), second)),
        number::__NR_clock_getres => Box::pin(clock_resolution(cx, int(first), second)),
        number::__NR_clock_settime => Box::pin(set_clock(cx, low(first), second)),
        number::__NR_gettimeofday => Box::pin(time_of_day(cx, first, second)),
        number::__NR_settimeofday => Box::pin(set_time_of_day(cx, first)),
        number::__NR_time => Box::pin(time(cx, first)),
        number::__NR_times => Box::pin(times(cx, first)),
        _ => return None,
    })
}

/// A sleep that is asked for.
#[derive(Clone, Copy, Debug)]
struct Sleep {
    clock: u32,
    flags: u32,
    /// Address of the time.
    time: u64,
    /// Address where the time that is left goes, or null.
    left: u64,
}

/// What a clock counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Clock {
    Monotonic,
    Real,
    Processor(u32),
}

/// The clock of a number. Negative numbers name the processor time of a process: its number
/// complemented, shifted by three, and two bits that say which time (`posix-timers.h`).
fn clock_of(clock: i32, own: u32) -> Result<Clock, Errno> {
    if clock < 0 {
        let pid = (!(clock >> 3)).cast_unsigned();
        return Ok(Clock::Processor(if pid == 0 { own } else { pid }));
    }
    match clock.cast_unsigned() {
        number::CLOCK_REALTIME
        | number::CLOCK_REALTIME_COARSE
        | number::CLOCK_REALTIME_ALARM
        | number::CLOCK_TAI => Ok(Clock::Real),
        number::CLOCK_MONOTONIC
        | number::CLOCK_MONOTONIC_RAW
        | number::CLOCK_MONOTONIC_COARSE
        | number::CLOCK_BOOTTIME
        | number::CLOCK_BOOTTIME_ALARM => Ok(Clock::Monotonic),
        number::CLOCK_PROCESS_CPUTIME_ID | number::CLOCK_THREAD_CPUTIME_ID => {
            Ok(Clock::Processor(own))
        }
        _ => Err(Errno::INVAL),
    }
}

/// Real time at monotonic time 0, in nanoseconds since 1970.
pub(super) fn real_offset(cx: &Context) -> u64 {
    cx.system().call(Call::RealTime, &[]).unwrap_or(0)
}

async fn sleep(cx: Context, call: Sleep) -> Outcome {
    let pid = caller(&cx);
    let clock = clock_of(call.clock.cast_signed(), pid)?;
    let is_absolute = call.flags & number::TIMER_ABSTIME != 0;
    if matches!(clock, Clock::Processor(_)) {
        return Err(Errno::NOTSUP.into());
    }
    let (time, offset) = arguments::copied(&cx, "time", || {
        let time = Unit::Nanoseconds.decode(&arguments::read(&cx, call.time)?);
        Ok((time.ok_or(Errno::INVAL)?, real_offset(&cx)))
    })?;
    // A sleep that a signal without a handler has interrupted goes on to its old end.
    let resumed = cx.step("resume", |state| {
        state.change(pid, |p| p.sleeps_until.take()).flatten()
    });
    let deadline = match (resumed, is_absolute, clock) {
        (Some(deadline), false, _) => Time(deadline),
        (_, false, _) => cx.stamp().after(time),
        (_, true, Clock::Real) => Time(time.saturating_sub(offset)),
        (_, true, _) => Time(time),
    };
    cx.end_when(key::asleep(pid), |state, wake| {
        if wake.passed(deadline) {
            return Poll::Ready(Ok(()));
        }
        if !wake.cancelled {
            return Poll::Pending;
        }
        if !is_absolute {
            let left = Unit::Nanoseconds.encode(deadline.since(wake.now));
            if let Err(refused) = arguments::write_if(&cx, call.left, &left) {
                return Poll::Ready(Err(refused));
            }
            state.change(pid, |process| process.sleeps_until = Some(deadline.0));
        }
        Poll::Ready(Err(Errno::RESTART.into()))
    })
    .await
}

/// The time of a clock in nanoseconds.
fn read_clock(cx: &Context, clock: Clock) -> u64 {
    let now = cx.system().clock().0;
    match clock {
        Clock::Monotonic => now,
        Clock::Real => now.saturating_add(real_offset(cx)),
        Clock::Processor(pid) => usage(cx.system(), pid).total(),
    }
}

async fn clock_time(cx: Context, clock: i32, address: u64) -> Outcome {
    let clock = clock_of(clock, caller(&cx))?;
    cx.end_with(|state| {
        if let Clock::Processor(pid) = clock {
            state.process(pid).ok_or(Errno::INVAL)?;
        }
        let time = read_clock(&cx, clock);
        arguments::write(&cx, address, &Unit::Nanoseconds.encode(time))
    })
}

async fn clock_resolution(cx: Context, clock: i32, address: u64) -> Outcome {
    clock_of(clock, caller(&cx))?;
    let is_coarse = [
        number::CLOCK_REALTIME_COARSE,
        number::CLOCK_MONOTONIC_COARSE,
    ]
    .contains(&clock.cast_unsigned());
    let resolution = if is_coarse {
        SECOND / TICKS_PER_SECOND
    } else {
        1
    };
    cx.end_with(|_| arguments::write_if(&cx, address, &Unit::Nanoseconds.encode(resolution)))
}

async fn set_clock(cx: Context, clock: u32, address: u64) -> Outcome {
    if clock != number::CLOCK_REALTIME {
        return Err(Errno::INVAL.into());
    }
    set_real_time(cx, address, Unit::Nanoseconds).await
}

async fn set_time_of_day(cx: Context, address: u64) -> Outcome {
    if address == 0 {
        return cx.end(|_| ());
    }
    set_real_time(cx, address, Unit::Microseconds).await
}

async fn set_real_time(cx: Context, address: u64, unit: Unit) -> Outcome {
    let pid = caller(&cx);
    let time = arguments::copied(&cx, "time", || {
        Ok(unit
            .decode(&arguments::read(&cx, address)?)
            .ok_or(Errno::INVAL)?)
    })?;
    let allowed = cx.look("allowed", |state| {
        state
            .process(pid)
            .is_some_and(|process| process.credentials.is_privileged())
    });
    if !allowed {
        return Err(Errno::PERM.into());
    }
    let offset = time.saturating_sub(cx.stamp().0);
    let is_set = cx.kernel("set", |kernel| {
        kernel.call(Call::SetRealTime, &[offset]).is_ok()
    });
    cx.end_with(|_| {
        if is_set {
            Ok(())
        } else {
            Err(Errno::PERM.into())
        }
    })
}

async fn time_of_day(cx: Context, address: u64, zone: u64) -> Outcome {
    cx.end_with(|_| {
        let now = read_clock(&cx, Clock::Real);
        arguments::write_if(&cx, address, &Unit::Microseconds.encode(now))?;
        // The zone is always that of Greenwich.
        arguments::write_if(&cx, zone, &[0; 8])
    })
}

async fn time(cx: Context, address: u64) -> Outcome {
    cx.end_with(|_| {
        let seconds = read_clock(&cx, Clock::Real) / SECOND;
        arguments::write_if(&cx, address, &seconds.to_le_bytes())?;
        Ok(seconds)
    })
}

async fn times(cx: Context, address: u64) -> Outcome {
    let pid = caller(&cx);
    cx.end_with(|state| {
        let children = state.process(pid).ok_or(Errno::SRCH)?.children;
        let own = usage(cx.system(), pid);
        arguments::write_if(&cx, address, &own.encode_times(children))?;
        Ok(ticks(cx.system().clock().0))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks_of_processes_are_recognised() {
        assert_eq!(clock_of(0, 5), Ok(Clock::Real));
        assert_eq!(clock_of(1, 5), Ok(Clock::Monotonic));
        assert_eq!(clock_of(2, 5), Ok(Clock::Processor(5)));
        assert_eq!(clock_of(!7 << 3 | 2, 5), Ok(Clock::Processor(7)));
        assert_eq!(clock_of(!0 << 3 | 2, 5), Ok(Clock::Processor(5)));
        assert_eq!(clock_of(99, 5), Err(Errno::INVAL));
    }
}
