//! Writing an archive.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use crate::read::Archive;
use crate::{ArchiveError, HEADER, Kind, MAGIC, PAGE, RECORD};

/// What is put into an archive under a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewEntry {
    /// What it is.
    pub kind: Kind,
    /// Permission bits (at most 0o7777).
    pub mode: u32,
    /// The owning user.
    pub user: u32,
    /// The owning group.
    pub group: u32,
    /// When it was last changed, in seconds since 1970.
    pub modified: u64,
    /// Its contents.
    pub data: Vec<u8>,
}

/// Why an archive cannot be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BuildError {
    /// An entry that the format cannot hold: its path, and what a reader would say.
    Unsound(String, ArchiveError),
    /// The parent of this path is in the archive, but it is no directory.
    ParentIsNoDirectory(String),
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BuildError::Unsound(path, error) => write!(f, "{path}: {error}"),
            BuildError::ParentIsNoDirectory(path) => {
                write!(f, "{path}: the parent is not a directory")
            }
        }
    }
}

impl core::error::Error for BuildError {}

/// An archive in the making.
#[derive(Clone, Debug, Default)]
pub struct Builder {
    entries: BTreeMap<Vec<u8>, NewEntry>,
}

impl Builder {
    /// An empty archive.
    #[must_use]
    pub fn new() -> Builder {
        Builder::default()
    }

    /// Puts an entry at a path, instead of what was there. Missing parents become directories of
    /// user 0 with mode 0755 that changed when the entry did.
    pub fn put(&mut self, path: impl AsRef<[u8]>, entry: NewEntry) {
        let path = path.as_ref();
        for (at, _) in path.iter().enumerate().filter(|(_, byte)| **byte == b'/') {
            self.entries
                .entry(path[..at].to_vec())
                .or_insert_with(|| NewEntry {
                    kind: Kind::Directory,
                    mode: 0o755,
                    user: 0,
                    group: 0,
                    modified: entry.modified,
                    data: Vec::new(),
                });
        }
        self.entries.insert(path.to_vec(), entry);
    }

    /// Whether there is something at a path.
    #[must_use]
    pub fn contains(&self, path: impl AsRef<[u8]>) -> bool {
        self.entries.contains_key(path.as_ref())
    }

    /// The archive's bytes: a whole number of pages.
    ///
    /// # Errors
    /// An entry that cannot be: a path with an empty component, a mode out of range, a file whose
    /// parent is a file.
    pub fn build(&self) -> Result<Vec<u8>, BuildError> {
        let paths: usize = self.entries.keys().map(Vec::len).sum();
        let mut path_at = HEADER + self.entries.len() * RECORD;
        let mut data_at = (path_at + paths).next_multiple_of(PAGE);
        let mut head = Vec::with_capacity(data_at);
        head.extend_from_slice(&MAGIC);
        head.extend_from_slice(&(self.entries.len() as u64).to_le_bytes());
        for (path, entry) in &self.entries {
            self.check_parent(path)?;
            let places = [path_at, path.len(), data_at, entry.data.len()];
            places
                .iter()
                .for_each(|word| head.extend_from_slice(&(*word as u64).to_le_bytes()));
            head.extend_from_slice(&entry.modified.to_le_bytes());
            let small = [entry.mode, entry.user, entry.group, entry.kind as u32, 0, 0];
            small
                .iter()
                .for_each(|word| head.extend_from_slice(&word.to_le_bytes()));
            path_at += path.len();
            data_at = (data_at + entry.data.len()).next_multiple_of(PAGE);
        }
        self.entries
            .keys()
            .for_each(|path| head.extend_from_slice(path));
        let mut bytes = head;
        bytes.reserve(data_at - bytes.len());
        for entry in self.entries.values() {
            bytes.resize(bytes.len().next_multiple_of(PAGE), 0);
            bytes.extend_from_slice(&entry.data);
        }
        bytes.resize(data_at, 0);
        self.read_back(&bytes)?;
        Ok(bytes)
    }

    fn check_parent(&self, path: &[u8]) -> Result<(), BuildError> {
        let parent = path
            .iter()
            .rposition(|byte| *byte == b'/')
            .map(|at| &path[..at]);
        let kind = parent
            .and_then(|parent| self.entries.get(parent))
            .map(|entry| entry.kind);
        match kind {
            None | Some(Kind::Directory) => Ok(()),
            Some(_) => Err(BuildError::ParentIsNoDirectory(text(path))),
        }
    }

    /// The reader's checks are the only ones, so they are made here too.
    fn read_back(&self, bytes: &[u8]) -> Result<(), BuildError> {
        let Err(error) = Archive::read(bytes) else {
            return Ok(());
        };
        let at = match error {
            ArchiveError::BadMagic => 0,
            ArchiveError::CutShort(at)
            | ArchiveError::Malformed(at)
            | ArchiveError::Disordered(at) => at,
        };
        let path = self
            .entries
            .keys()
            .nth(at)
            .map_or_else(String::new, |path| text(path));
        Err(BuildError::Unsound(path, error))
    }
}

fn text(path: &[u8]) -> String {
    String::from_utf8_lossy(path).into_owned()
}
