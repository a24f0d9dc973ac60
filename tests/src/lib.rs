//! Whole-system tests: scenarios run inside a booted image.
