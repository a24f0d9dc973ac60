//! What a process does with a signal: `struct kernel_sigaction`, and alternate signal stacks.

use super::bytes::{get_u32, get_u64, put_u32, put_u64};
use super::signal::SignalSet;
use linux_raw_sys::general as raw;
use minicbor::{Decode, Encode};
use shape::Shape;

/// Bytes of `struct kernel_sigaction` on x86-64: handler, flags, restorer, mask.
pub const ACTION_BYTES: usize = 32;
/// Bytes of `stack_t`.
pub const ALTERNATE_STACK_BYTES: usize = 24;
/// SIG_DFL.
const DEFAULT: u64 = 0;
/// SIG_IGN.
const IGNORE: u64 = 1;

/// What a process does with a signal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, Shape)]
pub struct Action {
    /// The handler's address, or 0 for the default action, 1 to ignore.
    #[n(0)]
    pub handler: u64,
    /// Bits `SA_...`.
    #[n(1)]
    pub flags: u64,
    /// Where the handler returns to.
    #[n(2)]
    pub restorer: u64,
    /// Signals blocked while the handler runs.
    #[n(3)]
    pub mask: SignalSet,
}

macro_rules! flags {
    ($($(#[$doc:meta])* $name:ident $flag:ident;)*) => {
        impl Action {
            $($(#[$doc])* #[must_use] pub const fn $name(&self) -> bool {
                self.flags & raw::$flag as u64 != 0
            })*
        }
    };
}

flags! {
    /// A child that stops raises no SIGCHLD.
    no_stopped_children SA_NOCLDSTOP;
    /// Children become no zombies.
    no_zombies SA_NOCLDWAIT;
    /// The alternate stack is used.
    on_alternate_stack SA_ONSTACK;
    /// Calls that were interrupted start again.
    restarts SA_RESTART;
    /// The signal is not blocked while its handler runs.
    unblocked SA_NODEFER;
    /// The action becomes the default when the handler is entered.
    resets SA_RESETHAND;
    /// `restorer` is given; on x86-64 it must be.
    has_restorer SA_RESTORER;
}

impl Action {
    /// Whether it is the default action.
    #[must_use]
    pub const fn is_default(&self) -> bool {
        self.handler == DEFAULT
    }

    /// Whether the signal is ignored by choice.
    #[must_use]
    pub const fn is_ignore(&self) -> bool {
        self.handler == IGNORE
    }

    /// Whether there is a handler.
    #[must_use]
    pub const fn is_handler(&self) -> bool {
        self.handler > IGNORE
    }

    /// Reads the kernel's structure. SIGKILL and SIGSTOP cannot be blocked and leave the mask.
    #[must_use]
    pub fn decode(bytes: &[u8; ACTION_BYTES]) -> Action {
        Action {
            handler: get_u64(bytes, 0),
            flags: get_u64(bytes, 8),
            restorer: get_u64(bytes, 16),
            mask: SignalSet(get_u64(bytes, 24)).minus(SignalSet::ABSOLUTE),
        }
    }

    /// Writes the kernel's structure.
    #[must_use]
    pub fn encode(&self) -> [u8; ACTION_BYTES] {
        let mut bytes = [0; ACTION_BYTES];
        put_u64(&mut bytes, 0, self.handler);
        put_u64(&mut bytes, 8, self.flags);
        put_u64(&mut bytes, 16, self.restorer);
        put_u64(&mut bytes, 24, self.mask.0);
        bytes
    }
}

/// An alternate signal stack, `stack_t`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, Shape)]
pub struct AlternateStack {
    /// Its lowest address.
    #[n(0)]
    pub base: u64,
    /// Bytes; 0 when there is none.
    #[n(1)]
    pub size: u64,
    /// It is switched off while a handler runs on it (`SS_AUTODISARM`).
    #[n(2)]
    pub disarms: bool,
}

/// Why an alternate stack is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadStack {
    /// Unknown flags.
    Flags,
    /// Smaller than a signal's frame.
    TooSmall,
}

impl AlternateStack {
    /// Whether there is one.
    #[must_use]
    pub const fn is_enabled(&self) -> bool {
        self.size != 0
    }

    /// Whether a stack pointer lies on it.
    #[must_use]
    pub const fn holds(&self, stack_pointer: u64) -> bool {
        stack_pointer > self.base && stack_pointer - self.base <= self.size
    }

    /// Reads `stack_t`.
    ///
    /// # Errors
    /// Why it cannot be used (sigaltstack(2)).
    pub fn decode(bytes: &[u8; ALTERNATE_STACK_BYTES]) -> Result<AlternateStack, BadStack> {
        let flags = get_u32(bytes, 8);
        let disarms = flags & raw::SS_AUTODISARM != 0;
        match flags & !raw::SS_AUTODISARM {
            raw::SS_DISABLE => return Ok(AlternateStack::default()),
            0 | raw::SS_ONSTACK => {}
            _ => return Err(BadStack::Flags),
        }
        let (base, size) = (get_u64(bytes, 0), get_u64(bytes, 16));
        if size < u64::from(raw::MINSIGSTKSZ) {
            return Err(BadStack::TooSmall);
        }
        Ok(AlternateStack {
            base,
            size,
            disarms,
        })
    }

    /// Writes `stack_t` as a thread with this stack pointer sees it.
    #[must_use]
    pub fn encode(&self, stack_pointer: u64) -> [u8; ALTERNATE_STACK_BYTES] {
        let mut flags = match () {
            () if !self.is_enabled() => raw::SS_DISABLE,
            () if self.holds(stack_pointer) && !self.disarms => raw::SS_ONSTACK,
            () => 0,
        };
        if self.disarms {
            flags |= raw::SS_AUTODISARM;
        }
        let mut bytes = [0; ALTERNATE_STACK_BYTES];
        put_u64(&mut bytes, 0, self.base);
        put_u32(&mut bytes, 8, flags);
        put_u64(&mut bytes, 16, self.size);
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::super::signal::Signal;
    use super::*;
    use core::mem::offset_of;

    #[test]
    fn the_layout_is_the_kernels() {
        assert_eq!(size_of::<raw::kernel_sigaction>(), ACTION_BYTES);
        assert_eq!(offset_of!(raw::kernel_sigaction, sa_handler_kernel), 0);
        assert_eq!(offset_of!(raw::kernel_sigaction, sa_flags), 8);
        assert_eq!(offset_of!(raw::kernel_sigaction, sa_restorer), 16);
        assert_eq!(offset_of!(raw::kernel_sigaction, sa_mask), 24);
        assert_eq!(size_of::<raw::sigaltstack>(), ALTERNATE_STACK_BYTES);
        assert_eq!(offset_of!(raw::sigaltstack, ss_flags), 8);
        assert_eq!(offset_of!(raw::sigaltstack, ss_size), 16);
    }

    #[test]
    fn an_action_survives_and_never_blocks_kill() {
        let action = Action {
            handler: 0x1234,
            flags: u64::from(raw::SA_RESTART | raw::SA_RESTORER),
            restorer: 0x77,
            mask: SignalSet::of(&[Signal::INT]),
        };
        let mut bytes = action.encode();
        bytes[25] = 1; // SIGKILL, number 9
        assert_eq!(Action::decode(&bytes), action);
        assert!(action.restarts() && action.is_handler() && !action.resets());
    }

    #[test]
    fn alternate_stacks_are_checked() {
        let stack = AlternateStack {
            base: 0x1000,
            size: 8192,
            disarms: false,
        };
        assert_eq!(AlternateStack::decode(&stack.encode(0)), Ok(stack));
        assert_eq!(get_u32(&stack.encode(0x1001), 8), raw::SS_ONSTACK);
        assert!(!stack.holds(0x1000) && stack.holds(0x3000) && !stack.holds(0x3001));
        let mut small = stack.encode(0);
        put_u64(&mut small, 16, 100);
        assert_eq!(AlternateStack::decode(&small), Err(BadStack::TooSmall));
        put_u32(&mut small, 8, 64);
        assert_eq!(AlternateStack::decode(&small), Err(BadStack::Flags));
        let off = AlternateStack::default();
        assert_eq!(AlternateStack::decode(&off.encode(5)), Ok(off));
    }
}
