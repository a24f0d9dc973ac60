//! The binary of version 2 of hello.
#![no_std]
#![no_main]

service::main!(hello_next::HelloDriver);
