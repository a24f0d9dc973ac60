//! pfs, the pipe file system: pipes and FIFOs.
#![cfg_attr(feature = "image", no_std)]
