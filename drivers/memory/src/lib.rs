//! memory, the driver of null, zero and full.
#![cfg_attr(feature = "image", no_std)]
