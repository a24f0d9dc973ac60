//! tty, the terminal driver: the console on the first serial port.
#![cfg_attr(feature = "image", no_std)]
