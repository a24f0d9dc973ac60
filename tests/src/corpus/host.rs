//! The oracle: the host's Linux, with its copy of Debian's busybox.

use super::{
    batch::{Batch, FOLDER, SCRIPT},
    outcome::{FrameError, Outcomes, parse},
};
use evernix::{Project, root::busybox};
use std::{
    collections::BTreeSet,
    ffi::OsStr,
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
    /// The program that runs the snippets cannot be had.
    Busybox(evernix::Error),
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
            Self::Busybox(error) => write!(f, "{error}"),
            Self::NotRoot => write!(f, "the corpus runs as root: it changes owners of files"),
            Self::Frame(error, stderr) => write!(f, "{error}; the batch said: {stderr}"),
        }
    }
}

impl std::error::Error for HostError {}

/// The path of Debian's static busybox, the one that is in the system's root.
///
/// # Errors
/// [`HostError`] when the package can be neither found nor had.
pub fn host_busybox() -> Result<PathBuf, HostError> {
    let busybox = busybox(&Project::here()).map_err(HostError::Busybox)?;
    fs::canonicalize(&busybox).map_err(|error| HostError::File(busybox, error))
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
    run_under(&[], busybox, batch)
}

/// The names of the system calls that `batch` makes on the host, as strace tells them.
///
/// # Errors
/// [`HostError`] when the batch could not be run to its end.
pub fn calls_on_host(busybox: &Path, batch: &Batch<'_>) -> Result<BTreeSet<String>, HostError> {
    let trace = tempfile::NamedTempFile::new();
    let trace = trace.map_err(|error| HostError::File("/tmp".into(), error))?;
    let tracer = ["strace", "-f", "-qq", "-s", "0", "-o"].map(OsStr::new);
    run_under(
        &[&tracer[..], &[trace.path().as_os_str()]].concat(),
        busybox,
        batch,
    )?;
    let text = fs::read(trace.path());
    let text = text.map_err(|error| HostError::File(trace.path().to_owned(), error))?;
    let text = String::from_utf8_lossy(&text);
    Ok(text
        .lines()
        .filter_map(call_of)
        .map(str::to_owned)
        .collect())
}

/// The call that a line of strace tells the beginning of.
fn call_of(line: &str) -> Option<&str> {
    let (_process, what) = line.split_once(' ')?;
    let (call, _arguments) = what.trim_start().split_once('(')?;
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    call.bytes().all(is_name).then_some(call)
}

fn run_under(tracer: &[&OsStr], busybox: &Path, batch: &Batch<'_>) -> Result<Outcomes, HostError> {
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
        .args(tracer)
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
