//! random, the random number generator.
#![cfg_attr(feature = "image", no_std)]
