//! What the compiler expects of a binary without a standard library.
#![no_std]
