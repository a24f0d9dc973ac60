//! pm, the process manager: processes, signals, timers, credentials.
#![cfg_attr(feature = "image", no_std)]
