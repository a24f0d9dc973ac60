//! Signal numbers, sets of them, and what they do by default (signal(7)).

use linux_raw_sys::general as raw;
use minicbor::{Decode, Encode};
use shape::Shape;

/// A signal's number, 1 to 64.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode, Shape)]
#[cbor(transparent)]
pub struct Signal(#[n(0)] u8);

macro_rules! signals {
    ($($(#[$doc:meta])* $name:ident = $raw:ident;)*) => {
        impl Signal {
            $($(#[$doc])* pub const $name: Signal = Signal::constant(raw::$raw);)*
        }
    };
}

signals! {
    /// Hang-up of the terminal.
    HUP = SIGHUP;
    /// Interrupt from the terminal.
    INT = SIGINT;
    /// Quit from the terminal.
    QUIT = SIGQUIT;
    /// Illegal instruction.
    ILL = SIGILL;
    /// Breakpoint or trace.
    TRAP = SIGTRAP;
    /// Abort.
    ABRT = SIGABRT;
    /// Memory that is not there though it was promised.
    BUS = SIGBUS;
    /// Arithmetic.
    FPE = SIGFPE;
    /// Kill.
    KILL = SIGKILL;
    /// For users.
    USR1 = SIGUSR1;
    /// Bad memory access.
    SEGV = SIGSEGV;
    /// For users.
    USR2 = SIGUSR2;
    /// Nobody reads.
    PIPE = SIGPIPE;
    /// A timer.
    ALRM = SIGALRM;
    /// Please end.
    TERM = SIGTERM;
    /// A child has changed.
    CHLD = SIGCHLD;
    /// Go on.
    CONT = SIGCONT;
    /// Stop, certainly.
    STOP = SIGSTOP;
    /// Stop from the terminal.
    TSTP = SIGTSTP;
    /// Background read.
    TTIN = SIGTTIN;
    /// Background write.
    TTOU = SIGTTOU;
    /// Urgent data.
    URG = SIGURG;
    /// CPU time limit.
    XCPU = SIGXCPU;
    /// File size limit.
    XFSZ = SIGXFSZ;
    /// Virtual timer.
    VTALRM = SIGVTALRM;
    /// Profiling timer.
    PROF = SIGPROF;
    /// Window size.
    WINCH = SIGWINCH;
    /// A bad system call.
    SYS = SIGSYS;
}

/// What a signal does to a process that does not catch it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DefaultAction {
    /// Ends it.
    Terminate,
    /// Ends it and would write a core file.
    Core,
    /// Nothing.
    Ignore,
    /// Stops it.
    Stop,
    /// Lets it go on.
    Continue,
}

impl Signal {
    /// The largest number.
    pub const COUNT: u8 = 64;
    /// The first real-time signal, which queues.
    pub const FIRST_REAL_TIME: u8 = 32;

    #[expect(
        clippy::cast_possible_truncation,
        reason = "the constants are below 65"
    )]
    const fn constant(number: u32) -> Signal {
        assert!(number >= 1 && number <= Self::COUNT as u32);
        Signal(number as u8)
    }

    /// The signal of a number, unless there is none.
    #[must_use]
    pub fn new(number: u64) -> Option<Signal> {
        let number = u8::try_from(number).ok()?;
        (1..=Self::COUNT)
            .contains(&number)
            .then_some(Signal(number))
    }

    /// Its number.
    #[must_use]
    pub const fn number(self) -> u8 {
        self.0
    }

    /// Whether several of it are kept, each with its information.
    #[must_use]
    pub const fn queues(self) -> bool {
        self.0 >= Self::FIRST_REAL_TIME
    }

    /// Whether it can be neither caught, blocked nor ignored.
    #[must_use]
    pub fn is_absolute(self) -> bool {
        self == Signal::KILL || self == Signal::STOP
    }

    /// Whether it is raised by an instruction of the process itself, and so comes before others.
    #[must_use]
    pub fn is_synchronous(self) -> bool {
        SignalSet::SYNCHRONOUS.contains(self)
    }

    /// Its default action (signal(7), "Standard signals").
    #[must_use]
    pub fn default_action(self) -> DefaultAction {
        match self {
            Signal::CHLD | Signal::URG | Signal::WINCH => DefaultAction::Ignore,
            Signal::CONT => DefaultAction::Continue,
            signal if SignalSet::STOPS.contains(signal) => DefaultAction::Stop,
            signal if SignalSet::CORES.contains(signal) => DefaultAction::Core,
            _ => DefaultAction::Terminate,
        }
    }
}

/// A set of signals, as `sigset_t` of the kernel: bit n - 1 for signal n.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, Shape)]
#[cbor(transparent)]
pub struct SignalSet(#[n(0)] pub u64);

impl SignalSet {
    /// Those that stop a process by default.
    pub const STOPS: SignalSet =
        SignalSet::of(&[Signal::STOP, Signal::TSTP, Signal::TTIN, Signal::TTOU]);
    /// Those that can be neither caught, blocked nor ignored.
    pub const ABSOLUTE: SignalSet = SignalSet::of(&[Signal::KILL, Signal::STOP]);
    /// Those raised by an instruction.
    pub const SYNCHRONOUS: SignalSet = SignalSet::of(&[
        Signal::SEGV,
        Signal::BUS,
        Signal::ILL,
        Signal::TRAP,
        Signal::FPE,
        Signal::SYS,
    ]);
    /// Those whose default action writes a core file.
    pub const CORES: SignalSet = SignalSet::of(&[
        Signal::QUIT,
        Signal::ILL,
        Signal::TRAP,
        Signal::ABRT,
        Signal::BUS,
        Signal::FPE,
        Signal::SEGV,
        Signal::XCPU,
        Signal::XFSZ,
        Signal::SYS,
    ]);

    /// The set of some signals.
    #[must_use]
    pub const fn of(signals: &[Signal]) -> SignalSet {
        let mut bits = 0;
        let mut at = 0;
        while at < signals.len() {
            bits |= 1 << (signals[at].0 - 1);
            at += 1;
        }
        SignalSet(bits)
    }

    /// Whether a signal is in it.
    #[must_use]
    pub const fn contains(self, signal: Signal) -> bool {
        self.0 >> (signal.0 - 1) & 1 == 1
    }

    /// With a signal.
    #[must_use]
    pub const fn with(self, signal: Signal) -> SignalSet {
        SignalSet(self.0 | 1 << (signal.0 - 1))
    }

    /// Without a signal.
    #[must_use]
    pub const fn without(self, signal: Signal) -> SignalSet {
        SignalSet(self.0 & !(1 << (signal.0 - 1)))
    }

    /// The signals of both.
    #[must_use]
    pub const fn union(self, other: SignalSet) -> SignalSet {
        SignalSet(self.0 | other.0)
    }

    /// The signals of this one that are not in the other.
    #[must_use]
    pub const fn minus(self, other: SignalSet) -> SignalSet {
        SignalSet(self.0 & !other.0)
    }

    /// The signals that are in both.
    #[must_use]
    pub const fn both(self, other: SignalSet) -> SignalSet {
        SignalSet(self.0 & other.0)
    }

    /// Whether it is empty.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The signal that Linux delivers first: one raised by an instruction, else the lowest.
    #[must_use]
    pub fn first(self) -> Option<Signal> {
        let urgent = self.both(Self::SYNCHRONOUS);
        let bits = if urgent.is_empty() { self.0 } else { urgent.0 };
        Signal::new(u64::from(bits.trailing_zeros()) + 1).filter(|_| bits != 0)
    }

    /// The signals in it, in order.
    pub fn iter(self) -> impl Iterator<Item = Signal> {
        (1..=Signal::COUNT)
            .map(Signal)
            .filter(move |signal| self.contains(*signal))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_outside_the_range_are_no_signals() {
        assert_eq!(Signal::new(0), None);
        assert_eq!(Signal::new(65), None);
        assert_eq!(Signal::new(1 << 32 | 9), None);
        assert_eq!(Signal::new(64).map(Signal::number), Some(64));
    }

    #[test]
    fn sets_hold_what_was_put_in() {
        let set = SignalSet::default()
            .with(Signal::HUP)
            .with(Signal::new(64).unwrap());
        assert_eq!(set.0, 1 << 63 | 1);
        assert_eq!(
            set.iter().map(Signal::number).collect::<std::vec::Vec<_>>(),
            [1, 64]
        );
        assert!(set.without(Signal::HUP).first() == Signal::new(64));
        assert_eq!(SignalSet(0).first(), None);
    }

    #[test]
    fn signals_of_instructions_come_first() {
        let set = SignalSet::of(&[Signal::HUP, Signal::SEGV, Signal::TERM]);
        assert_eq!(set.first(), Some(Signal::SEGV));
    }

    #[test]
    fn default_actions_are_those_of_the_manual() {
        assert_eq!(Signal::TERM.default_action(), DefaultAction::Terminate);
        assert_eq!(Signal::ABRT.default_action(), DefaultAction::Core);
        assert_eq!(Signal::TTOU.default_action(), DefaultAction::Stop);
        assert_eq!(Signal::WINCH.default_action(), DefaultAction::Ignore);
        assert_eq!(
            Signal::new(40).unwrap().default_action(),
            DefaultAction::Terminate
        );
    }
}
