//! The binary of a replacement that cannot decode the State: see the library.
#![no_std]
#![no_main]

service::main!(misfits::broken::Undecoding);
