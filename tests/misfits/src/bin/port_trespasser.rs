//! The binary of takes clock's place and trespasses: see the library.
#![no_std]
#![no_main]

service::main!(misfits::trespass::PortTrespasser);
