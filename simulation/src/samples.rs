//! Stored exports of services: what every later build has to import.
//!
//! ```text
//! tests/states/NAME/VERSION-FINGERPRINT/outline.txt   all that the encoding depends on
//! tests/states/NAME/VERSION-FINGERPRINT/ORIGIN.cbor   exports of real services with that outline
//! ```
//!
//! The version is that of the State, the fingerprint one of the outline, the origin the case and
//! the turn of the run that the export is from. Samples are added, never changed: what somebody has
//! running may have exported any of them.

use crate::registry::{self, SERVICES};
use abi::Endpoint;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::{fs, io};

mod collect;
mod coverage;

pub use collect::collect;

/// What records samples.
pub const COMMAND: &str = "cargo test -p simulation --test states -- --ignored record";
/// The versions of every service's image.
pub const IMAGES: [u32; 2] = [1, 2];
/// The file that holds the outline.
const OUTLINE: &str = "outline.txt";

/// The folder of all samples.
#[must_use]
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/states")
}

/// What one build of a service has exported.
#[derive(Clone, Debug)]
pub struct Recorded {
    /// The service.
    pub slot: Endpoint,
    /// The version of the State.
    pub version: u32,
    /// All that the encoding depends on.
    pub outline: String,
    /// Origins and bytes.
    pub samples: Vec<(String, Vec<u8>)>,
}

impl Recorded {
    /// Its folder's name: version and fingerprint.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{}-{:016x}", self.version, fingerprint(&self.outline))
    }

    /// Where it is stored.
    fn path(&self, folder: &Path) -> PathBuf {
        let service = protocol::endpoint::name(self.slot).unwrap_or("unknown");
        folder.join(service).join(self.name())
    }

    /// Stores it, unless there is something with this outline; whether it was stored.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn store(&self, folder: &Path) -> io::Result<bool> {
        let path = self.path(folder);
        if path.exists() {
            return Ok(false);
        }
        fs::create_dir_all(&path)?;
        for (origin, bytes) in &self.samples {
            fs::write(path.join(format!("{origin}.cbor")), bytes)?;
        }
        fs::write(path.join(OUTLINE), &self.outline)?;
        Ok(true)
    }
}

/// FNV-1a of 64 bits.
fn fingerprint(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// Everything that is stored in a folder.
///
/// # Errors
/// Those of the file system; `InvalidData` for a folder whose name says something else than its
/// outline.
pub fn stored(folder: &Path) -> io::Result<Vec<Recorded>> {
    let mut all = Vec::new();
    for slot in SERVICES {
        let service = protocol::endpoint::name(*slot).unwrap_or("unknown");
        for path in entries(&folder.join(service))? {
            all.push(read(*slot, &path)?);
        }
    }
    Ok(all)
}

fn read(slot: Endpoint, path: &Path) -> io::Result<Recorded> {
    let invalid = |what: &str| {
        let text = format!("{}: {what}", path.display());
        io::Error::new(io::ErrorKind::InvalidData, text)
    };
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let version = name.split('-').next().and_then(|text| text.parse().ok());
    let mut recorded = Recorded {
        slot,
        version: version.ok_or_else(|| invalid("no version in its name"))?,
        outline: fs::read_to_string(path.join(OUTLINE))?,
        samples: Vec::new(),
    };
    if recorded.name() != name {
        return Err(invalid("its outline was changed"));
    }
    for file in entries(path)? {
        if file
            .extension()
            .is_some_and(|extension| extension == "cbor")
        {
            let origin = file.file_stem().unwrap_or_default().to_string_lossy();
            recorded
                .samples
                .push((origin.into_owned(), fs::read(&file)?));
        }
    }
    Ok(recorded)
}

/// What a folder holds, in order; nothing when it is not there.
fn entries(folder: &Path) -> io::Result<BTreeSet<PathBuf>> {
    if !folder.exists() {
        return Ok(BTreeSet::new());
    }
    let entries = fs::read_dir(folder)?;
    entries.map(|entry| Ok(entry?.path())).collect()
}

/// The images whose State is not among the recorded ones, each with what is different.
#[must_use]
pub fn missing(recorded: &[Recorded]) -> Vec<String> {
    let mut all = Vec::new();
    for slot in SERVICES {
        for image in IMAGES {
            let Some(now) = registry::of_image(*slot, image) else {
                continue;
            };
            let before: Vec<&str> = recorded
                .iter()
                .filter(|one| one.slot == *slot && one.version == now.version)
                .map(|one| one.outline.as_str())
                .collect();
            if !before.contains(&now.outline.as_str()) {
                let (name, version) = (crate::trace::name(*slot), now.version);
                let difference = difference(&before, &now.outline);
                all.push(format!("{name}, State version {version}:\n{difference}"));
            }
        }
    }
    all
}

/// How an outline differs from the one of `before` that is most like it.
fn difference(before: &[&str], now: &str) -> String {
    let all = before.iter().map(|before| lines(before, now));
    all.min_by_key(Vec::len).map_or_else(
        || "  nothing of this version is recorded".to_owned(),
        |lines| lines.join("\n"),
    )
}

/// The lines in which two texts differ, with the ones around that stay: what is between the first
/// and the last that differ.
fn lines(before: &str, now: &str) -> Vec<String> {
    let (before, now): (Vec<_>, Vec<_>) = (before.lines().collect(), now.lines().collect());
    let same = |pairs: &mut dyn Iterator<Item = (&&str, &&str)>| {
        pairs.take_while(|(one, other)| one == other).count()
    };
    let start = same(&mut before.iter().zip(&now));
    let end = same(&mut before[start..].iter().rev().zip(now[start..].iter().rev()));
    let context = now[..start].last().map(|line| format!("    {line}"));
    let gone = before[start..before.len() - end].iter();
    let new = now[start..now.len() - end].iter();
    context
        .into_iter()
        .chain(gone.map(|line| format!("  - {line}")))
        .chain(new.map(|line| format!("  + {line}")))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_difference_is_what_is_between() {
        let before = "struct\n  0 a: u8\n  2 c: u8\n";
        let now = "struct\n  0 a: u8\n  1 b: u8\n  2 c: u8\n";
        let expected = "      0 a: u8\n  +   1 b: u8";
        assert_eq!(difference(&["struct\n", before], now), expected);
        assert!(difference(&[], now).contains("nothing"));
    }
}
