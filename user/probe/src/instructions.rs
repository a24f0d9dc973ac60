//! What no program may execute, and stacks and frames that are none.
#![expect(unsafe_code, reason = "the instructions are the misuse")]

use crate::child::{describe, run};
use std::arch::asm;

type Misuse = (&'static str, fn() -> i32);

/// A misuse that is one piece of assembly; if it does no harm, 0.
macro_rules! assembly {
    ($($text:literal),*) => {
        || {
            // SAFETY: none that could be promised: this child exists to execute it and ends.
            unsafe { asm!($($text),*, out("rax") _, out("rcx") _, out("rdx") _, out("r11") _) };
            0
        }
    };
}

const ALL: &[Misuse] = &[
    ("halt", assembly!("hlt")),
    ("mask-interrupts", assembly!("cli")),
    ("read-port", assembly!("in al, 0x60")),
    ("write-port", assembly!("mov al, 0", "out 0xf4, al")),
    (
        "read-model-register",
        assembly!("mov ecx, 0xc0000080", "rdmsr"),
    ),
    (
        "write-model-register",
        assembly!("mov ecx, 0xc0000080", "wrmsr"),
    ),
    ("page-table-register", assembly!("mov rax, cr3")),
    (
        "control-register",
        assembly!("mov rax, cr0", "mov cr0, rax"),
    ),
    ("load-descriptors", assembly!("lgdt [rsp]")),
    ("swap-gs", assembly!("swapgs")),
    (
        "return-to-kernel",
        assembly!("push 0", "push 0", "push 2", "push 8", "push 0", "iretq"),
    ),
    ("system-return", assembly!("sysretq")),
    ("interrupt-gate", assembly!("int 0x41")),
    ("double-fault-gate", assembly!("int 8")),
    ("breakpoint", assembly!("int3")),
    ("undefined", assembly!("ud2")),
    (
        "divide",
        assembly!("xor edx, edx", "xor ecx, ecx", "mov eax, 1", "div ecx"),
    ),
    (
        "divide-overflow",
        assembly!("mov edx, 5", "mov ecx, 1", "mov eax, 1", "div ecx"),
    ),
    (
        "single-step",
        assembly!("pushfq", "or qword ptr [rsp], 0x100", "popfq", "nop"),
    ),
    (
        "privilege-of-ports",
        assembly!("pushfq", "or qword ptr [rsp], 0x3000", "popfq", "cli"),
    ),
    (
        // The stack grows by page faults, which find the direction flag set.
        "fault-downwards",
        assembly!(
            "push rdi",
            "lea rdi, [rsp - 256]",
            "mov ecx, 0x10000",
            "std",
            "rep stosb",
            "cld",
            "pop rdi"
        ),
    ),
    (
        "fault-with-alignment-check",
        assembly!(
            "pushfq",
            "or qword ptr [rsp], 0x40000",
            "popfq",
            "mov byte ptr [rsp - 0x20000], 1",
            "pushfq",
            "and qword ptr [rsp], ~0x40000",
            "popfq"
        ),
    ),
    (
        "unaligned-vector",
        assembly!("and rsp, -16", "movaps xmm0, [rsp + 1]"),
    ),
    ("load-null", assembly!("mov rax, [0]")),
    ("store-null", assembly!("mov qword ptr [8], 1")),
    (
        "load-kernel",
        assembly!("mov rax, 0xffffffff80100000", "mov rax, [rax]"),
    ),
    (
        "store-kernel",
        assembly!("mov rax, 0xffff800000100000", "mov qword ptr [rax], 1"),
    ),
    (
        "load-non-canonical",
        assembly!("mov rax, 0x800000000000", "mov rax, [rax]"),
    ),
    (
        "store-text",
        assembly!("lea rax, [rip]", "mov qword ptr [rax], 1"),
    ),
    (
        "execute-stack",
        assembly!(
            "mov byte ptr [rsp - 256], 0xc3",
            "lea rax, [rsp - 256]",
            "call rax"
        ),
    ),
    ("jump-null", assembly!("xor eax, eax", "jmp rax")),
    (
        "jump-kernel",
        assembly!("mov rax, 0xffffffff80100000", "jmp rax"),
    ),
    (
        "jump-non-canonical",
        assembly!("mov rax, 0x800000000000", "jmp rax"),
    ),
    ("stack-null", assembly!("xor esp, esp", "push rax")),
    (
        "stack-kernel",
        assembly!("mov rsp, 0xffff800000100000", "push rax"),
    ),
    (
        "stack-non-canonical",
        assembly!("mov rsp, 0x800000000000", "push rax"),
    ),
    (
        "call-with-kernel-stack",
        assembly!(
            "mov rdx, rsp",
            "mov rsp, 0xffff800000100000",
            "mov eax, 39",
            "syscall",
            "mov rsp, rdx"
        ),
    ),
    (
        "call-with-non-canonical-stack",
        assembly!(
            "mov rdx, rsp",
            "mov rsp, 0x800000000000",
            "mov eax, 39",
            "syscall",
            "mov rsp, rdx"
        ),
    ),
    (
        "handler-frame-null",
        assembly!("xor esp, esp", "mov eax, 15", "syscall"),
    ),
    (
        "handler-frame-kernel",
        assembly!("mov rsp, 0xffff800000100000", "mov eax, 15", "syscall"),
    ),
    (
        "handler-frame-zero",
        assembly!(
            "sub rsp, 4096",
            "mov rdi, rsp",
            "xor eax, eax",
            "mov ecx, 512",
            "rep stosq",
            "mov eax, 15",
            "syscall"
        ),
    ),
    (
        // The instruction pointer lies 168 bytes into the frame that rsp points to.
        "handler-frame-to-kernel",
        assembly!(
            "sub rsp, 4096",
            "mov rdi, rsp",
            "xor eax, eax",
            "mov ecx, 512",
            "rep stosq",
            "mov rax, 0x800000000000",
            "mov [rsp + 168], rax",
            "mov eax, 15",
            "syscall"
        ),
    ),
    ("recursion", || i32::from(descend(1) == 0)),
    ("signal-on-no-stack", signal_on_no_stack),
];

/// A line for each.
pub(crate) fn misuse() {
    for (name, work) in ALL {
        println!("{name}: {}", describe(&run(work)));
    }
}

/// Calls itself until the stack ends.
#[expect(unconditional_recursion, reason = "it ends where the stack does")]
#[inline(never)]
fn descend(depth: u64) -> u64 {
    let frame = std::hint::black_box([depth; 64]);
    descend(depth.wrapping_add(frame[63])).wrapping_add(frame[0])
}

extern "C" fn handler(_: libc::c_int) {}

/// A handler on an alternate stack that is not there.
fn signal_on_no_stack() -> i32 {
    let stack = libc::stack_t {
        ss_sp: std::ptr::without_provenance_mut(0x10_0000),
        ss_flags: 0,
        ss_size: 0x1_0000,
    };
    // SAFETY: the structures live during the calls; that the stack is none is the misuse.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = handler as *const () as usize;
        action.sa_flags = libc::SA_ONSTACK;
        libc::sigaltstack(&raw const stack, std::ptr::null_mut());
        libc::sigaction(libc::SIGUSR1, &raw const action, std::ptr::null_mut());
        libc::raise(libc::SIGUSR1);
    }
    0
}
