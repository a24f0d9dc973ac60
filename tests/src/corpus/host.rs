//! The oracle: the host's Linux, with its copy of Debian's busybox.

use super::{
    batch::{Batch, FOLDER, SCRIPT},
    outcome::{FrameError, Outcomes, parse},
};
use std::{
    fmt, fs, io,
    os::unix::fs::{MetadataExt as _, symlink},
    path::{Path, PathBuf},
    process::{Command, Output},
};

/// Why the oracle has no answer.
#[derive(Debug)]
pub enum HostError {
    /// Something cannot be done with this file or folder.
    File(PathBuf, io::Error),
    /// A command cannot be started.
    Start(String, io::Error),
    /// A command ended with a failure; the text is its standard error.
    Failed(String, String),
    /// The snippets change owners and need root.
    NotRoot,
    /// What the batch printed cannot be read; the text is its standard error.
    Frame(FrameError, String),
}

impl fmt::Display for HostError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path, error) => write!(f, "{}: {error}", path.display()),
            Self::Start(command, error) => write!(f, "cannot start {command}: {error}"),
            Self::Failed(command, stderr) => write!(f, "{command} failed: {stderr}"),
            Self::NotRoot => write!(f, "the corpus runs as root: it changes owners of files"),
            Self::Frame(error, stderr) => write!(f, "{error}; the batch said: {stderr}"),
        }
    }
}

impl std::error::Error for HostError {}

/// The path of Debian's static busybox under `target/`, which is fetched there if it is missing.
///
/// # Errors
/// [`HostError`] when the package can be neither found nor had.
pub fn host_busybox() -> Result<PathBuf, HostError> {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/data");
    let package = data.join("busybox-static");
    let busybox = package.join("bin/busybox");
    if !busybox.is_file() {
        fetch_busybox(&data, &package)?;
    }
    fs::canonicalize(&busybox).map_err(|error| HostError::File(busybox, error))
}

/// Downloads and unpacks the package beside its place, then moves it there in one step: another
/// test may be doing the same.
fn fetch_busybox(data: &Path, package: &Path) -> Result<(), HostError> {
    let file_error = |error| HostError::File(data.to_owned(), error);
    fs::create_dir_all(data).map_err(file_error)?;
    let temporary = tempfile::tempdir_in(data).map_err(file_error)?;
    run(Command::new("apt-get")
        .args(["download", "busybox-static"])
        .current_dir(temporary.path()))?;
    let mut entries = fs::read_dir(temporary.path()).map_err(file_error)?;
    let archive = entries
        .find_map(|entry| Some(entry.ok()?.path()))
        .ok_or_else(|| {
            HostError::Failed("apt-get download".to_owned(), "no file came".to_owned())
        })?;
    let unpacked = temporary.path().join("unpacked");
    run(Command::new("dpkg-deb")
        .arg("-x")
        .arg(&archive)
        .arg(&unpacked))?;
    match fs::rename(&unpacked, package) {
        Err(error) if !package.join("bin/busybox").is_file() => Err(file_error(error)),
        _ => Ok(()),
    }
}

/// Runs a command to its end.
fn run(command: &mut Command) -> Result<Output, HostError> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command
        .output()
        .map_err(|error| HostError::Start(name.clone(), error))?;
    if output.status.success() {
        return Ok(output);
    }
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    Err(HostError::Failed(name, stderr))
}

/// Runs `batch` on the host in a new temporary directory, with nothing but the applets of
/// `busybox` in PATH.
///
/// # Errors
/// [`HostError`] when the batch could not be run to its end.
pub fn run_on_host(busybox: &Path, batch: &Batch<'_>) -> Result<Outcomes, HostError> {
    let temporary = tempfile::tempdir().map_err(|error| HostError::File("/tmp".into(), error))?;
    let root = temporary.path();
    let file_error = |error| HostError::File(root.to_owned(), error);
    // Whoever makes a directory owns it: that tells the user without a system call of our own.
    if root.metadata().map_err(file_error)?.uid() != 0 {
        return Err(HostError::NotRoot);
    }
    batch.write_overlay(root).map_err(file_error)?;
    let applets = root.join("bin");
    link_applets(busybox, &applets)?;
    let corpus = root.join(FOLDER);
    // In a session and a process namespace of its own: a snippet that signals the wrong process
    // reaches nobody else, and none is left behind. A test runner's own parent may ignore signals
    // (nohup does), which a shell cannot undo.
    let output = run(Command::new("setsid")
        .args([
            "--wait",
            "unshare",
            "--pid",
            "--fork",
            "--mount-proc",
            "--kill-child",
        ])
        .args(["env", "-i", "--default-signal"])
        .arg(applets.join("sh"))
        .arg(corpus.join(SCRIPT))
        .args([&corpus, &applets]))?;
    parse(&output.stdout).map_err(|error| {
        HostError::Frame(error, String::from_utf8_lossy(&output.stderr).into_owned())
    })
}

/// Fills a new folder with a link to `busybox` for each of its applets.
fn link_applets(busybox: &Path, folder: &Path) -> Result<(), HostError> {
    let file_error = |error| HostError::File(folder.to_owned(), error);
    let list = run(Command::new(busybox).arg("--list"))?;
    fs::create_dir(folder).map_err(file_error)?;
    for applet in String::from_utf8_lossy(&list.stdout).lines() {
        symlink(busybox, folder.join(applet)).map_err(file_error)?;
    }
    Ok(())
}
