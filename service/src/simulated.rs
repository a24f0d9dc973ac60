//! Where a simulation on the host reaches into a service: in the image nothing of it is there.

#[cfg_attr(feature = "image", path = "simulated/image.rs")]
#[cfg_attr(not(feature = "image"), path = "simulated/host.rs")]
mod reach;

#[cfg(not(feature = "image"))]
pub use reach::{at_each_change, switch_off};
pub(crate) use reach::{changing, holds};

/// A rule on which the correctness of services stands. The simulation shows for each one that it
/// finds wrong results without it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// What a closure changed before it was cut short is undone.
    Undo,
    /// The journal goes to the next instance.
    Journal,
    /// A handler run again takes the answer to a question from the journal.
    Answers,
    /// A handler run again takes the value of a step from the journal.
    Steps,
    /// A request that was answered, and is delivered again, is answered from the journal.
    Done,
    /// What was observed before an effect is journalled with it.
    Observations,
    /// Uses of a label are told apart by their number.
    Uses,
    /// A new instance drops what the journal holds of requests that have ended.
    Sweep,
    /// A waiting request remembers how far it has come.
    Mark,
}
