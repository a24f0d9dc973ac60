//! Our programs that are not part of the image, laid over the root.

use std::path::Path;

use evernix::Project;
use evernix::build::extra;

/// Builds a program and puts it into an overlay, as /bin/NAME.
///
/// # Panics
/// When it cannot be built or copied.
pub fn lay_program(overlay: &Path, name: &str) {
    extra::lay_program(&Project::here(), name, overlay).expect("the program can be laid");
}
