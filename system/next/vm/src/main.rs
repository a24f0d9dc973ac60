//! The binary of version 2 of vm.
#![no_std]
#![no_main]

service::main!(vm_next::MemoryManager);
