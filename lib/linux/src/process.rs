//! What makes a process: executables, stacks, signals, waiting.
