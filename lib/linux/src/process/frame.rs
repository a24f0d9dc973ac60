//! The frame that a signal's handler runs on, `struct rt_sigframe` of x86-64
//! (`arch/x86/include/uapi/asm/{sigcontext,ucontext}.h`).
//!
//! ```text
//! floating point   512 bytes, aligned to 64
//! siginfo          128 bytes                              rsi
//! ucontext         304 bytes: flags, link, stack,         rdx
//!                  registers, mask
//! restorer         the handler's return address           rsp, 8 below a multiple of 16
//! ```

use super::action::{ALTERNATE_STACK_BYTES, Action, AlternateStack};
use super::bytes::{get_u32, get_u64, put_u32, put_u64};
use super::information::{INFORMATION_BYTES, Information};
use super::signal::{Signal, SignalSet};
use abi::layout::USER_TOP;
use abi::process::{FloatingPoint, Registers, ThreadState};
use alloc::vec::Vec;

/// Bytes of `struct ucontext`.
pub const CONTEXT_BYTES: usize = 304;
/// Bytes of the FXSAVE area.
pub const FLOATING_POINT_BYTES: usize = 512;
/// Bytes of the frame without the floating point area.
pub const FRAME_BYTES: usize = CONTEXT + CONTEXT_BYTES + INFORMATION_BYTES;
/// Bytes below the stack pointer that belong to the interrupted function (System V ABI).
const RED_ZONE: u64 = 128;

/// Offsets in the frame.
const CONTEXT: usize = 8;
const INFORMATION: usize = CONTEXT + CONTEXT_BYTES;
/// Offsets in `ucontext`.
const STACK: usize = 16;
const REGISTERS: usize = 40;
const MASK: usize = 296;
/// Offsets in `sigcontext`, which starts at `REGISTERS` of the context.
const FLAGS: usize = 136;
const SEGMENTS: usize = 144;
const ERROR_CODE: usize = 152;
const VECTOR: usize = 160;
const OLD_MASK: usize = 168;
const ADDRESS: usize = 176;
const FLOATING_POINT: usize = 184;
/// UC_SIGCONTEXT_SS and UC_STRICT_RESTORE_SS: ss is saved, and is to be restored as it is.
const CONTEXT_FLAGS: u64 = 2 | 4;
/// Selectors of user code and data, cs below, ss in the highest 16 bits.
const SELECTORS: u64 = 0x33 | 0x2b << 48;
/// The direction, trap and resume flags, which a handler starts without.
const CLEARED_FLAGS: u64 = 1 << 10 | 1 << 8 | 1 << 16;
/// Where FXSAVE keeps MXCSR, and the bits of it that exist.
const MXCSR: usize = 24;
const MXCSR_BITS: u32 = 0xffff;
/// The bytes of the FXSAVE area that software may use; Linux describes extensions there.
const SOFTWARE_BYTES: usize = 464;

/// What a processor exception adds to a frame.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Trap {
    /// The vector.
    pub vector: u64,
    /// The error code.
    pub error_code: u64,
    /// The address (cr2).
    pub address: u64,
}

/// A signal about to be handled.
#[derive(Clone, Copy, Debug)]
pub struct Delivery<'a> {
    /// Which.
    pub signal: Signal,
    /// Who sent it and why.
    pub information: Information,
    /// What the process does with it: a handler.
    pub action: Action,
    /// The signals blocked before, to be blocked again afterwards.
    pub mask: SignalSet,
    /// The alternate stack.
    pub alternate: AlternateStack,
    /// The exception, if one raised it.
    pub trap: Trap,
    /// The thread as it was interrupted.
    pub thread: &'a ThreadState,
}

/// A frame: what is to be written where, and the registers the handler starts with.
#[derive(Clone, Debug)]
pub struct Frame {
    /// Where `bytes` go.
    pub address: u64,
    /// The frame with the floating point area above it.
    pub bytes: Vec<u8>,
    /// The registers at the handler's first instruction.
    pub registers: Registers,
}

