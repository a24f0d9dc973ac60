//! Faults put into running services from outside, and what comes of them (docs/fault-injection.md).
//!
//! ```text
//! layout, mutation  an instruction's parts, and what a fault makes of it
//! disassembly       instructions as people read them
//! text, trace       a service's instructions, and which of them run
//! instances         which instances run where
//! plan, random      which fault is put where
//! guest             one boot, and the load in it
//! transcript        what a round of the load prints, and how two rounds differ
//! outcome, report   what a fault came to, and a whole campaign
//! fault, session    a fault in the machine's memory; one boot that takes faults
//! campaign          all of it
//! ```

mod campaign;
mod disassembly;
mod fault;
mod guest;
mod instances;
mod layout;
mod mutation;
mod outcome;
mod plan;
mod random;
mod report;
mod session;
mod text;
mod trace;
mod transcript;

pub use campaign::{Options, campaign};
pub use mutation::Kind;
pub use outcome::Outcome;
pub use plan::Injection;
pub use report::{Case, Report};

/// Bytes of a page, where a buffer's length is meant.
const PAGE_BYTES: usize = archive::PAGE;
