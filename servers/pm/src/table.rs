//! What is done with the tables of [`crate::State`]: pure, and the same for both versions.

mod birth;
mod children;
pub mod effects;
mod end;
mod execution;
mod groups;
mod numbers;
mod post;
mod take;
mod timers;

pub use birth::Birth;
pub use children::Found;
pub use effects::Effects;
pub use end::{Departure, Ended};
pub use execution::Execution;
pub use groups::Target;
pub use post::child_information;
pub use take::{Handled, Next};
pub use timers::TimerChange;

#[cfg(test)]
mod tests;
