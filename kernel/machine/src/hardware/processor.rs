//! Control registers, model-specific registers, descriptor tables, and instructions.
#![expect(unsafe_code, reason = "privileged instructions")]

use core::arch::asm;
use core::arch::x86_64::{__cpuid_count, _rdtsc};
use core::cell::UnsafeCell;
use core::fmt;

use abi::process::FloatingPoint;
use abi::word::low_16;
use kernel::descriptor::{SEGMENTS, TASK_STATE, gate, task_state};

use crate::entry;

/// Model-specific registers (Intel SDM volume 4).
mod register {
    pub(super) const EFER: u32 = 0xc000_0080;
    pub(super) const STAR: u32 = 0xc000_0081;
    pub(super) const LSTAR: u32 = 0xc000_0082;
    pub(super) const FMASK: u32 = 0xc000_0084;
    pub(super) const FS_BASE: u32 = 0xc000_0100;
    pub(super) const GS_BASE: u32 = 0xc000_0101;
}

/// Flags that a system call clears: trap, interrupt, direction, nested task, alignment check.
const CLEARED_FLAGS: u64 = 0x4_4700;
/// CR4: global pages, FXSAVE, SSE exceptions.
const CR4_ALWAYS: u64 = 1 << 7 | 1 << 9 | 1 << 10;
const CR4_UMIP: u64 = 1 << 11;
const CR4_SMEP: u64 = 1 << 20;
const CR4_SMAP: u64 = 1 << 21;
/// CR0: monitor coprocessor, numeric errors as exceptions, write protection.
const CR0_SET: u64 = 1 << 1 | 1 << 5 | 1 << 16;
/// CR0: emulation and task switched.
const CR0_CLEAR: u64 = 1 << 2 | 1 << 3;

/// What the processor can, beyond what is required.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Features {
    /// It has RDRAND.
    pub(crate) random: bool,
}

/// Turns on the protections that the processor has.
pub(crate) fn protect() -> Features {
    let extended = __cpuid_count(7, 0);
    let mut cr4 = CR4_ALWAYS;
    for (bit, there) in [
        (CR4_SMEP, extended.ebx >> 7 & 1),
        (CR4_SMAP, extended.ebx >> 20 & 1),
        (CR4_UMIP, extended.ecx >> 2 & 1),
    ] {
        cr4 |= if there == 1 { bit } else { 0 };
    }
    // SAFETY: the bits set are ones that the processor has; the kernel touches no user page, and
    // its own code and constants are not written.
    unsafe {
        asm!(
            "mov {0}, cr4", "or {0}, {1}", "mov cr4, {0}",
            "mov {0}, cr0", "or {0}, {2}", "and {0}, {3}", "mov cr0, {0}",
            out(reg) _, in(reg) cr4, in(reg) CR0_SET, in(reg) !CR0_CLEAR,
            options(nostack),
        );
    }
    Features {
        random: __cpuid_count(1, 0).ecx >> 30 & 1 == 1,
    }
}

/// The protections that are on, as the registers tell, by the names that the manuals give them.
pub(crate) struct Protections;

impl fmt::Display for Protections {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (cr0, cr4): (u64, u64);
        // SAFETY: the instructions only read.
        unsafe {
            asm!("mov {}, cr0", "mov {}, cr4", out(reg) cr0, out(reg) cr4, options(nomem, nostack));
        }
        let all = [
            ("WP", cr0 >> 16),
            ("NX", read_register(register::EFER) >> 11),
            ("SMEP", cr4 >> 20),
            ("SMAP", cr4 >> 21),
            ("UMIP", cr4 >> 11),
        ];
        for (name, _) in all.iter().filter(|(_, bit)| bit & 1 == 1) {
            write!(f, " {name}")?;
        }
        Ok(())
    }
}

/// Bytes of a 64-bit task state segment.
const TASK_STATE_BYTES: usize = 104;

/// Descriptor tables, in memory for ever.
#[repr(C, align(16))]
struct Descriptors {
    task_state: [u8; TASK_STATE_BYTES],
    segments: [u64; 8],
    gates: [[u64; 2]; 256],
}

struct Shared(UnsafeCell<Descriptors>);

// SAFETY: there is one processor, and only `load_descriptors` writes, once.
unsafe impl Sync for Shared {}

static DESCRIPTORS: Shared = Shared(UnsafeCell::new(Descriptors {
    task_state: [0; TASK_STATE_BYTES],
    segments: [0; 8],
    gates: [[0; 2]; 256],
}));

#[repr(C, packed)]
struct TablePointer {
    limit: u16,
    base: u64,
}

