//! The machine code between the outside and Rust: the loader's entry, system calls, traps, and the
//! way back. There is one processor, so the running thread's registers and a scratch word have
//! fixed addresses.
//!
//! A thread outside user mode is its `Registers` record: an entry saves there and continues on the
//! kernel's one stack, from its top; the way back loads from whatever record Rust answers.
#![expect(
    unsafe_code,
    reason = "machine code, and the words it shares with Rust"
)]

use core::arch::global_asm;
use core::mem::offset_of;
use core::sync::atomic::{AtomicPtr, AtomicU64, Ordering};

use abi::process::Registers;
use kernel::descriptor::{KERNEL_CODE, KERNEL_DATA, SEGMENTS, USER_CODE, USER_DATA};
use kernel::paging::KERNEL_BASE;

/// Where the entry from user mode saves.
static CURRENT: AtomicPtr<Registers> = AtomicPtr::new(core::ptr::null_mut());
/// The stack pointer of a program between two instructions of the system-call entry.
static SCRATCH: AtomicU64 = AtomicU64::new(0);
/// The vector of the interrupt that ended an idle wait; 0 for none, which is no interrupt's.
static PENDING: AtomicU64 = AtomicU64::new(0);
/// The flags that the kernel runs with: none but the bit that is always set.
const KERNEL_FLAGS: u64 = 2;
/// Descriptors for the way to 64 bits.
static EARLY_SEGMENTS: [u64; 6] = SEGMENTS;

/// States where the next entry from user mode saves.
pub(crate) fn set_current(registers: &mut Registers) {
    CURRENT.store(registers, Ordering::Relaxed);
}

/// The interrupt that ended an idle wait, once.
pub(crate) fn take_pending() -> Option<u64> {
    match PENDING.swap(0, Ordering::Relaxed) {
        0 => None,
        vector => Some(vector),
    }
}

unsafe extern "C" {
    /// The handlers' code, 16 bytes for each vector.
    static trap_stubs: u8;
    /// The end of the stack for faults that leave no other.
    static kernel_emergency_stack_top: u8;
    /// The end of the kernel's stack.
    static kernel_stack_top: u8;
    fn system_call_entry();
    fn resume_first(registers: *const Registers) -> !;
}

/// The address of the handler of a vector.
pub(crate) fn stub(vector: usize) -> u64 {
    &raw const trap_stubs as u64 + 16 * vector as u64
}

/// The ends of the kernel's stack and of the one for emergencies.
pub(crate) fn stacks() -> (u64, u64) {
    (
        &raw const kernel_stack_top as u64,
        &raw const kernel_emergency_stack_top as u64,
    )
}

/// The address of the system-call entry.
pub(crate) fn system_call_address() -> u64 {
    system_call_entry as *const () as u64
}

/// Leaves for user mode for the first time; the boot stack is given up.
pub(crate) fn leave(registers: *const Registers) -> ! {
    // SAFETY: the record is the one of the thread that the kernel chose, and outlives its run.
    unsafe { resume_first(registers) }
}

