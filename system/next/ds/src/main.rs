//! The binary of version 2 of ds.
#![no_std]
#![no_main]

service::main!(ds_next::NameServer);
