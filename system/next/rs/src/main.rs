//! The binary of version 2 of rs.
#![no_std]
#![no_main]

service::main!(rs_next::Reincarnation);
