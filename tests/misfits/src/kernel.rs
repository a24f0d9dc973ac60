//! Kernel calls with whatever arguments, past the framework.
#![expect(unsafe_code, reason = "wrong calls are what this is for")]

use abi::event::Outgoing;
use abi::word::index;
use abi::{CallError, EventPage, layout};
use core::arch::asm;

/// Makes the kernel call with this number.
pub(crate) fn call(number: u64, arguments: [u64; 6]) -> Result<u64, CallError> {
    let result: i64;
    // SAFETY: the caller chooses numbers and addresses with which a kernel that does its work
    // changes nothing but rax, rcx, r11 and the shared page; the tests that load this service say
    // whether it does its work.
    unsafe {
        asm!(
            "syscall",
            inlateout("rax") number => result,
            in("rdi") arguments[0],
            in("rsi") arguments[1],
            in("rdx") arguments[2],
            in("r10") arguments[3],
            in("r8") arguments[4],
            in("r9") arguments[5],
            lateout("rcx") _,
            lateout("r11") _,
            options(nostack),
        );
    }
    CallError::from_register(result)
}

/// Sets what the next call sends.
pub(crate) fn set_outgoing(outgoing: &Outgoing) {
    let page: *mut EventPage = core::ptr::with_exposed_provenance_mut(index(layout::EVENT_PAGE));
    // SAFETY: the kernel maps the page for the instance's life and touches it only during calls;
    // the framework sets all that it sends before each of its own calls.
    unsafe { (&raw mut (*page).outgoing).write_volatile(*outgoing) };
}
