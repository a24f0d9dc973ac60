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
    /// Opens the archive, which the kernel has checked at boot; `None` when it is none.
    pub(crate) fn read(bytes: &'a [u8]) -> Option<Catalogue<'a>> {
        Archive::open(bytes)
            .ok()
            .map(|archive| Catalogue { archive })
    }

    /// All services, in the order of the archive.
    fn declared(&self) -> impl Iterator<Item = Declaration> + use<'a> {
        let packed = self
            .archive
            .find(b"system/declarations")
            .map_or(&[][..], |entry| entry.data);
        packed
            .chunks_exact(DECLARATION_BYTES)
            .filter_map(Declaration::from_bytes)
    }

    /// All services, in the order of their slots.
    pub(crate) fn declarations(&self) -> Vec<Declaration> {
        let mut all: Vec<_> = self.declared().collect();
        all.sort_by_key(|declaration| declaration.slot);
        all
    }

    /// The name of the service in a slot.
    pub(crate) fn name(&self, slot: Endpoint) -> String {
        let found = self.declared().find(|one| one.slot == slot.0);
        found.map_or_else(String::new, |d| {
            String::from_utf8_lossy(d.name()).into_owned()
        })
    }

    /// What is to be done when the service in each slot crashes.
    pub(crate) fn policies(&self) -> Vec<(Endpoint, Policy)> {
        let all = self.declared();
        all.map(|one| (Endpoint(one.slot), policy(&one))).collect()
    }

    /// What is to be done when the service in a slot crashes.
    pub(crate) fn policy(&self, slot: Endpoint) -> Policy {
        let found = self.declared().find(|one| one.slot == slot.0);
        found.map_or_else(Policy::default, |one| policy(&one))
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
        let entries = self.archive.starting_with(folder.as_bytes());
        let names = entries.filter_map(|entry| entry.path.get(folder.len()..));
        names
            .filter_map(|version| core::str::from_utf8(version).ok()?.parse().ok())
            .max()
    }
}

fn policy(declaration: &Declaration) -> Policy {
    Policy::from_word(declaration.policy).unwrap_or_default()
}
