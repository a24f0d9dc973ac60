//! The binary of memory: see the library.
#![no_std]
#![no_main]

service::main!(memory::MemoryDevice);
