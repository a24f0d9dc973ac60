//! The binary of a replacement that never gets ready: see the library.
#![no_std]
#![no_main]

service::main!(misfits::broken::Hanging);
