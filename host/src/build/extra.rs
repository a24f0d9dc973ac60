//! What tests and measurements put into their image besides what every image has: programs and
//! services.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::{Binary, compile, images};
use crate::{Error, Project};

/// Builds a Linux program that is not part of the image: a package and its binary of that name.
///
/// # Errors
/// What the compiler refuses.
pub fn program(project: &Project, package: &str) -> Result<PathBuf, Error> {
    compile::extra_program(project, package)
}

/// Builds such a program and puts it into an overlay, as /bin/PACKAGE; where it lies.
///
/// # Errors
/// What the compiler refuses, and that it cannot be copied.
pub fn lay_program(project: &Project, package: &str, overlay: &Path) -> Result<PathBuf, Error> {
    let built = program(project, package)?;
    let place = overlay.join("bin");
    fs::create_dir_all(&place).map_err(Error::file(&place))?;
    let copy = place.join(package);
    fs::copy(&built, &copy).map_err(Error::file(&copy))?;
    let mode = fs::Permissions::from_mode(0o755);
    fs::set_permissions(&copy, mode).map_err(Error::file(&copy))?;
    Ok(copy)
}

/// Builds the image of a service that is not part of the system: a binary of a package, under the
/// name and version that it is to have.
///
/// # Errors
/// What the compiler refuses, and what makes it no image.
pub fn service(
    project: &Project,
    (package, binary): (&str, &str),
    (name, version): (&str, u32),
) -> Result<Vec<u8>, Error> {
    let path = compile::extra_service(project, package, binary)?;
    let binary = Binary {
        name: binary.to_owned(),
        path,
    };
    images::convert(&binary, name, version)
}
