//! The binary of a replacement that finds the State contradicting itself: see the library.
#![no_std]
#![no_main]

service::main!(misfits::broken::Contradicted);
