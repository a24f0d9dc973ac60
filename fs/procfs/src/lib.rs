//! procfs, the proc file system.
#![cfg_attr(feature = "image", no_std)]
