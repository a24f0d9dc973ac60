//! What a test puts into its image besides what every image has: programs and services.

use std::path::PathBuf;

use super::{Binary, compile, images};
use crate::{Error, Project};

/// Builds a Linux program that is not part of the image: a package and its binary of that name.
///
/// # Errors
/// What the compiler refuses.
pub fn program(project: &Project, package: &str) -> Result<PathBuf, Error> {
    compile::extra_program(project, package)
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
