//! How this machine does it: boot, traps, page-table writes, clock, interrupts; the kernel binary.
