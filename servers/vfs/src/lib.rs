//! vfs, the virtual file system: paths, mounts, descriptor tables.
#![cfg_attr(feature = "image", no_std)]
