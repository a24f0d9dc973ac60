//! The binary of version 2 of sched.
#![no_std]
#![no_main]

service::main!(sched_next::Scheduler);
