//! The binary of gauge: see the library.
#![no_std]
#![no_main]

service::main!(gauge::Gauge);
