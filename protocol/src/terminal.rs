//! What pm asks tty after a notification, and tells it of sessions.
//!
//! After a crash: no program's call answers an errno, because pm asks on its own behalf. A signal whose
//! question was ended is sent when the terminal next has one; a terminal whose session's end was not
//! told stays with that session.

use crate::{answer, protocol};

answer! {
    /// A signal that a terminal wants delivered: the answer to [`Signal`].
    pub struct Wanted {
        /// The signal.
        pub signal: u32,
        /// The process group.
        pub process_group: u32,
    }
}

protocol! {
    number 10, version 1;

    /// The signal with this running number (from 1), or `NOENT` when there have not been so many.
    Signal = 1 { number: u64 } -> Wanted, repeatable;
    /// A session leader has ended: its terminal, if any, is free again. Its foreground group gets
    /// SIGHUP.
    LeaderEnded = 2 { session: u32 } -> ();
    /// The device number of the session's terminal, 0 for none, for proc; its foreground group.
    OfSession = 3 { session: u32 } -> Controlling;
}

answer! {
    /// The answer to [`OfSession`].
    pub struct Controlling {
        /// As Linux packs it.
        pub device: u64,
        /// The foreground process group.
        pub foreground: u32,
    }
}