/// Loads segments, the task state segment with the kernel's stacks, interrupt gates, and the entry
/// of system calls.
pub(crate) fn load_descriptors() {
    // SAFETY: called once, at boot, with interrupts off.
    let tables = unsafe { &mut *DESCRIPTORS.0.get() };
    let (stack, emergency) = entry::stacks();
    tables.task_state[4..12].copy_from_slice(&stack.to_le_bytes());
    tables.task_state[36..44].copy_from_slice(&emergency.to_le_bytes());
    // No permission map for ports: it lies behind the segment.
    tables.task_state[102..].copy_from_slice(&low_16(TASK_STATE_BYTES as u64).to_le_bytes());
    tables.segments[..6].copy_from_slice(&SEGMENTS);
    let base = tables.task_state.as_ptr() as u64;
    tables.segments[6..].copy_from_slice(&task_state(base, TASK_STATE_BYTES as u64));
    for (vector, slot) in tables.gates.iter_mut().enumerate() {
        // Debug, non-maskable interrupt, double fault, machine check: on a stack that is good.
        let ist = u64::from(matches!(vector, 1 | 2 | 8 | 18));
        // Breakpoints and overflow are instructions of programs.
        let privilege = if matches!(vector, 3 | 4) { 3 } else { 0 };
        *slot = gate(entry::stub(vector), ist, privilege);
    }
    let segments = TablePointer {
        limit: 63,
        base: tables.segments.as_ptr() as u64,
    };
    let gates = TablePointer {
        limit: 4095,
        base: tables.gates.as_ptr() as u64,
    };
    // SAFETY: the tables are complete and stay; the selectors are those of the early table.
    unsafe {
        asm!("lgdt [{}]", in(reg) &raw const segments, options(nostack, readonly));
        asm!("lidt [{}]", in(reg) &raw const gates, options(nostack, readonly));
        asm!("ltr {0:x}", in(reg) TASK_STATE, options(nostack));
    }
    let star = u64::from(kernel::descriptor::KERNEL_CODE) << 32
        | u64::from(kernel::descriptor::USER_BASE | 3) << 48;
    write_register(register::STAR, star);
    write_register(register::LSTAR, entry::system_call_address());
    write_register(register::FMASK, CLEARED_FLAGS);
}

fn write_register(register: u32, value: u64) {
    let (low, high) = (value & 0xffff_ffff, value >> 32);
    // SAFETY: the callers write registers that exist, with values that keep the kernel running.
    unsafe { asm!("wrmsr", in("ecx") register, in("rax") low, in("rdx") high, options(nostack)) };
}

fn read_register(register: u32) -> u64 {
    let (low, high): (u64, u64);
    // SAFETY: the callers read registers that exist; reading changes nothing.
    unsafe {
        asm!("rdmsr", in("ecx") register, out("rax") low, out("rdx") high, options(nomem, nostack));
    }
    high << 32 | low
}

/// Sets the base of segment fs.
pub(crate) fn set_fs(base: u64) {
    write_register(register::FS_BASE, base);
}

/// Sets the base of segment gs.
pub(crate) fn set_gs(base: u64) {
    write_register(register::GS_BASE, base);
}

/// Uses a top-level page table.
pub(crate) fn load_root(physical: u64) {
    // SAFETY: every root holds the kernel's half.
    unsafe { asm!("mov cr3, {}", in(reg) physical, options(nostack, preserves_flags)) };
}

/// Forgets the translation of one page.
pub(crate) fn flush_page(address: u64) {
    // SAFETY: flushing changes no memory.
    unsafe { asm!("invlpg [{}]", in(reg) address, options(nostack, preserves_flags)) };
}

/// The address of the last page fault.
pub(crate) fn fault_address() -> u64 {
    let address;
    // SAFETY: reading a control register.
    unsafe { asm!("mov {}, cr2", out(reg) address, options(nomem, nostack, preserves_flags)) };
    address
}

/// Waits for an interrupt, which is noted as pending; interrupts are off before and after.
pub(crate) fn wait() {
    // SAFETY: the handler in the kernel only notes the vector and leaves interrupts off.
    unsafe { asm!("sti", "hlt", "cli", options(nostack)) };
}

/// Stops for ever.
pub(crate) fn stop() -> ! {
    loop {
        // SAFETY: nothing runs any more.
        unsafe { asm!("cli", "hlt", options(nomem, nostack)) };
    }
}

/// The time stamp counter.
pub(crate) fn counter() -> u64 {
    // SAFETY: every 64-bit processor has it.
    unsafe { _rdtsc() }
}

/// A random word of the hardware's.
pub(crate) fn random() -> Option<u64> {
    for _ in 0..10 {
        let (word, good): (u64, u8);
        // SAFETY: the caller has seen that the processor has the instruction.
        unsafe {
            asm!("rdrand {}", "setc {}", out(reg) word, out(reg_byte) good, options(nomem, nostack))
        };
        if good == 1 {
            return Some(word);
        }
    }
    None
}

/// Saves the floating point registers.
pub(crate) fn save_floating_point(area: &mut FloatingPoint) {
    // SAFETY: the area has the size and alignment that the instruction wants.
    unsafe { asm!("fxsave64 [{}]", in(reg) area, options(nostack)) };
}

/// Loads the floating point registers.
pub(crate) fn load_floating_point(area: &FloatingPoint) {
    // SAFETY: as above; the kernel lets no reserved bit of MXCSR into an area.
    unsafe { asm!("fxrstor64 [{}]", in(reg) area, options(nostack, readonly)) };
}
