//! Waiting for children, orphans included, and ending them all.

use std::time::Duration;

use init::ending::{Ending, status_byte};
use rustix::io::Errno;
use rustix::process::{Pid, Signal, WaitOptions, kill_process_group, wait};

use crate::events::Events;

/// A step of waiting while everything is being ended.
const STEP: Duration = Duration::from_millis(10);
/// How long processes may take to end when asked.
const TERM_STEPS: u32 = 200;
/// How long they may take to be gone when killed.
const KILL_STEPS: u32 = 100;
/// How long the command of exec mode may go on when it has asked for the end of the system.
const LAST_STEPS: u32 = 50;

/// Why waiting for a child ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It ended with this status.
    Ended(u8),
    /// Somebody asked for the end of the system.
    Asked(Ending),
}

/// One child that was waited for.
enum Reaped {
    Child(Pid, u8),
    NoneEnded,
    NoneLeft,
}

/// All processes: each is a child of init or becomes one when its parent ends.
pub(crate) struct Children {
    events: Events,
}

impl Children {
    /// With the signals that tell of children.
    pub(crate) fn new(events: Events) -> Children {
        Children { events }
    }

    /// Waits until `pid` has ended or the end of the system is asked for.
    pub(crate) fn wait_for(&self, pid: Pid) -> Outcome {
        loop {
            if let Some(status) = reap_until(pid) {
                return Outcome::Ended(status);
            }
            if let Some(ending) = Ending::from_signal(self.events.next()) {
                return Outcome::Asked(ending);
            }
        }
    }

    /// Waits for the command of exec mode. One that asked for the end of the system may still
    /// end by itself; else it is killed with all others, by SIGTERM.
    pub(crate) fn wait_for_command(&self, pid: Pid) -> (u8, Ending) {
        match self.wait_for(pid) {
            Outcome::Ended(status) => (status, Ending::PowerOff),
            Outcome::Asked(ending) => {
                for _ in 0..LAST_STEPS {
                    if let Some(status) = reap_until(pid) {
                        return (status, ending);
                    }
                    std::thread::sleep(STEP);
                }
                (status_byte(None, Some(Signal::TERM.as_raw())), ending)
            }
        }
    }

    /// Ends all other processes: asks them, waits a while, and kills those that are left.
    pub(crate) fn end_all(&self) {
        if none_left() {
            return;
        }
        // Interactive shells ignore SIGTERM and obey SIGHUP; stopped processes have to go on
        // to end.
        for signal in [Signal::TERM, Signal::HUP, Signal::CONT] {
            signal_all(signal);
        }
        if !wait_until_none_left(TERM_STEPS) {
            signal_all(Signal::KILL);
            wait_until_none_left(KILL_STEPS);
        }
    }
}

/// Sends a signal to every other process: to "the group of process 1" negated is -1, which
/// kill(2) reads as all. An error means that there are none.
fn signal_all(signal: Signal) {
    let _ = kill_process_group(Pid::INIT, signal);
}

fn wait_until_none_left(steps: u32) -> bool {
    for _ in 0..steps {
        if none_left() {
            return true;
        }
        std::thread::sleep(STEP);
    }
    none_left()
}

/// Takes the statuses of all children that have ended; whether there are no others.
fn none_left() -> bool {
    loop {
        match reap() {
            Reaped::Child(..) => {}
            Reaped::NoneEnded => return false,
            Reaped::NoneLeft => return true,
        }
    }
}

/// Takes the statuses of children that have ended, until `pid` is among them.
fn reap_until(pid: Pid) -> Option<u8> {
    loop {
        match reap() {
            Reaped::Child(ended, status) if ended == pid => return Some(status),
            Reaped::Child(..) => {}
            Reaped::NoneEnded => return None,
            // It cannot be heard of any more.
            Reaped::NoneLeft => return Some(u8::MAX),
        }
    }
}

fn reap() -> Reaped {
    loop {
        match wait(WaitOptions::NOHANG) {
            Ok(Some((pid, status))) => {
                let byte = status_byte(status.exit_status(), status.terminating_signal());
                return Reaped::Child(pid, byte);
            }
            Ok(None) => return Reaped::NoneEnded,
            Err(Errno::INTR) => {}
            Err(_) => return Reaped::NoneLeft,
        }
    }
}
