//! Reading an archive in place. All of its structure is checked once, at the start.

use core::fmt;

use crate::{HEADER, MAGIC, PAGE, RECORD};

/// What an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A directory, without data.
    Directory = 0,
    /// A regular file.
    File = 1,
    /// A symbolic link; its target is the data.
    Link = 2,
    /// A character device; its number is the data.
    CharacterDevice = 3,
}

impl Kind {
    fn from_word(word: u32) -> Option<Kind> {
        [
            Kind::Directory,
            Kind::File,
            Kind::Link,
            Kind::CharacterDevice,
        ]
        .into_iter()
        .find(|kind| *kind as u32 == word)
    }
}

/// One named thing of an archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry<'a> {
    /// Its path, without a slash at either end.
    pub path: &'a [u8],
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
    pub data: &'a [u8],
    /// Where they start in the archive, a multiple of [`PAGE`].
    pub offset: u64,
}

impl Entry<'_> {
    /// The number of a device.
    #[must_use]
    pub fn device(&self) -> Option<u64> {
        if self.kind != Kind::CharacterDevice {
            return None;
        }
        Some(u64::from_le_bytes(self.data.try_into().ok()?))
    }
}

/// Why bytes are no archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArchiveError {
    /// They do not start with the archive's magic number.
    BadMagic,
    /// Entry number n, or what it names, does not lie within the bytes.
    CutShort(usize),
    /// Entry number n says something that no archive says.
    Malformed(usize),
    /// Entry number n does not come after the one before.
    Disordered(usize),
}

impl fmt::Display for ArchiveError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ArchiveError::BadMagic => write!(f, "not a boot archive"),
            ArchiveError::CutShort(at) => write!(f, "entry {at} of the archive is cut short"),
            ArchiveError::Malformed(at) => write!(f, "entry {at} of the archive is malformed"),
            ArchiveError::Disordered(at) => write!(f, "entry {at} of the archive is out of order"),
        }
    }
}

impl core::error::Error for ArchiveError {}

/// An archive. An entry is checked whenever it is looked at; one that is not sound is not there.
#[derive(Clone, Copy, Debug)]
pub struct Archive<'a> {
    bytes: &'a [u8],
    count: usize,
}

impl<'a> Archive<'a> {
    /// Checks the structure of a whole archive. Bytes may follow it.
    ///
    /// # Errors
    /// What is wrong with which entry.
    pub fn read(bytes: &'a [u8]) -> Result<Archive<'a>, ArchiveError> {
        let archive = Archive::open(bytes)?;
        let mut before: &[u8] = &[];
        for at in 0..archive.count {
            let entry = archive.entry(at)?;
            if entry.path <= before {
                return Err(ArchiveError::Disordered(at));
            }
            before = entry.path;
        }
        Ok(archive)
    }

    /// Opens an archive for one look at it, without a check of all entries. In one that is out of
    /// order something may not be found.
    ///
    /// # Errors
    /// `BadMagic`, or `CutShort` when there is no room for as many entries as there are to be.
    pub fn open(bytes: &'a [u8]) -> Result<Archive<'a>, ArchiveError> {
        if !bytes.starts_with(&MAGIC) {
            return Err(ArchiveError::BadMagic);
        }
        let count = number(bytes, 8).ok_or(ArchiveError::CutShort(0))?;
        let fits = count
            .checked_mul(RECORD)
            .is_some_and(|size| size <= bytes.len() - HEADER);
        if !fits {
            return Err(ArchiveError::CutShort(0));
        }
        Ok(Archive { bytes, count })
    }

    /// All entries, by path in ascending order.
    pub fn entries(&self) -> impl Iterator<Item = Entry<'a>> + use<'a> {
        self.entries_from(0)
    }

    fn entries_from(&self, first: usize) -> impl Iterator<Item = Entry<'a>> + use<'a> {
        let archive = *self;
        (first..archive.count).filter_map(move |at| archive.entry(at).ok())
    }

    /// The entry with a path.
    #[must_use]
    pub fn find(&self, path: &[u8]) -> Option<Entry<'a>> {
        let mut from_here = self.entries_from(self.position(path));
        from_here.next().filter(|entry| entry.path == path)
    }

    /// The entries whose paths start with these bytes, in order.
    pub fn starting_with<'b>(
        &self,
        start: &'b [u8],
    ) -> impl Iterator<Item = Entry<'a>> + use<'a, 'b> {
        self.entries_from(self.position(start))
            .take_while(move |entry| entry.path.starts_with(start))
    }

    /// Where the first entry is whose path is not less than this one.
    fn position(&self, path: &[u8]) -> usize {
        let (mut low, mut high) = (0, self.count);
        while low < high {
            let middle = low.midpoint(high);
            if self.path(middle).is_some_and(|found| found < path) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }

    /// The path of an entry, which may not be one.
    fn path(&self, at: usize) -> Option<&'a [u8]> {
        let start = HEADER + at * RECORD;
        range(
            self.bytes,
            number(self.bytes, start),
            number(self.bytes, start + 8),
        )
    }

    fn entry(&self, at: usize) -> Result<Entry<'a>, ArchiveError> {
        let bytes = self.bytes;
        let start = HEADER + at * RECORD;
        let field = |index: usize| number(bytes, start + 8 * index);
        let small = |index: usize| {
            let field = bytes.get(start + 40 + 4 * index..)?.first_chunk()?;
            Some(u32::from_le_bytes(*field))
        };
        let cut = ArchiveError::CutShort(at);
        let malformed = ArchiveError::Malformed(at);
        let path = self.path(at).ok_or(cut)?;
        let offset = field(2).ok_or(cut)?;
        let entry = Entry {
            path,
            data: range(bytes, Some(offset), field(3)).ok_or(cut)?,
            modified: field(4).ok_or(cut)? as u64,
            mode: small(0).ok_or(cut)?,
            user: small(1).ok_or(cut)?,
            group: small(2).ok_or(cut)?,
            kind: small(3).and_then(Kind::from_word).ok_or(malformed)?,
            offset: offset as u64,
        };
        let device = entry.kind == Kind::CharacterDevice;
        let sound = offset.is_multiple_of(PAGE)
            && entry.mode <= 0o7777
            && is_path(path)
            && (!device || entry.data.len() == 8)
            && (entry.kind != Kind::Directory || entry.data.is_empty());
        sound.then_some(entry).ok_or(malformed)
    }
}

/// Whether every component of a path is a name.
fn is_path(path: &[u8]) -> bool {
    !path.contains(&0)
        && path
            .split(|byte| *byte == b'/')
            .all(|name| !matches!(name, b"" | b"." | b".."))
}

fn number(bytes: &[u8], at: usize) -> Option<usize> {
    let field = bytes.get(at..)?.first_chunk()?;
    usize::try_from(u64::from_le_bytes(*field)).ok()
}

fn range(bytes: &[u8], from: Option<usize>, length: Option<usize>) -> Option<&[u8]> {
    let (from, length) = (from?, length?);
    bytes.get(from..from.checked_add(length)?)
}
