//! The binary of version 2 of tty.
#![no_std]
#![no_main]

service::main!(tty_next::TerminalDriver);
