//! Linux is the oracle: shell snippets that must do the same on Linux and on Evernix, byte by byte.
//!
//! A snippet is a file `tests/corpus/GROUP/NAME.sh`. It is run by the `sh` of Debian's unmodified
//! `busybox-static` as root, in an empty directory that is also its HOME, without standard input,
//! with only busybox's applets in PATH. Standard output, standard error and status must be the same
//! everywhere; standard error may differ where the snippet has the line `# stderr: free`. So a
//! snippet prints no process ids, times of now, inode numbers, sizes of directories, orders of
//! directories, or paths outside its own directory.
//!
//! Many snippets make one [`Batch`], a script that prints a frame for each. It runs
//!
//! - on the host by [`run_on_host`];
//! - inside Evernix, one boot for a batch (a group): [`Batch::write_overlay`] fills a folder DIR, then
//!   `cargo run -- exec --overlay DIR -- /bin/sh /corpus/batch.sh /corpus PATH`, where PATH names the
//!   folders of busybox's applets in the image, such as `/bin:/sbin:/usr/bin:/usr/sbin`. The root
//!   must be writable at `/corpus`, and have `/proc`, `/tmp` and the usual devices. [`parse`] reads
//!   the standard output of that command, [`compare`] tells the differences.

mod batch;
mod host;
mod outcome;
mod snippet;

pub use batch::{Batch, FOLDER, SCRIPT};
pub use host::{HostError, calls_on_host, host_busybox, run_on_host};
pub use outcome::{FrameError, Outcome, Outcomes, compare, difference, parse};
pub use snippet::{CorpusError, GROUPS, Snippet, StandardError, folder, load};
