//! The binary of version 2 of host-link.
#![no_std]
#![no_main]

service::main!(host_link_next::HostLink);
