//! The binary of a replacement that stores to nowhere at its start: see the library.
#![no_std]
#![no_main]

service::main!(misfits::broken::Crashing);
