//! What programs see of files: flags, permissions, structures, paths.

pub mod control;
pub mod device;
pub mod entry;
pub mod flags;
pub mod lock;
pub mod mode;
pub mod path;
pub mod poll;
pub mod select;
pub mod status;
pub mod time;
pub mod vector;
