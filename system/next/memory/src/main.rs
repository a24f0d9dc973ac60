//! The binary of version 2 of memory.
#![no_std]
#![no_main]

service::main!(memory_next::MemoryDevice);
