//! What the driver knows: the terminal, what waits to be sent, signals for pm, and its openings, in
//! both versions.

mod common;
mod conversion;
mod version_1;
mod version_2;

#[cfg(not(feature = "next"))]
pub use version_1::State;
#[cfg(feature = "next")]
pub use version_2::State;

use alloc::vec::Vec;
use linux_raw_sys::general;
use terminal::{ControlFlags, Settings, Terminal};

/// Bits per second of a serial console, unless somebody says otherwise.
const CONSOLE_SPEED: u32 = 115_200;

/// A fresh terminal with the settings of a serial console.
fn console() -> Terminal {
    let mut settings = Settings {
        input_speed: CONSOLE_SPEED,
        output_speed: CONSOLE_SPEED,
        ..Settings::default()
    };
    settings.control.remove(ControlFlags::CBAUD);
    settings
        .control
        .insert(ControlFlags::from_bits_retain(general::B115200));
    let mut terminal = Terminal::new();
    // Nothing has happened to a fresh terminal that anybody could wait for.
    let _ = terminal.set_settings(settings, &mut Vec::new());
    terminal
}

#[cfg(test)]
mod tests {
    use super::{version_1, version_2};
    use crate::opening::{Node, Opening};
    use abi::Time;
    use service::State as _;
    use terminal::{Signal, Sink};

    fn used() -> version_1::State {
        let mut old = version_1::State::fresh(&service::Start::default());
        old.descriptions_mut().open(Opening::first(Node::Line), 2);
        for byte in b"line\npart" {
            let happening = old.with(|terminal, transmit| terminal.receive(*byte, transmit));
            assert!(happening.signals.is_empty());
        }
        old.with(|_, transmit| {
            transmit.push(b'!');
            transmit.sent(1);
        });
        for number in 1..=3 {
            old.want(Signal { number, group: 40 });
        }
        old.forget_signals_before(2);
        old.set_last_byte(Time(77));
        old.set_break_condition(true);
        old
    }

    #[test]
    fn everything_survives_both_ways() {
        let old = used();
        let (terminal, transmit) = (old.terminal().clone(), old.transmit().clone());
        let mut new = version_2::State::from(old);
        assert_eq!((new.terminal(), new.transmit()), (&terminal, &transmit));
        assert_eq!(new.wanted(1), None);
        assert_eq!(
            new.wanted(3),
            Some(Signal {
                number: 3,
                group: 40
            })
        );
        assert_eq!((new.last_byte(), new.break_condition()), (Time(77), true));
        new.want(Signal {
            number: 9,
            group: 41,
        });
        assert_eq!(
            new.wanted(4),
            Some(Signal {
                number: 9,
                group: 41
            })
        );
        let handle = new.descriptions().iter().next().unwrap().0;
        let mut old = version_1::State::from(new);
        assert_eq!((old.terminal(), old.transmit()), (&terminal, &transmit));
        assert_eq!(
            old.wanted(2),
            Some(Signal {
                number: 2,
                group: 40
            })
        );
        assert_eq!(old.descriptions().get(handle).unwrap().flags, 2);
        old.want(Signal {
            number: 8,
            group: 1,
        });
        assert_eq!(
            old.wanted(5),
            Some(Signal {
                number: 8,
                group: 1
            })
        );
        assert!(old.break_condition());
    }

    #[test]
    fn a_signal_that_nobody_counted_is_dropped_alone() {
        let mut old = used();
        assert_eq!(old.check(), 0);
        old.signals.insert(9, (1, 40));
        assert_eq!(old.check(), 1);
        assert!(old.wanted(9).is_none() && old.wanted(2).is_some() && old.wanted(3).is_some());
    }

    #[test]
    fn numbers_of_signals_go_on_when_all_were_sent() {
        let mut old = used();
        old.forget_signals_before(4);
        let mut new = version_2::State::from(old);
        assert_eq!(new.wanted(4), None);
        new.want(Signal {
            number: 2,
            group: 7,
        });
        assert!(new.wanted(4).is_some());
        new.forget_signals_before(5);
        let mut old = version_1::State::from(new);
        old.want(Signal {
            number: 2,
            group: 7,
        });
        assert!(old.wanted(5).is_some());
    }

    #[test]
    fn a_hang_up_ends_openings_but_those_of_the_console() {
        let mut state = used();
        let line = Opening::first(Node::Line);
        let console = Opening::first(Node::Console);
        assert!(!state.is_dead(line));
        let _ = state.hang_up();
        assert!(state.is_dead(line) && !state.is_dead(console));
        assert!(state.terminal().hung_up());
        let opening = Opening {
            hang_ups: state.hang_ups(),
            ..line
        };
        assert!(!state.is_dead(opening));
        state.descriptions_mut().open(console, 0);
        let _ = state.hang_up();
        assert!(!state.terminal().hung_up(), "the console goes on");
    }
}
