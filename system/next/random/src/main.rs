//! The binary of version 2 of random.
#![no_std]
#![no_main]

service::main!(random_next::RandomDevice);
