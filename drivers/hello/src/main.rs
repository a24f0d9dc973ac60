//! The binary of hello: see the library.
#![no_std]
#![no_main]

service::main!(hello::HelloDriver);
