//! One snippet of the corpus, run by itself.

use std::fs::{self, File};
use std::io;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

const FOLDER: &str = "/tmp/crasher";
const APPLETS: &str = "/bin:/sbin:/usr/bin:/usr/sbin";
/// How long a snippet may take.
const LIMIT: Duration = Duration::from_secs(60);
const LOOK: Duration = Duration::from_millis(5);

/// What a snippet did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Its exit status, 128 and a signal's number, or none when it did not end.
    pub status: Option<i32>,
    /// Standard output.
    pub output: Vec<u8>,
    /// Standard error.
    pub errors: Vec<u8>,
}

/// All snippets under a folder.
///
/// # Errors
/// When the folder cannot be read.
pub fn all(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(all(&path)?);
        } else if path.extension().is_some_and(|name| name == "sh") && !path.ends_with("batch.sh") {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// Runs a snippet in an empty folder.
///
/// # Errors
/// When it cannot be started, or what it did not be read.
pub fn run(snippet: &Path) -> io::Result<Outcome> {
    let folder = PathBuf::from(FOLDER);
    let _ = fs::remove_dir_all(&folder);
    let home = folder.join("home");
    fs::create_dir_all(&home)?;
    let (output, errors) = (folder.join("output"), folder.join("errors"));
    // To change to it in the child, the standard library would need sockets.
    std::env::set_current_dir(&home)?;
    let mut child = Command::new("/bin/sh")
        .arg(snippet)
        .env_clear()
        .env("HOME", &home)
        .env("PATH", APPLETS)
        .process_group(0)
        .stdin(Stdio::null())
        .stdout(File::create(&output)?)
        .stderr(File::create(&errors)?)
        .spawn()?;
    let end = Instant::now() + LIMIT;
    let status = loop {
        match child.try_wait()? {
            Some(status) => break status.code().or(status.signal().map(|number| 128 + number)),
            None if Instant::now() > end => {
                child.kill()?;
                child.wait()?;
                break None;
            }
            None => sleep(LOOK),
        }
    };
    Ok(Outcome {
        status,
        output: fs::read(output)?,
        errors: fs::read(errors)?,
    })
}
