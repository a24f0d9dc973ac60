//! sched, the scheduler: policy of priorities and quanta.
#![cfg_attr(feature = "image", no_std)]
