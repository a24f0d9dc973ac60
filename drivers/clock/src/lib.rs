//! clock, the driver of the real-time clock.
#![cfg_attr(feature = "image", no_std)]
