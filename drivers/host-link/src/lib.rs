//! host-link, the driver of the host's byte streams on the second serial port.
#![cfg_attr(feature = "image", no_std)]
