//! What the boot archive offers: declarations, and the versions of each service.

use abi::Endpoint;
use abi::declaration::{DECLARATION_BYTES, Declaration, Policy};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use archive::Archive;

/// The boot archive as rs sees it.
pub(crate) struct Catalogue<'a> {
    archive: Archive<'a>,
}

/// An image in the archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stored {
    pub(crate) version: u32,
    /// Where it starts in the archive.
    pub(crate) offset: u64,
    /// Bytes.
    pub(crate) length: u64,
}

impl<'a> Catalogue<'a> {
    /// Reads the archive; `None` when it is none.
    pub(crate) fn read(bytes: &'a [u8]) -> Option<Catalogue<'a>> {
        Archive::read(bytes)
            .ok()
            .map(|archive| Catalogue { archive })
    }

    /// All services, in the order of their slots.
    pub(crate) fn declarations(&self) -> Vec<Declaration> {
        let packed = self
            .archive
            .find(b"system/declarations")
            .map_or(&[][..], |entry| entry.data);
        let mut all: Vec<_> = packed
            .chunks_exact(DECLARATION_BYTES)
            .filter_map(Declaration::from_bytes)
            .collect();
        all.sort_by_key(|declaration| declaration.slot);
        all
    }

    /// The name of the service in a slot.
    pub(crate) fn name(&self, slot: Endpoint) -> String {
        let found = self
            .declarations()
            .into_iter()
            .find(|declaration| declaration.slot == slot.0);
        found.map_or_else(String::new, |d| {
            String::from_utf8_lossy(d.name()).into_owned()
        })
    }

    /// What is to be done when the service in each slot crashes.
    pub(crate) fn policies(&self) -> Vec<(Endpoint, Policy)> {
        let all = self.declarations().into_iter();
        let policy = |word| Policy::from_word(word).unwrap_or_default();
        all.map(|one| (Endpoint(one.slot), policy(one.policy)))
            .collect()
    }

    /// What is to be done when the service in a slot crashes.
    pub(crate) fn policy(&self, slot: Endpoint) -> Policy {
        let all = self.policies();
        let found = all.iter().find(|(of, _)| *of == slot);
        found.map_or_else(Policy::default, |(_, policy)| *policy)
    }

    /// The image of a version of a service.
    pub(crate) fn image(&self, name: &str, version: u32) -> Option<Stored> {
        let entry = self
            .archive
            .find(format!("system/services/{name}/{version}").as_bytes())?;
        Some(Stored {
            version,
            offset: entry.offset,
            length: entry.data.len() as u64,
        })
    }

    /// The highest version of a service.
    pub(crate) fn newest(&self, name: &str) -> Option<u32> {
        let folder = format!("system/services/{name}/");
        let entries = self.archive.entries();
        let names = entries.filter_map(|entry| entry.path.strip_prefix(folder.as_bytes()));
        names
            .filter_map(|version| core::str::from_utf8(version).ok()?.parse().ok())
            .max()
    }
}
