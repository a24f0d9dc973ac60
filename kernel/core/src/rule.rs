//! Rules on which the correctness of services over crashes stands. A simulation on the host can
//! have the kernel leave one out, to show that it would notice; a real kernel never does.

#[cfg_attr(any(test, feature = "host"), path = "rule/host.rs")]
#[cfg_attr(not(any(test, feature = "host")), path = "rule/real.rs")]
mod kept;

pub(crate) use kept::Rules;

/// A rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// Requests that an instance had in hand go back to the queue at the commit.
    Requeue,
    /// They go to its head, in the order in which they were first delivered.
    Order,
    /// A completion that was not acknowledged is delivered again.
    Completions,
    /// All notification bits are raised at the commit.
    Notifications,
    /// Submissions of an instance, rather than of the slot, are cancelled at the commit.
    Disown,
    /// Kept pages go to the next instance.
    Kept,
    /// Submitting a live tag again does nothing.
    Tags,
    /// A request that has crashed its server too often is ended.
    Poison,
    /// Cancellations are told again after the commit.
    Cancellations,
}
