//! What something takes: ticks, time, and switches to other threads.
#![expect(unsafe_code, reason = "the processor's time stamp")]

use std::fmt;
use std::fs::File;
use std::io::{self, Read, Seek};
use std::ops::Add;
use std::time::{Duration, Instant};

/// The processor's time stamp counter. A machine that counts its instructions counts them in it.
pub(crate) fn ticks() -> u64 {
    // SAFETY: the instruction reads a counter and touches no memory; every x86-64 processor has it.
    unsafe { core::arch::x86_64::_rdtsc() }
}

/// What was measured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Amount {
    ticks: u64,
    nanoseconds: u64,
    switches: u64,
}

impl Add for Amount {
    type Output = Amount;

    fn add(self, other: Amount) -> Amount {
        Amount {
            ticks: self.ticks + other.ticks,
            nanoseconds: self.nanoseconds + other.nanoseconds,
            switches: self.switches + other.switches,
        }
    }
}

/// Measures one operation.
#[derive(Debug)]
pub(crate) struct Meter {
    statistics: File,
    /// What measuring nothing takes.
    nothing: Amount,
    /// How often the operation was done.
    count: u64,
    amount: Amount,
}

/// What is done before it is measured, as a share of what is measured.
const WARM_UP: u64 = 8;

impl Meter {
    /// A meter that knows what measuring itself takes.
    ///
    /// # Errors
    /// Those of reading `/proc/stat`.
    pub(crate) fn calibrated() -> io::Result<Meter> {
        let mut meter = Meter {
            statistics: File::open("/proc/stat")?,
            nothing: Amount::default(),
            count: 0,
            amount: Amount::default(),
        };
        for _ in 0..2 {
            meter.whole(0, || Ok(()))?;
        }
        meter.nothing = meter.amount;
        Ok(meter)
    }

    /// Measures something that is done so many times, after some times that are not measured.
    ///
    /// # Errors
    /// Those of the work.
    pub(crate) fn times(
        &mut self,
        count: u64,
        mut work: impl FnMut() -> io::Result<()>,
    ) -> io::Result<()> {
        for _ in 0..count / WARM_UP + 1 {
            work()?;
        }
        self.whole(count, || {
            for _ in 0..count {
                work()?;
            }
            Ok(())
        })
    }

    /// Measures something that is done so many times within each piece of work, beyond what a piece takes
    /// without it.
    ///
    /// # Errors
    /// Those of the work.
    pub(crate) fn beyond(
        &mut self,
        (pieces, each): (u64, u64),
        mut without: impl FnMut() -> io::Result<()>,
        work: impl FnMut() -> io::Result<()>,
    ) -> io::Result<()> {
        self.difference(
            |meter| meter.times(pieces, &mut without),
            |meter| meter.times(pieces, work),
        )?;
        self.count = pieces * each;
        Ok(())
    }

    /// Measures something that cannot be done twice, beyond what is to be done without it.
    ///
    /// # Errors
    /// Those of the work.
    pub(crate) fn once_beyond(
        &mut self,
        without: impl FnOnce() -> io::Result<()>,
        work: impl FnOnce() -> io::Result<()>,
    ) -> io::Result<()> {
        self.difference(
            |meter| meter.whole(1, without),
            |meter| meter.whole(1, work),
        )
    }

    /// Measures one thing, and then another one beyond it.
    fn difference(
        &mut self,
        first: impl FnOnce(&mut Meter) -> io::Result<()>,
        second: impl FnOnce(&mut Meter) -> io::Result<()>,
    ) -> io::Result<()> {
        first(self)?;
        let nothing = self.nothing;
        self.nothing = nothing + self.amount;
        let measured = second(self);
        self.nothing = nothing;
        measured
    }

    /// Measures work that is the operation so many times.
    ///
    /// # Errors
    /// Those of the work.
    pub(crate) fn whole(
        &mut self,
        count: u64,
        work: impl FnOnce() -> io::Result<()>,
    ) -> io::Result<()> {
        let before = self.switches()?;
        let (since, start) = (Instant::now(), ticks());
        work()?;
        let (end, time) = (ticks(), since.elapsed());
        let after = self.switches()?;
        self.count = count;
        self.amount = Amount {
            ticks: (end - start).saturating_sub(self.nothing.ticks),
            nanoseconds: nanoseconds(time).saturating_sub(self.nothing.nanoseconds),
            switches: (after - before).saturating_sub(self.nothing.switches),
        };
        Ok(())
    }

    /// Switches to other threads since the machine started (proc(5), `/proc/stat`).
    fn switches(&mut self) -> io::Result<u64> {
        let mut text = String::new();
        self.statistics.rewind()?;
        self.statistics.read_to_string(&mut text)?;
        let number = text.lines().find_map(|line| line.strip_prefix("ctxt "));
        number
            .and_then(|number| number.parse().ok())
            .ok_or_else(|| io::Error::other("/proc/stat does not tell the switches"))
    }
}

impl fmt::Display for Meter {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Amount {
            ticks,
            nanoseconds,
            switches,
        } = self.amount;
        write!(
            formatter,
            "{}\t{ticks}\t{nanoseconds}\t{switches}",
            self.count
        )
    }
}

fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}
