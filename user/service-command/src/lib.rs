//! service: shows, starts, stops, updates and crashes the system's services.
//!
//! What is typed becomes a [`control::Request`]; what rs answers becomes text and an exit status.

pub mod arguments;
pub mod ask;
pub mod crashes;
pub mod state;
pub mod symbols;
pub mod text;

/// The exit status when rs refused.
pub const REFUSED: u8 = 1;
/// The exit status when the command line cannot be meant, as that of one that cannot be read.
pub const NOT_UNDERSTOOD: u8 = 2;
/// The exit status when rs could not be asked.
pub const NOT_ASKED: u8 = 3;
