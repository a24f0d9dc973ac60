//! The Linux binary interface as pure functions: ELF files, initial stacks, signal frames, structures.
