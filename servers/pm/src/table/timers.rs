//! Timers expire.

use super::effects::Effects;
use crate::State;
use crate::process::{CPU_LIMIT, Counts, FIRST_POSIX, Pending, Timer};
use linux::process::information::{Detail, Information};
use linux::process::limit::{INFINITY, Resource};
use linux::process::signal::Signal;
use linux::process::time::{SECOND, TimerSetting};
use linux::process::usage::Usage;
use linux_raw_sys::general as raw;

/// Nanoseconds between two looks at a timer at least, so that none keeps pm busy.
const LEAST: u64 = 1_000_000;

/// A timer that is set anew.
#[derive(Clone, Copy, Debug)]
pub struct TimerChange {
    /// What it counts.
    pub counts: Counts,
    /// How it is set.
    pub setting: TimerSetting,
    /// The signal it raises, if any.
    pub signal: Option<Signal>,
    /// The value that goes with the signal.
    pub value: u64,
}

/// The time a timer of this kind counts.
fn used(counts: Counts, usage: Usage) -> u64 {
    match counts {
        Counts::Real => 0,
        Counts::User => usage.user,
        Counts::Processor => usage.total(),
    }
}

impl State {
    /// Sets a timer at `now`, when the process has used `usage`; a value of 0 stops it.
    pub fn arm(&mut self, pid: u32, number: u32, change: &TimerChange, now: u64, usage: Usage) {
        let TimerChange {
            counts,
            setting,
            signal,
            value,
        } = *change;
        let is_off = setting.value == 0;
        // A timer of timer_create is there until it is deleted.
        let timer = (!is_off || number >= FIRST_POSIX).then(|| Timer {
            // Processor time does not pass faster than time.
            deadline: if is_off {
                u64::MAX
            } else {
                now.saturating_add(setting.value)
            },
            interval: setting.interval,
            signal,
            value,
            counts,
            used_at_end: used(counts, usage).saturating_add(setting.value),
            overruns: 0,
        });
        self.set_timer(pid, number, timer);
    }

    /// How a timer stands.
    #[must_use]
    pub fn setting(&self, pid: u32, number: u32, now: u64, usage: Usage) -> TimerSetting {
        self.timer(pid, number)
            .map_or_else(TimerSetting::default, |timer| {
                let value = match timer.counts {
                    Counts::Real => timer.deadline.saturating_sub(now),
                    counts => timer.used_at_end.saturating_sub(used(counts, usage)),
                };
                let is_off = timer.deadline == u64::MAX;
                // A timer that is about to expire does not read as one that is off.
                let value = if is_off { 0 } else { value.max(1) };
                TimerSetting {
                    interval: timer.interval,
                    value,
                }
            })
    }

    /// Has a timer that is due expire: `usage` is what its process has used.
    pub fn expire(&mut self, pid: u32, number: u32, now: u64, usage: Usage) -> Effects {
        let Some(mut timer) = self.timer(pid, number).copied() else {
            return Effects::default();
        };
        if timer.deadline > now {
            return Effects::default();
        }
        let left = timer.used_at_end.saturating_sub(used(timer.counts, usage));
        if timer.counts != Counts::Real && left > 0 {
            timer.deadline = now.saturating_add(left.max(LEAST));
            self.set_timer(pid, number, Some(timer));
            return Effects::default();
        }
        if number == CPU_LIMIT {
            return self.limit_reached(pid, timer, now, usage);
        }
        let missed = next_expiry(&mut timer, now);
        let kept = timer.interval != 0 || number >= FIRST_POSIX;
        self.set_timer(pid, number, kept.then_some(timer));
        self.raise(pid, number, timer, missed)
    }

    fn raise(&mut self, pid: u32, number: u32, timer: Timer, missed: u64) -> Effects {
        let Some(signal) = timer.signal else {
            return Effects::default();
        };
        if number < FIRST_POSIX {
            return self.post(pid, signal, Information::kernel());
        }
        let of_timer = |pending: &Pending| pending.timer == Some(number);
        let is_pending = self
            .process(pid)
            .is_some_and(|p| p.pending.iter().any(of_timer));
        let overruns = timer
            .overruns
            .saturating_add(missed + u64::from(is_pending));
        self.set_timer(pid, number, Some(Timer { overruns, ..timer }));
        if is_pending {
            return Effects::default();
        }
        let own = number - FIRST_POSIX;
        let overruns = u32::try_from(overruns).unwrap_or(i32::MAX.cast_unsigned());
        let detail = Detail::Timer(own, overruns, timer.value);
        let information = Information {
            code: raw::SI_TIMER,
            detail,
        };
        self.post_pending(
            pid,
            Pending {
                signal,
                information,
                timer: Some(number),
            },
        )
    }

