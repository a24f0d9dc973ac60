//! Where things lie, and what the user hears while they are made.

use std::env;
use std::fs;
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::Error;

/// The project's folders.
#[derive(Clone, Debug)]
pub struct Project {
    root: PathBuf,
    target: PathBuf,
}

impl Project {
    /// The project this tool was built from.
    #[must_use]
    pub fn here() -> Project {
        let package = Path::new(env!("CARGO_MANIFEST_DIR"));
        let root = package.parent().unwrap_or(package).to_owned();
        let target = match env::var_os("CARGO_TARGET_DIR") {
            Some(folder) => root.join(folder),
            None => root.join("target"),
        };
        Project { root, target }
    }

    /// A path within the sources.
    #[must_use]
    pub fn source(&self, path: &str) -> PathBuf {
        self.root.join(path)
    }

    /// A path for what is made: nothing is written anywhere else.
    #[must_use]
    pub fn made(&self, path: &str) -> PathBuf {
        self.target.join("system").join(path)
    }

    /// As [`Project::made`], with the folder made first.
    ///
    /// # Errors
    /// Those of making it.
    pub fn made_folder(&self, path: &str) -> Result<PathBuf, Error> {
        let folder = self.made(path);
        fs::create_dir_all(&folder).map_err(Error::file(&folder))?;
        Ok(folder)
    }
}

/// Says on stderr what is being done, in the form cargo has for it.
pub fn say(verb: &str, what: &str) {
    let mut stderr = io::stderr();
    // Nobody can be told that stderr is closed.
    let _ = if stderr.is_terminal() {
        writeln!(stderr, "\x1b[1;32m{verb:>12}\x1b[0m {what}")
    } else {
        writeln!(stderr, "{verb:>12} {what}")
    };
}

/// Reads a file.
///
/// # Errors
/// Those of reading, with its name.
pub fn read(path: &Path) -> Result<Vec<u8>, Error> {
    fs::read(path).map_err(Error::file(path))
}

/// Writes a file so that nobody sees half of it.
///
/// # Errors
/// Those of writing, with its name.
pub fn write(path: &Path, content: &[u8]) -> Result<(), Error> {
    let mut file = beside(path)?;
    file.write_all(content).map_err(Error::file(path))?;
    file.persist(path)
        .map_err(|failure| Error::file(path)(failure.error))?;
    Ok(())
}

/// Checks that a file can be written there, for who works long until there is something to write.
///
/// # Errors
/// What [`write`] would fail with.
pub fn check_place(path: &Path) -> Result<(), Error> {
    if path.is_dir() {
        return Err(Error::file(path)(io::ErrorKind::IsADirectory.into()));
    }
    beside(path).map(drop)
}

/// A file in the same folder, which is removed unless it is kept.
fn beside(path: &Path) -> Result<NamedTempFile, Error> {
    let folder = path.parent().unwrap_or(path);
    NamedTempFile::new_in(folder).map_err(Error::file(path))
}

/// Whether `made` is younger than `from`: what was made from it is still good.
#[must_use]
pub fn is_fresh(made: &Path, from: &Path) -> bool {
    let modified = |path: &Path| fs::metadata(path).and_then(|data| data.modified()).ok();
    match (modified(made), modified(from)) {
        (Some(made), Some(from)) => made > from,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_written_is_told_before() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("figures.json");
        check_place(&file).unwrap();
        assert!(!file.exists(), "a check leaves nothing behind");
        write(&file, b"{}").unwrap();
        check_place(&file).unwrap();
        for wrong in [
            folder.path().to_owned(),
            file.join("below"),
            folder.path().join("no/x"),
        ] {
            let error = check_place(&wrong).unwrap_err().to_string();
            assert!(error.contains(&wrong.display().to_string()), "{error}");
            assert!(write(&wrong, b"").is_err());
        }
    }
}
