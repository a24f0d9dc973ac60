//! The binary of version 2 of ramfs.
#![no_std]
#![no_main]

service::main!(ramfs_next::RamFileSystem);
