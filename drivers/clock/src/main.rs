//! The binary of clock: see the library.
#![no_std]
#![no_main]

service::main!(clock::ClockDriver);
