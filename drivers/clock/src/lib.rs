//! clock, the driver of the real-time clock: tells the kernel the time of day at its first start,
//! and serves /dev/rtc0.
#![cfg_attr(feature = "image", no_std)]

extern crate alloc;

mod cmos;
mod date;
mod state;

use abi::{Call, Errno};
use alloc::boxed::Box;
use cmos::read_clock;
use date::Date;
use protocol::object;
use service::description::Descriptions;
use service::objects::{self, Device, Objects, publish_devices, serve_device};
use service::{Cx, Handler, Outcome, Service};
pub use state::State;

/// `RTC_RD_TIME` (`linux/rtc.h`).
const READ_TIME: u32 = 0x8024_7009;
/// Nanoseconds in a second.
const SECOND: u64 = 1_000_000_000;

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
            set_time_of_day(&cx);
            publish_devices(&cx).await;
            cx.end(|_| ())
        })
    }
}

/// Once: later on the system's own time is better than that of the chip, and may have been set.
fn set_time_of_day(cx: &Cx<ClockDriver>) {
    if cx.look("set", State::is_set) {
        return;
    }
    let date = cx.kernel("date", |kernel| {
        let date = read_clock(kernel)?;
        let start = (date.seconds() * SECOND).saturating_sub(kernel.clock().0);
        kernel.call(Call::SetRealTime, &[start]).ok()?;
        Some(date)
    });
    match date {
        Some(date) => cx.step("done", |state| state.set(date.seconds())),
        None => cx.log("clock: the chip shows no date"),
    }
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
    let date: Option<Date> = cx.kernel("date", read_clock);
    let bytes = date.ok_or(Errno::IO)?.to_rtc_time();
    cx.write_lease(0, 0, &bytes)?;
    cx.end(|state| state.asked())
}
