//! The binary of vfs: see the library.
#![no_std]
#![no_main]

service::main!(vfs::VirtualFileSystem);
