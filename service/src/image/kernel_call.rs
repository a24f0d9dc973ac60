//! The `syscall` instruction, and the page shared with the kernel.
#![expect(
    unsafe_code,
    reason = "kernel calls and the shared page are the edge of a service"
)]

use abi::event::Outgoing;
use abi::word::index;
use abi::{Call, CallError, Event, EventPage, layout};
use core::arch::asm;

/// Makes a kernel call. Arguments that are addresses must be those of memory the caller may lend
/// for the call: see the wrappers in `kernel`.
pub(super) fn call(call: Call, arguments: [u64; 6]) -> Result<u64, CallError> {
    let result: i64;
    // SAFETY: the kernel changes only rax, rcx, r11, the shared page, and memory whose address is
    // an argument; every caller in this folder passes addresses of live buffers of the right size.
    unsafe {
        asm!(
            "syscall",
            inlateout("rax") call as u64 => result,
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

fn page() -> *mut EventPage {
    core::ptr::with_exposed_provenance_mut(index(layout::EVENT_PAGE))
}

/// The event that `receive` has written. It is there until the next `receive`.
pub(super) fn event<'a>() -> &'a Event {
    // SAFETY: the kernel maps the page for the instance's life; it writes the event only in
    // `receive`, which the one caller makes when it has done with the event before; every bit
    // pattern is an Event. `call` is a barrier for the compiler.
    unsafe { &(*page()).event }
}

/// Sets what the next call sends.
pub(super) fn set_outgoing(set: impl FnOnce(&mut Outgoing)) {
    // SAFETY: as for `event`; the service is one thread and `set` cannot make a call.
    let outgoing = unsafe { &mut (*page()).outgoing };
    set(outgoing);
    // SAFETY: a compiler barrier: the kernel reads the page in the call that follows.
    unsafe { asm!("", options(nostack, preserves_flags)) };
}

/// The reply words that some calls leave in the page.
pub(super) fn outgoing_words() -> [u64; abi::message::REPLY_WORDS] {
    // SAFETY: as for `event`.
    unsafe { (&raw const (*page()).outgoing.reply.words).read_volatile() }
}
