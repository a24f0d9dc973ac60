//! The host tool: builds, boots and runs Evernix.
//!
//! ```text
//! project     where things lie, and what the user hears
//! system      system/services.toml, checked and packed
//! install     programs of the host that are missing
//! package     Debian's packages as sources of files
//! root        the root's files: system/root, our programs, busybox, overlays
//! build       the compilers' runs, the images, the check of their instructions, the boot archive
//! machine     the emulator: its command line, how fast it can be, its life
//! run         a shell on the terminal, or one command with its own streams
//! debugger    the machine seen from outside
//! bench       what Linux's calls cost, here and in Linux
//! trace       what the kernel did in a whole run
//! profile     which functions the instructions of a whole run belong to
//! inject      faults put into running services, and what comes of them
//! ```

pub mod bench;
pub mod build;
pub mod debugger;
pub mod error;
pub mod inject;
pub mod install;
pub mod machine;
mod package;
pub mod profile;
pub mod project;
pub mod root;
pub mod run;
pub mod system;
pub mod trace;

pub use build::{Built, build};
pub use error::Error;
pub use project::Project;
