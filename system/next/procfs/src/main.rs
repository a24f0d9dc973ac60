//! The binary of version 2 of procfs.
#![no_std]
#![no_main]

service::main!(procfs_next::ProcFileSystem);
