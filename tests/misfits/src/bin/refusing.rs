//! The binary of a replacement that refuses for a reason of its own: see the library.
#![no_std]
#![no_main]

service::main!(misfits::broken::Refusing);
