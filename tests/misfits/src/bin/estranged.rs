//! The binary of a replacement that knows other versions of the State: see the library.
#![no_std]
#![no_main]

service::main!(misfits::broken::Estranged);
