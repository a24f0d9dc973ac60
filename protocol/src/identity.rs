//! How the system calls itself: uname and /proc say the same.

/// The name of the system as programs see it.
pub const SYSTEM_TYPE: &str = "Linux";
/// The release of Linux whose calls these are.
pub const RELEASE: &str = "6.1.0-evernix";
/// The build.
pub const BUILD: &str = "#1 Evernix";
