//! The binary of a replacement that acts before it is in its place: see the library.
#![no_std]
#![no_main]

service::main!(misfits::broken::Impatient);
