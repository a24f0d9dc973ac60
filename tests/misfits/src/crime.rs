//! Ways of dying that a service has.
#![expect(unsafe_code, reason = "each is a violation of what a program may do")]

use crate::kernel;
use abi::{Call, layout};
use core::arch::asm;

/// What it dies of, by name.
pub(crate) type Crime = (&'static str, fn());

/// An address in the kernel's half.
const KERNEL: u64 = 0xffff_8000_0010_0000;
/// An address in no half.
const NON_CANONICAL: u64 = 0x8000_0000_0000;
/// Where programs are.
const PROGRAM: u64 = 0x40_0000;

/// Every way.
pub(crate) const ALL: &[Crime] = &[
    ("load-null", || load(0)),
    ("store-null", || store(8)),
    ("load-kernel", || load(KERNEL)),
    ("store-kernel", || store(KERNEL)),
    ("load-non-canonical", || load(NON_CANONICAL)),
    ("load-program", || load(PROGRAM)),
    ("store-archive", || store(layout::SERVICE_ARCHIVE)),
    ("load-inbox", || load(layout::SERVICE_INBOX)),
    ("load-kept", || load(layout::SERVICE_KEPT)),
    ("store-text", || store(load as *const () as u64)),
    ("jump-heap", || jump(layout::SERVICE_HEAP)),
    ("jump-event-page", || jump(layout::EVENT_PAGE)),
    ("jump-kernel", || jump(KERNEL)),
    ("overflow", overflow),
    ("halt", || instruct::<0>()),
    ("mask-interrupts", || instruct::<1>()),
    ("read-port", || instruct::<2>()),
    ("undefined", || instruct::<3>()),
    ("breakpoint", || instruct::<4>()),
    ("divide", || instruct::<5>()),
    ("single-step", || instruct::<6>()),
    ("lose-track", lose_track),
];

fn load(address: u64) {
    // SAFETY: none: it faults, which is what it is for.
    unsafe { asm!("mov {0}, [{0}]", inout(reg) address => _) };
}

fn store(address: u64) {
    // SAFETY: none: it faults, which is what it is for.
    unsafe { asm!("mov [{0}], {0}", in(reg) address) };
}

fn jump(address: u64) {
    // SAFETY: none: it faults, which is what it is for.
    unsafe { asm!("call {0}", in(reg) address) };
}

fn instruct<const WHICH: u8>() {
    // SAFETY: none: each raises an exception, which is what it is for.
    unsafe {
        match WHICH {
            0 => asm!("hlt"),
            1 => asm!("cli"),
            2 => asm!("in al, 0x60", out("al") _),
            3 => asm!("ud2"),
            4 => asm!("int3"),
            5 => asm!("xor ecx, ecx", "div ecx", out("ecx") _, out("eax") _, out("edx") _),
            _ => asm!("pushfq", "or qword ptr [rsp], 0x100", "popfq", "nop"),
        }
    }
}

/// Asks for an event with more requests in hand than it has been given.
fn lose_track() {
    let _ = kernel::call(Call::Receive as u64, [99, 0, 0, 0, 0, 0]);
}

fn overflow() {
    core::hint::black_box(descend(1));
}

/// Calls itself until the stack ends.
#[expect(unconditional_recursion, reason = "it ends where the stack does")]
#[inline(never)]
fn descend(depth: u64) -> u64 {
    let frame = core::hint::black_box([depth; 16]);
    descend(depth.wrapping_add(frame[15])).wrapping_add(frame[0])
}
