//! The binary of a replacement that takes all memory it can get: see the library.
#![no_std]
#![no_main]

service::main!(misfits::broken::Greedy);
