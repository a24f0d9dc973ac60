//! clock, the driver of the real-time clock: tells the kernel the time of day at its first start,
//! and serves /dev/rtc0.
#![cfg_attr(feature = "image", no_std)]

extern crate alloc;

mod cmos;
mod date;
mod state;

use abi::{Call, Errno, Time};
use alloc::boxed::Box;
use cmos::read_clock;
use core::task::Poll;
use date::Date;
use protocol::object;
use service::description::Descriptions;
use service::objects::{self, Device, Objects, publish_devices, serve_device};
use service::{Cx, Handler, Outcome, Service, System};
pub use state::State;

/// `RTC_RD_TIME` (`linux/rtc.h`).
const READ_TIME: u32 = 0x8024_7009;
/// Nanoseconds in a second.
const SECOND: u64 = 1_000_000_000;
/// How often the chip is asked before it counts as broken.
const ATTEMPTS: u32 = 100;
/// Nanoseconds between two attempts.
const PAUSE: u64 = 10_000_000;
/// What an attempt waits for: the time alone.
const AGAIN: u64 = 1;

/// The driver.
#[derive(Debug)]
pub struct ClockDriver;

impl Service for ClockDriver {
    type State = State;

    fn handle(cx: Cx<Self>) -> Handler {
        serve_device(cx)
    }

    fn attach(cx: Cx<Self>) -> Handler {
        Box::pin(async move {
            set_time_of_day(&cx).await;
            publish_devices(&cx).await;
            cx.end(|_| ())
        })
    }
}

/// Once: later on the system's own time is better than that of the chip, and may have been set.
async fn set_time_of_day(cx: &Cx<ClockDriver>) {
    if cx.look("set", State::is_set) {
        return;
    }
    let date = date(cx, |kernel| {
        let date = read_clock(kernel)?;
        let start = (date.seconds() * SECOND).saturating_sub(kernel.clock().0);
        kernel.call(Call::SetRealTime, &[start]).ok()?;
        Some(date)
    });
    match date.await {
        Some(date) => cx.step("done", |state| state.set(date.seconds())),
        None => cx.log("clock: the chip shows no date"),
    }
}

/// What `read` makes of the chip, which shows no date while it counts a second on: 2 ms of each, and
/// longer where its own time is late.
async fn date(cx: &Cx<ClockDriver>, read: fn(&dyn System) -> Option<Date>) -> Option<Date> {
    for _ in 0..ATTEMPTS {
        let (date, now) = cx.kernel("date", |kernel| (read(kernel), kernel.clock()));
        if date.is_some() {
            return date;
        }
        let again = Time(now.0 + PAUSE);
        cx.step_when("again", AGAIN, |_, wake| {
            if wake.passed(again) {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        })
        .await;
    }
    None
}

impl Device for ClockDriver {
    const MAJORS: &'static [u32] = &[254];

    fn device(_: u32, minor: u32) -> Option<()> {
        (minor == 0).then_some(())
    }
}

impl Objects for ClockDriver {
    type Object = ();

    fn descriptions(state: &mut State) -> &mut Descriptions<()> {
        state.descriptions_mut()
    }

    fn open_descriptions(state: &State) -> &Descriptions<()> {
        state.descriptions()
    }

    fn control(cx: Cx<Self>, question: object::Control) -> Handler {
        match question.request {
            READ_TIME => Box::pin(read_time(cx, question.handle)),
            _ => objects::refuse(cx, Errno::NOTTY),
        }
    }
}

async fn read_time(cx: Cx<ClockDriver>, handle: protocol::Handle) -> Outcome {
    cx.look("open", |state| state.descriptions().get(handle).map(drop))?;
    let date = date(&cx, read_clock).await;
    let bytes = date.ok_or(Errno::IO)?.to_rtc_time();
    cx.write_lease(0, 0, &bytes)?;
    cx.end(|state| state.asked())
}
