//! The binary of ramfs: see the library.
#![no_std]
#![no_main]

service::main!(ramfs::RamFileSystem);