// The loader's entry (PVH: 32 bits, paging off, ebx points to the start information). The first
// tables map the first 4 GiB three times: where they are, at the direct map, and the kernel's
// place. They serve until `boot` has built the real ones.
global_asm!(
    ".pushsection .note.pvh, \"a\", @note",
    ".balign 4",
    ".long 4, 8, 18",
    ".asciz \"Xen\"",
    ".quad pvh_entry - {base}",
    ".popsection",
    ".pushsection .bss",
    ".balign 4096",
    "early_top: .skip 4096",
    "early_second: .skip 4096",
    "early_large: .skip 4 * 4096",
    ".popsection",
    ".pushsection .rodata",
    ".balign 8",
    "early_gdt: .word 47",
    ".long {segments} - {base}",
    ".popsection",
    ".pushsection .text.boot, \"ax\"",
    ".code32",
    ".globl pvh_entry",
    "pvh_entry:",
    "cli",
    "cld",
    "movl $(early_large - {base}), %edi",
    "movl $0x83, %eax",
    "movl $2048, %ecx",
    "2: movl %eax, (%edi)",
    "movl $0, 4(%edi)",
    "addl $0x200000, %eax",
    "addl $8, %edi",
    "decl %ecx",
    "jnz 2b",
    "movl $(early_large - {base} + 3), %eax",
    "movl %eax, early_second - {base}",
    "movl %eax, early_second - {base} + 510 * 8",
    "addl $4096, %eax",
    "movl %eax, early_second - {base} + 8",
    "movl %eax, early_second - {base} + 511 * 8",
    "addl $4096, %eax",
    "movl %eax, early_second - {base} + 16",
    "addl $4096, %eax",
    "movl %eax, early_second - {base} + 24",
    "movl $(early_second - {base} + 3), %eax",
    "movl %eax, early_top - {base}",
    "movl %eax, early_top - {base} + 256 * 8",
    "movl %eax, early_top - {base} + 511 * 8",
    "movl $(early_top - {base}), %eax",
    "movl %eax, %cr3",
    // Physical-address extension.
    "movl %cr4, %eax",
    "orl $0x20, %eax",
    "movl %eax, %cr4",
    // EFER: system calls, long mode, no-execute.
    "movl $0xc0000080, %ecx",
    "rdmsr",
    "orl $0x901, %eax",
    "wrmsr",
    // Paging, write protection, protection.
    "movl %cr0, %eax",
    "orl $0x80010001, %eax",
    "movl %eax, %cr0",
    "lgdt early_gdt - {base}",
    "ljmp ${code}, $(early_64 - {base})",
    ".code64",
    "early_64:",
    "movabsq $high_64, %rax",
    "jmp *%rax",
    "high_64:",
    "movl ${data}, %eax",
    "movl %eax, %ds",
    "movl %eax, %es",
    "movl %eax, %ss",
    "xorl %eax, %eax",
    "movl %eax, %fs",
    "movl %eax, %gs",
    "movq $kernel_stack_top, %rsp",
    "xorl %ebp, %ebp",
    "movl %ebx, %edi",
    "call {boot}",
    "ud2",
    ".popsection",
    base = const KERNEL_BASE,
    code = const KERNEL_CODE,
    data = const KERNEL_DATA,
    segments = sym EARLY_SEGMENTS,
    boot = sym crate::boot::boot,
    options(att_syntax),
);