    /// The signal of a timer has been taken: overruns count from here.
    pub(super) fn signal_taken(&mut self, pid: u32, number: u32) {
        if let Some(timer) = self.timer(pid, number).copied() {
            self.set_timer(
                pid,
                number,
                Some(Timer {
                    overruns: 0,
                    ..timer
                }),
            );
        }
    }

    /// RLIMIT_CPU: SIGXCPU each second beyond the soft limit, SIGKILL at the hard one.
    fn limit_reached(&mut self, pid: u32, timer: Timer, now: u64, usage: Usage) -> Effects {
        let limit = self.limit(pid, Resource::CPU);
        let hard = limit.hard.saturating_mul(SECOND);
        if limit.hard != INFINITY && usage.total() >= hard {
            self.set_timer(pid, CPU_LIMIT, None);
            return self.post(pid, Signal::KILL, Information::kernel());
        }
        let used_at_end = timer.used_at_end.saturating_add(SECOND).min(hard);
        let deadline = now.saturating_add(used_at_end.saturating_sub(usage.total()).max(1));
        self.set_timer(
            pid,
            CPU_LIMIT,
            Some(Timer {
                deadline,
                used_at_end,
                ..timer
            }),
        );
        self.post(pid, Signal::XCPU, Information::kernel())
    }

    /// Watches RLIMIT_CPU from now on, if there is such a limit.
    pub fn watch_processor(&mut self, pid: u32, now: u64, usage: Usage) {
        let limit = self.limit(pid, Resource::CPU);
        let seconds = limit.soft.min(limit.hard);
        let timer = (seconds != INFINITY).then(|| {
            let used_at_end = seconds.max(1).saturating_mul(SECOND);
            let left = used_at_end.saturating_sub(usage.total());
            Timer {
                deadline: now.saturating_add(left),
                interval: 0,
                signal: None,
                value: 0,
                counts: Counts::Processor,
                used_at_end,
                overruns: 0,
            }
        });
        self.set_timer(pid, CPU_LIMIT, timer);
    }
}

/// Moves a timer to its next expiry after `now`; how many were missed on the way. Expiries that
/// follow each other faster than pm looks count as missed.
fn next_expiry(timer: &mut Timer, now: u64) -> u64 {
    if timer.interval == 0 {
        timer.deadline = u64::MAX;
        return 0;
    }
    let pause = timer.interval.max(LEAST);
    match timer.counts {
        Counts::Real => {
            let until = now.saturating_add(pause - timer.interval);
            let missed = until.saturating_sub(timer.deadline) / timer.interval;
            let step = timer.interval.saturating_mul(missed + 1);
            timer.deadline = timer.deadline.saturating_add(step);
            missed
        }
        Counts::User | Counts::Processor => {
            timer.used_at_end = timer.used_at_end.saturating_add(timer.interval);
            timer.deadline = now.saturating_add(pause);
            0
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIMER: Timer = Timer {
        deadline: 1000 * LEAST,
        interval: 10 * LEAST,
        signal: None,
        value: 0,
        counts: Counts::Real,
        used_at_end: 0,
        overruns: 0,
    };

    #[test]
    fn a_timer_keeps_its_beat_and_counts_what_it_missed() {
        let mut timer = TIMER;
        assert_eq!(next_expiry(&mut timer, 1000 * LEAST), 0);
        assert_eq!(timer.deadline, 1010 * LEAST);
        assert_eq!(next_expiry(&mut timer, 1035 * LEAST), 2);
        assert_eq!(timer.deadline, 1040 * LEAST);
    }

    #[test]
    fn a_timer_cannot_keep_pm_busy() {
        for counts in [Counts::Real, Counts::User] {
            let mut timer = Timer {
                interval: 1,
                counts,
                ..TIMER
            };
            let missed = next_expiry(&mut timer, TIMER.deadline);
            assert!(timer.deadline >= TIMER.deadline + LEAST - 1);
            assert_eq!(missed == 0, counts == Counts::User);
        }
    }
}
