//! Whether a call that a signal has interrupted starts again (signal(7), "Interruption of system
//! calls").

use abi::Errno;
use abi::process::Registers;
use linux::process::action::Action;
use linux_raw_sys::general as call;

/// Bytes of the `syscall` instruction.
const INSTRUCTION: u64 = 2;

/// A call that was cut short and asks what is to become of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Interrupted {
    number: u32,
}

impl Interrupted {
    /// The call that `result` tells of, if it was cut short before it did anything.
    pub(crate) fn of(result: i64, call_number: i64) -> Option<Interrupted> {
        let number = u32::try_from(call_number).ok()?;
        // rt_sigreturn restores rax, whatever is in it.
        let asks = result == Errno::RESTART.result() && number != call::__NR_rt_sigreturn;
        asks.then_some(Interrupted { number })
    }

    /// Sets the registers that a handler's return will restore.
    pub(crate) fn before_handler(self, registers: &mut Registers, action: &Action) {
        if action.restarts() && !self.fails_for_handlers() {
            self.again(registers);
        } else {
            registers.rax = Errno::INTR.result().cast_unsigned();
        }
    }

    /// Starts the call again: no handler has run.
    pub(crate) fn again(self, registers: &mut Registers) {
        if self.number == call::__NR_rt_sigtimedwait {
            registers.rax = Errno::INTR.result().cast_unsigned();
            return;
        }
        registers.rax = u64::from(self.number);
        registers.rip = registers.rip.wrapping_sub(INSTRUCTION);
    }

    /// Calls that end with `INTR` whatever the handler's SA_RESTART.
    fn fails_for_handlers(self) -> bool {
        matches!(
            self.number,
            call::__NR_pause
                | call::__NR_rt_sigsuspend
                | call::__NR_rt_sigtimedwait
                | call::__NR_nanosleep
                | call::__NR_clock_nanosleep
                | call::__NR_poll
                | call::__NR_ppoll
                | call::__NR_select
                | call::__NR_pselect6
                | call::__NR_epoll_wait
                | call::__NR_epoll_pwait
                | call::__NR_epoll_pwait2
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RESTART: i64 = Errno::RESTART.result();

    fn registers() -> Registers {
        Registers {
            rip: 0x1002,
            rax: RESTART.cast_unsigned(),
            ..Registers::default()
        }
    }

    fn with_flag(flag: u32) -> Action {
        Action {
            flags: u64::from(flag),
            ..Action::default()
        }
    }

    #[test]
    fn only_calls_that_ask_are_interrupted() {
        assert_eq!(Interrupted::of(5, 0), None);
        assert_eq!(Interrupted::of(RESTART, -1), None);
        assert_eq!(
            Interrupted::of(RESTART, i64::from(call::__NR_rt_sigreturn)),
            None
        );
        assert!(Interrupted::of(RESTART, 0).is_some());
    }

    #[test]
    fn a_read_starts_again_when_its_handler_says_so() {
        let read = Interrupted::of(RESTART, i64::from(call::__NR_read)).unwrap();
        let mut after = registers();
        read.before_handler(&mut after, &with_flag(call::SA_RESTART));
        assert_eq!((after.rip, after.rax), (0x1000, u64::from(call::__NR_read)));
        let mut after = registers();
        read.before_handler(&mut after, &with_flag(0));
        assert_eq!(
            (after.rip, after.rax.cast_signed()),
            (0x1002, Errno::INTR.result())
        );
    }

    #[test]
    fn a_sleep_never_starts_again_after_a_handler() {
        let sleep = Interrupted::of(RESTART, i64::from(call::__NR_nanosleep)).unwrap();
        let mut after = registers();
        sleep.before_handler(&mut after, &with_flag(call::SA_RESTART));
        assert_eq!(after.rax.cast_signed(), Errno::INTR.result());
        let mut after = registers();
        sleep.again(&mut after);
        assert_eq!(after.rip, 0x1000);
    }
}