/// The signal's stack has no room, or the process gave no way to return.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoFrame;

impl Delivery<'_> {
    fn goes_to_alternate(&self) -> bool {
        let stack_pointer = self.thread.registers.rsp;
        self.action.on_alternate_stack()
            && self.alternate.is_enabled()
            && (self.alternate.disarms || !self.alternate.holds(stack_pointer))
    }

    /// Makes the frame.
    ///
    /// # Errors
    /// When there is no room for it, or no restorer.
    pub fn frame(&self) -> Result<Frame, NoFrame> {
        if !self.action.has_restorer() {
            return Err(NoFrame);
        }
        let switches = self.goes_to_alternate();
        let top = if switches {
            self.alternate.base.checked_add(self.alternate.size)
        } else {
            self.thread.registers.rsp.checked_sub(RED_ZONE)
        };
        let top = top.filter(|top| *top <= USER_TOP).ok_or(NoFrame)?;
        let floating = top
            .checked_sub(FLOATING_POINT_BYTES as u64)
            .ok_or(NoFrame)?
            & !63;
        let room = (FRAME_BYTES + 16) as u64;
        let address = (floating.checked_sub(room).ok_or(NoFrame)? & !15) + 8;
        let on_alternate = switches || self.alternate.holds(self.thread.registers.rsp);
        if self.action.on_alternate_stack()
            && self.alternate.is_enabled()
            && on_alternate
            && address <= self.alternate.base
        {
            return Err(NoFrame);
        }
        let mut bytes = self.body(floating);
        let gap = abi::word::index(floating - address) - FRAME_BYTES;
        bytes.resize(FRAME_BYTES + gap, 0);
        bytes.extend_from_slice(&self.thread.floating_point.0[..SOFTWARE_BYTES]);
        bytes.resize(FRAME_BYTES + gap + FLOATING_POINT_BYTES, 0);
        Ok(Frame {
            address,
            bytes,
            registers: self.registers(address),
        })
    }

    fn body(&self, floating: u64) -> Vec<u8> {
        let mut bytes = alloc::vec![0; FRAME_BYTES];
        put_u64(&mut bytes, 0, self.action.restorer);
        let context = &mut bytes[CONTEXT..INFORMATION];
        put_u64(context, 0, CONTEXT_FLAGS);
        let stack = self.alternate.encode(self.thread.registers.rsp);
        context[STACK..STACK + ALTERNATE_STACK_BYTES].copy_from_slice(&stack);
        put_u64(context, MASK, self.mask.0);
        let saved = &mut context[REGISTERS..MASK];
        for (index, value) in general(&self.thread.registers).into_iter().enumerate() {
            put_u64(saved, index * 8, value);
        }
        put_u64(saved, SEGMENTS, SELECTORS);
        put_u64(saved, ERROR_CODE, self.trap.error_code);
        put_u64(saved, VECTOR, self.trap.vector);
        put_u64(saved, OLD_MASK, self.mask.0);
        put_u64(saved, ADDRESS, self.trap.address);
        put_u64(saved, FLOATING_POINT, floating);
        bytes[INFORMATION..].copy_from_slice(&self.information.encode(self.signal));
        bytes
    }

    fn registers(&self, address: u64) -> Registers {
        let before = &self.thread.registers;
        Registers {
            rdi: u64::from(self.signal.number()),
            rsi: address + INFORMATION as u64,
            rdx: address + CONTEXT as u64,
            rax: 0,
            rip: self.action.handler,
            rsp: address,
            rflags: before.rflags & !CLEARED_FLAGS,
            ..*before
        }
    }
}

/// The registers in the order of `sigcontext`, rflags last.
fn general(registers: &Registers) -> [u64; 18] {
    let r = registers;
    [
        r.r8, r.r9, r.r10, r.r11, r.r12, r.r13, r.r14, r.r15, r.rdi, r.rsi, r.rbp, r.rbx, r.rdx,
        r.rax, r.rcx, r.rsp, r.rip, r.rflags,
    ]
}

const _: () = assert!(FLAGS == 17 * 8 && SEGMENTS == 18 * 8);

