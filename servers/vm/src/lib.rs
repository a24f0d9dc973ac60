//! vm, the memory manager: address spaces of programs.
#![cfg_attr(feature = "image", no_std)]
