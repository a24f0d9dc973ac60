//! The binary of version 2 of pm.
#![no_std]
#![no_main]

service::main!(pm_next::ProcessManager);
