//! ramfs, the file system in memory: the root, from the boot archive.
#![cfg_attr(feature = "image", no_std)]
