//! The binary of random: see the library.
#![no_std]
#![no_main]

service::main!(random::RandomDevice);
