//! probe: misuses the system on purpose, one child process for each misuse.
//!
//! ```text
//! probe wild           pointers that lead nowhere, in every argument of every call that is one
//! probe descriptors    descriptors that are none, in every call that takes one
//! probe lengths        lengths and counts beyond reason
//! probe instructions   what no program may execute, and stacks and frames that are none
//! probe executables    files that look like programs
//! probe numbers        every number of a system call from 0 to 1023
//! probe machine        wild, for calls that change the whole machine
//! probe all            all of these
//! probe NAME           one way to use up the system: fork-bomb, touch, touch-many, pipes, arguments
//! probe hoard KIND     many processes that hold many maps, locks, signals, timers, devices,
//!                      processes-files or opened-files
//! probe crowd KIND     as many files or links as there is room for
//! probe fill FILE      writes to a file until there is no room
//! ```
//!
//! All but the last two print a line for each misuse with what came of it: `ok`, the name of an errno, or
//! the signal that ended the child. The first
//! five harm nobody, and Linux prints the same, so it is the oracle.

pub mod errno;
pub mod executables;
pub mod signatures;
