//! The binary of version 2 of clock.
#![no_std]
#![no_main]

service::main!(clock_next::ClockDriver);
