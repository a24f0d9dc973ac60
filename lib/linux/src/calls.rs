//! The system calls by name and number (`asm/unistd_64.h`).
