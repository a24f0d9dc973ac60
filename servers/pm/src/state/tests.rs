use super::{Counter, Memory, Name, version_1, version_2};
use crate::process::{Counts, Pending, Process, Timer};
use abi::SpaceId;
use linux::process::action::Action;
use linux::process::information::Information;
use linux::process::signal::{Signal, SignalSet};
use service::{Start, State};

const TIMER: Timer = Timer {
    deadline: 50,
    interval: 10,
    signal: Some(Signal::ALRM),
    value: 0,
    counts: Counts::Real,
    used_at_end: 0,
    overruns: 0,
};

/// Fills a State of either version with something of each kind.
macro_rules! fill {
    ($state:expr) => {{
        let state = &mut $state;
        let pending = Pending {
            signal: Signal::USR1,
            information: Information::user(1, 2),
            timer: None,
        };
        let process = Process {
            parent: 1,
            group: 7,
            blocked: SignalSet::of(&[Signal::USR1]),
            pending: vec![pending],
            sleeps_until: Some(99),
            ..Process::default()
        };
        let own = Memory {
            space: SpaceId(3),
            is_borrowed: false,
        };
        let borrowed = Memory {
            is_borrowed: true,
            ..own
        };
        state.insert(7, process.clone(), own);
        state.insert(8, process.clone(), borrowed);
        state.insert(9, process, Memory::default());
        state.actions_mut().insert(
            (7, 10),
            Action {
                handler: 5,
                ..Action::default()
            },
        );
        state.set_timer(7, 0, Some(TIMER));
        state.set_timer(
            7,
            1,
            Some(Timer {
                deadline: 40,
                ..TIMER
            }),
        );
        state.set_timer(
            8,
            0,
            Some(Timer {
                deadline: 30,
                ..TIMER
            }),
        );
        state.set_timer(8, 0, None);
        state.set_name(Name::Host, b"box".to_vec());
        state.set_counter(Counter::LastProcess, 9);
        state.set_counter(Counter::TerminalSignals, 4);
        state.set_counter(Counter::LogStart, 100);
    }};
}

/// Checks that all of it is there and is used.
macro_rules! check {
    ($state:expr) => {{
        let state = &$state;
        let own = Memory {
            space: SpaceId(3),
            is_borrowed: false,
        };
        assert_eq!(state.memory(7), own);
        assert_eq!(
            state.memory(8),
            Memory {
                is_borrowed: true,
                ..own
            }
        );
        assert_eq!(state.memory(9), Memory::default());
        let process = state.process(7).unwrap();
        assert_eq!((process.group, process.sleeps_until), (7, Some(99)));
        assert!(process.pending_set().contains(Signal::USR1) && process.deliverable().is_empty());
        assert_eq!(
            state.actions().get(&(7, 10)).map(|action| action.handler),
            Some(5)
        );
        assert_eq!(state.first_deadline(), Some((40, 7, 1)));
        assert_eq!(state.timers_of(7).count(), 2);
        assert_eq!(state.timer(8, 0), None);
        assert_eq!(state.name(Name::Host), b"box");
        assert_eq!(state.name(Name::Domain), super::DOMAIN_NAME);
        assert_eq!(state.counter(Counter::LastProcess), 9);
        assert_eq!(state.counter(Counter::TerminalSignals), 4);
        assert_eq!(state.counter(Counter::LogStart), 100);
        assert_eq!(state.counter(Counter::Random), 77);
        assert_eq!(
            state.after(7).map(|(pid, _)| pid).collect::<Vec<_>>(),
            [8, 9]
        );
        assert_eq!(state.count(), 3);
    }};
}

fn start() -> Start {
    Start {
        seed: [77, 0, 0],
        ..Start::default()
    }
}

#[test]
fn everything_survives_an_update_and_a_downgrade() {
    let mut old = version_1::State::fresh(&start());
    fill!(old);
    check!(old);
    let new = version_2::State::from(old);
    check!(new);
    check!(version_1::State::from(new));
}

#[test]
fn everything_survives_a_downgrade_and_an_update() {
    let mut new = version_2::State::fresh(&start());
    fill!(new);
    check!(new);
    let mut old = version_1::State::from(new);
    check!(old);
    // The index of timers that only this version keeps is used.
    old.set_timer(7, 1, None);
    assert_eq!(old.first_deadline(), Some((50, 7, 0)));
    old.set_timer(
        7,
        1,
        Some(Timer {
            deadline: 40,
            ..TIMER
        }),
    );
    check!(version_2::State::from(old));
}

#[test]
fn each_version_reads_what_it_wrote() {
    let mut state = crate::State::fresh(&start());
    fill!(state);
    let bytes = minicbor::to_vec(&state).unwrap();
    check!(minicbor::decode::<crate::State>(&bytes).unwrap());
}

#[test]
fn what_belongs_to_nobody_is_dropped_alone() {
    let mut state = crate::State::fresh(&start());
    fill!(state);
    state.actions_mut().insert(
        (500, 10),
        Action {
            handler: 5,
            ..Action::default()
        },
    );
    // Of a parent that is not there: it becomes a child of init.
    state.change(8, |process| process.parent = 7);
    state.change(9, |process| process.parent = 400);
    state.set_timer(500, 0, Some(TIMER));
    // The action, the timer, the parent, and in version 1 the timer's place in the index.
    let dropped = state.check();
    assert!(dropped == 3 || dropped == 4, "{dropped}");
    assert_eq!(state.check(), 0);
    assert!(state.timer(500, 0).is_none() && state.timer(7, 0).is_some());
    assert_eq!(state.process(9).map(|process| process.parent), Some(1));
    assert_eq!(state.process(8).map(|process| process.parent), Some(7));
    assert_eq!(state.actions().len(), 1);
}
