//! The binary of a replacement that panics at its start: see the library.
#![no_std]
#![no_main]

service::main!(misfits::broken::Panicking);
