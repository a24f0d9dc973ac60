//! What is done with the tables of [`crate::State`]: pure, and the same for both versions.

mod birth;
mod children;
pub(crate) mod effects;
mod end;
mod execution;
mod groups;
mod numbers;
mod post;
mod take;
mod timers;

pub(crate) use birth::Birth;
pub(crate) use children::Found;
pub(crate) use effects::Effects;
pub(crate) use end::Ended;
pub(crate) use execution::Execution;
pub(crate) use groups::Target;
pub(crate) use post::child_information;
pub(crate) use take::{Handled, Next};
pub(crate) use timers::TimerChange;
