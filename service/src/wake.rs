//! What a waiting condition sees besides the State.

use abi::Time;

/// Handed to the condition of `Cx::end_when` each time it is tried.
#[derive(Debug)]
pub struct Wake {
    /// Kept with the request across crashes and updates: how far it has come. A change of it is
    /// part of the same closure as the change of the State.
    pub mark: u64,
    /// Whether the caller no longer wants to wait.
    pub cancelled: bool,
    /// The kernel's clock.
    pub now: Time,
    pub(crate) deadline: Option<Time>,
}

impl Wake {
    /// Whether the deadline has passed; if not, the condition is tried again then.
    pub fn passed(&mut self, deadline: Time) -> bool {
        if deadline <= self.now {
            return true;
        }
        if deadline != Time::NEVER {
            self.deadline = Some(self.deadline.map_or(deadline, |other| other.min(deadline)));
        }
        false
    }
}
