//! Our programs that are not part of the image, laid over the root.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use evernix::Project;
use evernix::build::extra;

/// Builds a program and puts it into an overlay, as /bin/NAME.
///
/// # Panics
/// When it cannot be built or copied.
pub fn lay_program(overlay: &Path, name: &str) {
    let program = extra::program(&Project::here(), name).expect("the program can be built");
    let place = overlay.join("bin");
    fs::create_dir_all(&place).expect("a folder");
    fs::copy(program, place.join(name)).expect("a copy");
    fs::set_permissions(place.join(name), fs::Permissions::from_mode(0o755)).expect("a mode");
}
