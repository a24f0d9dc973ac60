//! rs, the reincarnation server: decides what is started, restarted and updated.
#![cfg_attr(feature = "image", no_std)]
