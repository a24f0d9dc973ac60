//! What can go wrong, in the words the user reads.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// Why the tool cannot do what it was asked for.
#[derive(Debug)]
pub enum Error {
    /// A file or folder could not be read or written.
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// A program could not be started.
    Start {
        /// Its name.
        program: String,
        /// Why.
        error: io::Error,
    },
    /// A program ended with an error; it has said which.
    Program {
        /// What was tried.
        attempt: String,
    },
    /// `system/services.toml` is wrong.
    Services(String),
    /// Something built is not what it should be.
    Artifact {
        /// The kernel, a service, or the archive.
        name: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A program of the host is missing.
    Missing {
        /// Its name.
        program: String,
        /// How to get it.
        remedy: String,
    },
    /// The options contradict each other or the machine.
    Usage(String),
    /// The connection to the emulator or to the tool's own streams failed.
    Stream(io::Error),
}

impl Error {
    /// For `map_err` at an operation on a file.
    pub fn file(path: &Path) -> impl FnOnce(io::Error) -> Error {
        let path = path.to_owned();
        move |error| Error::File { path, error }
    }

    /// Something built is not what it should be.
    pub fn artifact(name: &str, reason: impl fmt::Display) -> Error {
        Error::Artifact {
            name: name.to_owned(),
            reason: reason.to_string(),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::File { path, error } => write!(f, "{}: {error}", path.display()),
            Error::Start { program, error } => write!(f, "cannot start {program}: {error}"),
            Error::Program { attempt } => write!(f, "{attempt} failed"),
            Error::Services(reason) => write!(f, "system/services.toml: {reason}"),
            Error::Artifact { name, reason } => write!(f, "{name}: {reason}"),
            Error::Missing { program, remedy } => write!(f, "{program} is missing; {remedy}"),
            Error::Usage(reason) => f.write_str(reason),
            Error::Stream(error) => write!(f, "lost a stream: {error}"),
        }
    }
}

impl std::error::Error for Error {}