// From user mode and back.
global_asm!(
    ".macro save_common base",
    "movq %r15, {r15}(\\base)",
    "movq %r14, {r14}(\\base)",
    "movq %r13, {r13}(\\base)",
    "movq %r12, {r12}(\\base)",
    "movq %rbp, {rbp}(\\base)",
    "movq %rbx, {rbx}(\\base)",
    "movq %r11, {r11}(\\base)",
    "movq %r10, {r10}(\\base)",
    "movq %r9, {r9}(\\base)",
    "movq %r8, {r8}(\\base)",
    "movq %rcx, {rcx}(\\base)",
    "movq %rdx, {rdx}(\\base)",
    "movq %rsi, {rsi}(\\base)",
    "movq %rdi, {rdi}(\\base)",
    ".endm",
    // `syscall`: the return address is in rcx, the flags in r11; interrupts are off.
    ".globl system_call_entry",
    ".balign 16",
    "system_call_entry:",
    "movq %rsp, {scratch}",
    "movq {current}, %rsp",
    "save_common %rsp",
    "movq %rax, {rax}(%rsp)",
    "movq %rcx, {rip}(%rsp)",
    "movq %r11, {rflags}(%rsp)",
    "movq {scratch}, %rcx",
    "movq %rcx, {user_rsp}(%rsp)",
    "movq $kernel_stack_top, %rsp",
    "call {on_system_call}",
    // rax: the record to load. A thread that came by `syscall`, and whose rip and flags nobody
    // changed, goes back by `sysret`; its rip is a user address.
    "resume:",
    "movq %rax, %rdi",
    "movq {rcx}(%rdi), %rcx",
    "movq {r11}(%rdi), %r11",
    "movq {r15}(%rdi), %r15",
    "movq {r14}(%rdi), %r14",
    "movq {r13}(%rdi), %r13",
    "movq {r12}(%rdi), %r12",
    "movq {rbp}(%rdi), %rbp",
    "movq {rbx}(%rdi), %rbx",
    "movq {r10}(%rdi), %r10",
    "movq {r9}(%rdi), %r9",
    "movq {r8}(%rdi), %r8",
    "movq {rdx}(%rdi), %rdx",
    "movq {rsi}(%rdi), %rsi",
    "cmpq %rcx, {rip}(%rdi)",
    "jne 3f",
    "cmpq %r11, {rflags}(%rdi)",
    "jne 3f",
    "movq {rax}(%rdi), %rax",
    "movq {user_rsp}(%rdi), %rsp",
    "movq {rdi}(%rdi), %rdi",
    "sysretq",
    "3: pushq ${user_data}",
    "pushq {user_rsp}(%rdi)",
    "pushq {rflags}(%rdi)",
    "pushq ${user_code}",
    "pushq {rip}(%rdi)",
    "movq {rax}(%rdi), %rax",
    "movq {rdi}(%rdi), %rdi",
    "iretq",
    ".globl resume_first",
    "resume_first:",
    "movq $kernel_stack_top, %rsp",
    "movq %rdi, %rax",
    "jmp resume",
    // Exceptions and interrupts: (stack) vector, error code, then what the processor pushed. Of the
    // flags the processor clears neither the direction flag, which a program may have set in the
    // middle of a copy, nor alignment check, which would let the kernel at user memory.
    ".balign 16",
    ".globl trap_stubs",
    "trap_stubs:",
    ".set vector, 0",
    ".rept 256",
    ".balign 16",
    ".if (vector == 8) || (vector >= 10 && vector <= 14) || (vector == 17) || (vector == 21)",
    ".else",
    "pushq $0",
    ".endif",
    "pushq $vector",
    "jmp trap_common",
    ".set vector, vector + 1",
    ".endr",
    ".balign 16",
    "trap_common:",
    "testb $3, 24(%rsp)",
    "jz 4f",
    "pushq %rax",
    "movq {current}, %rax",
    "save_common %rax",
    "popq %rcx",
    "movq %rcx, {rax}(%rax)",
    "movq 16(%rsp), %rcx",
    "movq %rcx, {rip}(%rax)",
    "movq 32(%rsp), %rcx",
    "movq %rcx, {rflags}(%rax)",
    "movq 40(%rsp), %rcx",
    "movq %rcx, {user_rsp}(%rax)",
    "movq (%rsp), %rdi",
    "movq 8(%rsp), %rsi",
    "movq $kernel_stack_top, %rsp",
    "pushq ${kernel_flags}",
    "popfq",
    "call {on_trap}",
    "jmp resume",
    // In the kernel itself: an interrupt ends the idle wait and leaves interrupts off, so that no
    // second one is lost; a debug exception is a program's trick; any other is a defect.
    "4: cmpq $1, (%rsp)",
    "je 5f",
    "cmpq $32, (%rsp)",
    "jb 6f",
    "pushq %rax",
    "movq 8(%rsp), %rax",
    "movq %rax, {pending}",
    "popq %rax",
    "andl $~0x200, 32(%rsp)",
    "5: addq $16, %rsp",
    "iretq",
    // The general registers are pushed in the order of `panic::Defect`.
    "6: pushq %r15",
    "pushq %r14",
    "pushq %r13",
    "pushq %r12",
    "pushq %r11",
    "pushq %r10",
    "pushq %r9",
    "pushq %r8",
    "pushq %rdi",
    "pushq %rsi",
    "pushq %rbp",
    "pushq %rdx",
    "pushq %rcx",
    "pushq %rbx",
    "pushq %rax",
    "movq %rsp, %rdi",
    "andq $-16, %rsp",
    "pushq ${kernel_flags}",
    "popfq",
    "call {on_defect}",
    "ud2",
    r15 = const offset_of!(Registers, r15),
    r14 = const offset_of!(Registers, r14),
    r13 = const offset_of!(Registers, r13),
    r12 = const offset_of!(Registers, r12),
    rbp = const offset_of!(Registers, rbp),
    rbx = const offset_of!(Registers, rbx),
    r11 = const offset_of!(Registers, r11),
    r10 = const offset_of!(Registers, r10),
    r9 = const offset_of!(Registers, r9),
    r8 = const offset_of!(Registers, r8),
    rax = const offset_of!(Registers, rax),
    rcx = const offset_of!(Registers, rcx),
    rdx = const offset_of!(Registers, rdx),
    rsi = const offset_of!(Registers, rsi),
    rdi = const offset_of!(Registers, rdi),
    rip = const offset_of!(Registers, rip),
    user_rsp = const offset_of!(Registers, rsp),
    rflags = const offset_of!(Registers, rflags),
    user_data = const USER_DATA,
    user_code = const USER_CODE,
    scratch = sym SCRATCH,
    current = sym CURRENT,
    pending = sym PENDING,
    kernel_flags = const KERNEL_FLAGS,
    on_system_call = sym crate::traps::on_system_call,
    on_trap = sym crate::traps::on_trap,
    on_defect = sym crate::panic::on_defect,
    options(att_syntax),
);
