//! hello, the smallest driver: an example with fresh start, restart and update.
#![cfg_attr(feature = "image", no_std)]
