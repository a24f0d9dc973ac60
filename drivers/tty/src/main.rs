//! The binary of tty: see the library.
#![no_std]
#![no_main]

service::main!(tty::TerminalDriver);
