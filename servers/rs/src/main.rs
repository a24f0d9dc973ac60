//! The binary of rs: see the library.
#![no_std]
#![no_main]

service::main!(rs::Reincarnation);
