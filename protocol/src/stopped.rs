//! What the kernel asks when a program stopped: the typed form of `abi::message::kernel_kind`.
//!
//! After a crash: there is no call that could answer an errno. A page fault ended by two crashes of vm
//! is SIGSEGV, and SIGBUS when vm is down. When two crashes of pm have ended it, [`Exception`] leaves the
//! program stopped and [`Interrupted`] lets it go on.

use crate::protocol;

protocol! {
    number 1, version 0;

    /// To vm: see `kernel_kind::PAGE_FAULT`. Lease 0 is the program's whole memory. vm refuses with
    /// `FAULT` where nothing is mapped (SIGSEGV, SEGV_MAPERR), with `ACCES` what the mapping does not
    /// allow (SIGSEGV, SEGV_ACCERR), with `NOMEM` when a promised page cannot be found (ask
    /// `memory::Victim`, then let the thread try again), and with any other errno a page that its
    /// file does not have (SIGBUS, BUS_ADRERR).
    PageFault = 1 { address: u64, length: u64, access: u32, present: bool } -> ();
    /// To pm: see `kernel_kind::EXCEPTION`.
    Exception = 2 { vector: u32, error_code: u32, address: u64, errno: u32 } -> ();
    /// To pm: see `kernel_kind::INTERRUPTED`.
    Interrupted = 3 { signal: u32, group: bool, result: i64 } -> ();
}
