//! Time: the time stamp counter as clock, the local APIC's timer as alarm (Intel SDM volume 3,
//! section 10.5.4), both measured against the PIT (Intel 8254 data sheet).
#![expect(unsafe_code, reason = "device registers in memory")]

use abi::Time;
use kernel::clock::{nanoseconds, parameters, rate, timer_ticks};
use kernel_core::machine::ClockParameters;

use super::direct;
use super::port::{read_8, write_8};
use super::processor::counter;
use super::tables::LOCAL_APIC;

/// The vector of the alarm.
pub(crate) const ALARM_VECTOR: u64 = 0x40;
/// The vector that a spurious interrupt of the APIC has.
const SPURIOUS_VECTOR: u32 = 0xff;

/// Registers of the local APIC.
mod register {
    pub(super) const END_OF_INTERRUPT: u64 = 0xb0;
    pub(super) const SPURIOUS: u64 = 0xf0;
    pub(super) const TIMER: u64 = 0x320;
    pub(super) const LINE_0: u64 = 0x350;
    pub(super) const INITIAL_COUNT: u64 = 0x380;
    pub(super) const CURRENT_COUNT: u64 = 0x390;
    pub(super) const DIVIDE: u64 = 0x3e0;
}

/// The PIT counts so often a second.
const PIT_RATE: u64 = 1_193_182;
/// What the PIT counts for one measurement: 10 ms.
const PIT_COUNT: u64 = 11_932;
/// Measurements; the shortest is the least disturbed.
const MEASUREMENTS: usize = 3;

fn read(register: u64) -> u32 {
    // SAFETY: the kernel's tables map the APIC's registers as device memory.
    unsafe {
        direct::pointer(LOCAL_APIC + register)
            .cast::<u32>()
            .read_volatile()
    }
}

fn write(register: u64, value: u32) {
    // SAFETY: as above; the registers written are those of interrupts and the timer.
    unsafe {
        direct::pointer(LOCAL_APIC + register)
            .cast::<u32>()
            .write_volatile(value)
    };
}

/// Clock and alarm.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    parameters: ClockParameters,
    /// Ticks of the alarm's timer a second.
    timer_rate: u64,
}

impl Clock {
    /// Sets the timer up and measures both counters.
    pub(crate) fn new() -> Clock {
        write(register::SPURIOUS, 0x100 | SPURIOUS_VECTOR);
        // Line 0 passes on what the 8259 says.
        write(register::LINE_0, 0x700);
        // Not divided, once for each count.
        write(register::DIVIDE, 0b1011);
        write(register::TIMER, u32::try_from(ALARM_VECTOR).unwrap_or(0));
        let measured = [(); MEASUREMENTS].map(|()| measure());
        let (counts, ticks) = measured.into_iter().min().unwrap_or((1, 1));
        let span = PIT_COUNT * 1_000_000_000 / PIT_RATE;
        write(register::INITIAL_COUNT, 0);
        Clock {
            parameters: parameters(counter(), counts, span),
            timer_rate: rate(ticks, span),
        }
    }

    /// Time since the clock was made.
    pub(crate) fn now(&self) -> Time {
        Time(nanoseconds(&self.parameters, counter()))
    }

    /// How the counter becomes time.
    pub(crate) const fn parameters(&self) -> ClockParameters {
        self.parameters
    }

    /// Asks for an alarm at `deadline`, or none.
    pub(crate) fn set_alarm(&self, deadline: Time) {
        let ticks = match deadline {
            Time::NEVER => 0,
            deadline => timer_ticks(deadline.since(self.now()), self.timer_rate),
        };
        write(register::INITIAL_COUNT, ticks);
    }
}

/// Ends the interrupt of the alarm.
pub(crate) fn end_alarm() {
    write(register::END_OF_INTERRUPT, 0);
}

/// What the time stamp counter and the timer count while the PIT's channel 2 counts down.
fn measure() -> (u64, u64) {
    let [low, high, ..] = PIT_COUNT.to_le_bytes();
    let gate = read_8(0x61) & !3;
    write_8(0x61, gate);
    // Channel 2, both bytes, interrupt on terminal count.
    write_8(0x43, 0xb0);
    write_8(0x42, low);
    write_8(0x42, high);
    write(register::INITIAL_COUNT, u32::MAX);
    write_8(0x61, gate | 1);
    let first = (counter(), read(register::CURRENT_COUNT));
    while read_8(0x61) & 0x20 == 0 {}
    let last = (counter(), read(register::CURRENT_COUNT));
    write_8(0x61, gate);
    (last.0 - first.0, u64::from(first.1.wrapping_sub(last.1)))
}
