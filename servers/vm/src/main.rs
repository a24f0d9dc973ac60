//! The binary of vm: see the library.
#![no_std]
#![no_main]

service::main!(vm::MemoryManager);
