//! `crasher`, the program that has services end at chosen points.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use evernix::Project;
use evernix::build::extra;

/// Puts it into an overlay as /bin/crasher.
///
/// # Panics
/// When it cannot be built or copied.
pub fn lay_crasher(overlay: &Path) {
    let program = extra::program(&Project::here(), "crasher").expect("crasher can be built");
    let place = overlay.join("bin");
    fs::create_dir_all(&place).expect("a folder");
    fs::copy(program, place.join("crasher")).expect("a copy");
    fs::set_permissions(place.join("crasher"), fs::Permissions::from_mode(0o755)).expect("a mode");
}
