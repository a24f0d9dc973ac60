//! The binary of procfs: see the library.
#![no_std]
#![no_main]

service::main!(procfs::ProcFileSystem);
