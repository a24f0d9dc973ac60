//! The binary of ds: see the library.
#![no_std]
#![no_main]

service::main!(ds::NameServer);
