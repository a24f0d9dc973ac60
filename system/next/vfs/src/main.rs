//! The binary of version 2 of vfs.
#![no_std]
#![no_main]

service::main!(vfs_next::VirtualFileSystem);
