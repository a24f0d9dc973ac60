//! busybox, Debian's static one: the shell and the tools. Downloaded, unpacked, never installed.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use archive::Builder;

use super::link;
use crate::build::plain_file;
use crate::install::update;
use crate::{Error, Project, project};

const PACKAGE: &str = "busybox-static";
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
    if let Some(path) = env::var_os(VARIABLE) {
        return Ok(path.into());
    }
    let folder = project.made(PACKAGE);
    let busybox = folder.join("bin/busybox");
    if !busybox.is_file() {
        project::say("Downloading", PACKAGE);
        let around = project.made_folder("")?;
        let temporary = tempfile::tempdir_in(&around).map_err(Error::file(&around))?;
        let unpacked = unpack(temporary.path())?;
        // In one step, because others may be doing the same.
        if let Err(error) = fs::rename(unpacked, &folder)
            && !busybox.is_file()
        {
            return Err(Error::file(&folder)(error));
        }
    }
    Ok(busybox)
}

/// Downloads the package into the folder and unpacks it there; where.
fn unpack(folder: &Path) -> Result<PathBuf, Error> {
    let package = download(folder)?;
    let unpacked = folder.join("unpacked");
    let mut command = Command::new("dpkg-deb");
    run(command.arg("-x").arg(&package).arg(&unpacked))?;
    Ok(unpacked)
}

/// Downloads the package into the folder.
fn download(folder: &Path) -> Result<PathBuf, Error> {
    let fetch = || {
        let mut command = Command::new("apt-get");
        run(command
            .args(["-q", "download", PACKAGE])
            .current_dir(folder))
    };
    match fetch() {
        Err(_) if update() => fetch()?,
        result => result?,
    }
    let entries = fs::read_dir(folder).map_err(Error::file(folder))?;
    let package = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .find(|path| path.extension().is_some_and(|name| name == "deb"));
    package.ok_or_else(|| missing(PACKAGE))
}

fn run(command: &mut Command) -> Result<(), Error> {
    let program = command.get_program().to_string_lossy().into_owned();
    // What apt says goes to stderr: stdout belongs to the command that runs in the system.
    let output = command.stdin(Stdio::null()).output();
    let output = output.map_err(|_| missing(&program))?;
    if output.status.success() {
        return Ok(());
    }
    let text = String::from_utf8_lossy(&output.stderr);
    project::say("Failed", &format!("{program}: {}", text.trim()));
    Err(missing(PACKAGE))
}

fn missing(program: &str) -> Error {
    Error::Missing {
        program: program.to_owned(),
        remedy: format!(
            "try `apt-get update`, or set {VARIABLE} to the path of a static busybox for x86-64"
        ),
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
