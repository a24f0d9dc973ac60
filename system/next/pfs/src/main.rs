//! The binary of version 2 of pfs.
#![no_std]
#![no_main]

service::main!(pfs_next::PipeFileSystem);
