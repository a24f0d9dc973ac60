//! The binary of host-link: see the library.
#![no_std]
#![no_main]

service::main!(host_link::HostLink);
