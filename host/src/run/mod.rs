//! Boots the system: a shell on the terminal, or one command with its own streams.

mod boot;
mod exec;
mod stream;

pub use boot::{boot, print_command};
pub use exec::{Exec, exec};

/// Exit statuses that are the tool's own.
pub mod status {
    /// The time allowed is over.
    pub const TIMEOUT: u8 = 124;
    /// The system itself failed.
    pub const FAILED: u8 = 125;
}