/// What a handler's return restores, read from its frame.
#[derive(Clone, Debug)]
pub struct Saved {
    /// The registers; the bases are to be kept as they are.
    registers: Registers,
    /// The signals to block.
    pub mask: SignalSet,
    /// The alternate stack.
    pub alternate: Option<AlternateStack>,
    /// Where the floating point area lies; 0 when there is none.
    pub floating_point: u64,
}

impl Saved {
    /// Where the context lies when `rt_sigreturn` is called with this stack pointer: the handler's
    /// return has taken the restorer's address off.
    #[must_use]
    pub const fn address(stack_pointer: u64) -> u64 {
        stack_pointer.wrapping_sub(8).wrapping_add(CONTEXT as u64)
    }

    /// Reads a context.
    #[must_use]
    pub fn decode(context: &[u8; CONTEXT_BYTES]) -> Saved {
        let mut stack = [0; ALTERNATE_STACK_BYTES];
        stack.copy_from_slice(&context[STACK..STACK + ALTERNATE_STACK_BYTES]);
        let saved = &context[REGISTERS..MASK];
        let [
            r8,
            r9,
            r10,
            r11,
            r12,
            r13,
            r14,
            r15,
            rdi,
            rsi,
            rbp,
            rbx,
            rdx,
            rax,
            rcx,
            rsp,
            rip,
            rflags,
        ] = core::array::from_fn(|index| get_u64(saved, index * 8));
        Saved {
            registers: Registers {
                r15,
                r14,
                r13,
                r12,
                rbp,
                rbx,
                r11,
                r10,
                r9,
                r8,
                rax,
                rcx,
                rdx,
                rsi,
                rdi,
                rip,
                rsp,
                rflags,
                fs_base: 0,
                gs_base: 0,
            },
            mask: SignalSet(get_u64(context, MASK)).minus(SignalSet::ABSOLUTE),
            alternate: AlternateStack::decode(&stack).ok(),
            floating_point: get_u64(saved, FLOATING_POINT),
        }
    }

    /// The thread as it is to go on; `None` when it would go on outside user memory.
    #[must_use]
    pub fn thread(&self, now: &ThreadState, floating_point: FloatingPoint) -> Option<ThreadState> {
        let registers = Registers {
            fs_base: now.registers.fs_base,
            gs_base: now.registers.gs_base,
            ..self.registers
        };
        let fits = registers.rip < USER_TOP && registers.rsp <= USER_TOP;
        fits.then_some(ThreadState {
            registers,
            floating_point: checked(floating_point),
            ..*now
        })
    }
}

/// A floating point area without the bits that the processor would refuse.
#[must_use]
pub fn checked(mut area: FloatingPoint) -> FloatingPoint {
    let control = get_u32(&area.0, MXCSR) & MXCSR_BITS;
    put_u32(&mut area.0, MXCSR, control);
    area
}

/// The floating point area of a thread that has used none (FNINIT, MXCSR after reset).
#[must_use]
pub fn fresh_floating_point() -> FloatingPoint {
    let mut area = FloatingPoint([0; FLOATING_POINT_BYTES]);
    area.0[..2].copy_from_slice(&0x037f_u16.to_le_bytes());
    put_u32(&mut area.0, MXCSR, 0x1f80);
    area
}

#[cfg(test)]
mod tests {
    use super::*;

    fn thread() -> ThreadState {
        let registers = Registers {
            rsp: 0x7fff_0000_1234,
            rip: 0x40_1000,
            rax: 11,
            r15: 15,
            rflags: 0x246 | 1 << 10,
            fs_base: 77,
            ..Registers::default()
        };
        let mut floating_point = fresh_floating_point();
        floating_point.0[160] = 42;
        ThreadState {
            registers,
            call_number: -1,
            reserved: 0,
            floating_point,
        }
    }

