//! The 16550 serial port as decisions.
#![no_std]
