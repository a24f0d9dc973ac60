//! The binary of pm: see the library.
#![no_std]
#![no_main]

service::main!(pm::ProcessManager);