    fn delivery(thread: &ThreadState) -> Delivery<'_> {
        use linux_raw_sys::general as raw;
        let action = Action {
            handler: 0x40_2000,
            flags: u64::from(raw::SA_RESTORER | raw::SA_ONSTACK | raw::SA_SIGINFO),
            restorer: 0x40_3000,
            mask: SignalSet::default(),
        };
        Delivery {
            signal: Signal::USR1,
            information: Information::user(7, 8),
            action,
            mask: SignalSet::of(&[Signal::INT]),
            alternate: AlternateStack::default(),
            trap: Trap {
                vector: 14,
                error_code: 6,
                address: 0xdead,
            },
            thread,
        }
    }

    fn context(frame: &Frame) -> [u8; CONTEXT_BYTES] {
        frame.bytes[CONTEXT..INFORMATION].try_into().unwrap()
    }

    #[test]
    fn offsets_are_those_of_the_kernels_headers() {
        // x86-64 `struct sigcontext` has 256 bytes; the mask follows it.
        assert_eq!(REGISTERS + 256, MASK);
        assert_eq!(MASK + 8, CONTEXT_BYTES);
        assert_eq!(FRAME_BYTES, 440);
    }

    #[test]
    fn a_handlers_return_restores_the_thread() {
        let thread = thread();
        let frame = delivery(&thread).frame().unwrap();
        assert_eq!(frame.address % 16, 8, "as after a call");
        assert!(frame.address + frame.bytes.len() as u64 <= thread.registers.rsp - RED_ZONE);
        assert_eq!(get_u64(&frame.bytes, 0), 0x40_3000);
        assert_eq!(frame.registers.rflags, 0x246);
        assert_eq!((frame.registers.rdi, frame.registers.rip), (10, 0x40_2000));
        assert_eq!(frame.registers.rdx, Saved::address(frame.address + 8));
        let saved = Saved::decode(&context(&frame));
        assert_eq!(saved.mask, SignalSet::of(&[Signal::INT]));
        assert_eq!(saved.floating_point % 64, 0);
        let at = usize::try_from(saved.floating_point - frame.address).unwrap();
        let area = FloatingPoint(frame.bytes[at..].try_into().unwrap());
        let back = saved.thread(&thread, area).unwrap();
        assert_eq!(back.registers, thread.registers);
        assert_eq!(back.floating_point.0, thread.floating_point.0);
    }

    #[test]
    fn the_alternate_stack_is_used_once() {
        let mut thread = thread();
        let alternate = AlternateStack {
            base: 0x10_0000,
            size: 8192,
            disarms: false,
        };
        let on = Delivery {
            alternate,
            ..delivery(&thread)
        }
        .frame()
        .unwrap();
        assert!(alternate.holds(on.address));
        thread.registers.rsp = on.registers.rsp;
        let nested = Delivery {
            alternate,
            ..delivery(&thread)
        }
        .frame()
        .unwrap();
        assert!(nested.address < on.address && alternate.holds(nested.address));
        thread.registers.rsp = alternate.base + 600;
        assert_eq!(
            Delivery {
                alternate,
                ..delivery(&thread)
            }
            .frame()
            .err(),
            Some(NoFrame)
        );
    }

    #[test]
    fn no_frame_without_room_or_restorer() {
        let mut thread = thread();
        let mut without = delivery(&thread);
        without.action.flags = 0;
        assert_eq!(without.frame().err(), Some(NoFrame));
        for rsp in [0, 100, 700, u64::MAX] {
            thread.registers.rsp = rsp;
            assert_eq!(delivery(&thread).frame().err(), Some(NoFrame));
        }
    }

    #[test]
    fn a_forged_context_cannot_leave_user_memory() {
        let thread = thread();
        let mut forged = context(&delivery(&thread).frame().unwrap());
        put_u64(&mut forged, REGISTERS + 16 * 8, 1 << 63);
        let saved = Saved::decode(&forged);
        assert!(saved.thread(&thread, fresh_floating_point()).is_none());
        let mut area = fresh_floating_point();
        put_u32(&mut area.0, MXCSR, u32::MAX);
        assert_eq!(get_u32(&checked(area).0, MXCSR), 0xffff);
    }
}
