//! The binary of pfs: see the library.
#![no_std]
#![no_main]

service::main!(pfs::PipeFileSystem);
