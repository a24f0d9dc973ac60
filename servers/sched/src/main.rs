//! The binary of sched: see the library.
#![no_std]
#![no_main]

service::main!(sched::Scheduler);
