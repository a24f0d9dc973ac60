//! The cases: what programs do, which must come to the same however services are disturbed.

pub mod boot;
pub mod console;
pub mod devices;
pub mod execute;
pub mod files;
pub mod floods;
pub mod keys;
pub mod killed;
pub mod pages;
pub mod pipes;
pub mod poison;
pub mod polls;
pub mod priorities;
pub mod processes;
pub mod rename;
pub mod signals;
pub mod turns;
pub mod updates;
mod words;

use crate::case::Case;

/// Makes a case.
pub type Maker = fn() -> Result<Case, String>;

/// All cases.
pub const ALL: &[Maker] = &[
    boot::case,
    files::case,
    processes::case,
    priorities::case,
    pipes::case,
    execute::case,
    rename::case,
    signals::case,
    polls::case,
    keys::case,
    devices::case,
    poison::case,
    floods::case,
    console::case,
    pages::case,
    turns::case,
    updates::case,
];
