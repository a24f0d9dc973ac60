//! busybox, Debian's static one: the shell and the tools. Downloaded, unpacked, never installed.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use archive::Builder;

use super::link;
use crate::build::plain_file;
use crate::package::Package;
use crate::{Error, Project, project};

const PACKAGE: Package = Package {
    name: "busybox-static",
    stands_for: None,
    remedy: "try `apt-get update`, or set EVERNIX_BUSYBOX to the path of a static busybox for x86-64",
};
/// Names another static busybox to use, for hosts that are no Debian.
const VARIABLE: &str = "EVERNIX_BUSYBOX";

/// Adds busybox and a link for each of its applets that is not there already.
pub(super) fn add(archive: &mut Builder, project: &Project) -> Result<(), Error> {
    let busybox = busybox(project)?;
    for applet in applets(&busybox)? {
        let place = format!("root/{applet}");
        if !archive.contains(&place) {
            archive.put(place, link(b"/bin/busybox"));
        }
    }
    archive.put(
        "root/bin/busybox",
        plain_file(project::read(&busybox)?, 0o755),
    );
    Ok(())
}

/// The path of the program on the host, for which it is downloaded if it is missing.
///
/// # Errors
/// That it cannot be had.
pub fn busybox(project: &Project) -> Result<PathBuf, Error> {
    match env::var_os(VARIABLE) {
        Some(path) => Ok(path.into()),
        None => Ok(PACKAGE.unpacked(project)?.join("bin/busybox")),
    }
}

/// Where busybox wants its applets, without a leading slash. It runs on the host for this: it is a
/// program for the same processor.
fn applets(busybox: &Path) -> Result<Vec<String>, Error> {
    let output = Command::new(busybox)
        .arg("--list-full")
        .output()
        .map_err(Error::file(busybox))?;
    let text = String::from_utf8_lossy(&output.stdout);
    let names = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let names: Vec<String> = names.map(str::to_owned).collect();
    if names.is_empty() {
        return Err(Error::artifact("busybox", "it lists no applets"));
    }
    Ok(names)
}
