//! The driver with programs and a pretended chip.
