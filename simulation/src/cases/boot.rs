//! The machine starts until init runs.

use crate::case::Case;
use crate::program::Script;
use protocol::endpoint;

/// The case.
///
/// # Errors
/// See [`Case::new`].
pub fn case() -> Result<Case, String> {
    let case = Case::new(
        "boot",
        Script::new().note("init runs", 1.into()),
        Vec::new(),
    )?;
    Ok(Case {
        counts_boot: true,
        // Its random numbers start differently in every generation, and rs may boot twice.
        unlike: vec![endpoint::RANDOM],
        ..case
    })
}
