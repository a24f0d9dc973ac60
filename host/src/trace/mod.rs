//! What the kernel did in a whole run, read from the machine's memory when it has ended.
//!
//! ```text
//! records     the ring of records in a file that was the machine's memory
//! perfetto    the records as slices and arrows of a timeline
//! raised      how long it takes until services get what is raised at them
//! ```
//!
//! The kernel keeps the last of its records always (`abi::trace`); for a trace it is given room for many
//! more, and the machine's memory is a file of the host. So nothing has to be sent, and nothing runs
//! slower.

mod perfetto;
mod raised;
mod records;

pub use perfetto::timeline;
pub use raised::{Raised, raised};
pub use records::{Recorded, read};

/// Records that there is room for in a traced run: some seconds of much work.
pub const ROOM: usize = 1 << 20;
