//! `system/services.toml`: read, checked, and packed for the kernel and rs.

mod file;
mod order;
mod resolve;

use std::path::Path;

use abi::Endpoint;
use abi::declaration::Declaration;

use crate::{Error, project};

/// The system that the file declares.
#[derive(Debug, Default)]
pub struct System {
    /// In the order of their slots.
    declared: Vec<Declared>,
}

/// A service.
#[derive(Debug)]
pub struct Declared {
    /// Its name; also of its package.
    pub name: String,
    /// What the kernel enforces.
    pub declaration: Declaration,
    /// The device files whose driver it is.
    pub devices: Vec<Device>,
}

/// A protocol that a service may speak to another one, beyond what the file declares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Permit {
    /// Who asks.
    pub from: Endpoint,
    /// Who answers.
    pub to: Endpoint,
    /// The protocol's number.
    pub protocol: u16,
}

/// A device file of the root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    /// Its path, without a leading slash.
    pub path: String,
    /// Its number, as Linux packs major and minor.
    pub number: u64,
    /// Permission bits.
    pub mode: u32,
}

impl System {
    /// Reads the file.
    ///
    /// # Errors
    /// Those of reading, and everything the text declares that cannot be, with its line.
    pub fn read(path: &Path) -> Result<System, Error> {
        let text = project::read(path)?;
        let text = String::from_utf8(text).map_err(|error| Error::Services(error.to_string()))?;
        System::parse(&text)
    }

    /// Reads the file's text.
    ///
    /// # Errors
    /// Everything the text declares that cannot be, with its line.
    pub fn parse(text: &str) -> Result<System, Error> {
        let file = file::parse(text)?;
        Ok(System {
            declared: resolve::resolve(&file, text)?,
        })
    }

    /// The services' names in the order of their slots.
    pub fn services(&self) -> impl Iterator<Item = &str> {
        self.declared.iter().map(|declared| declared.name.as_str())
    }

    /// The services in the order of their slots.
    #[must_use]
    pub fn declared(&self) -> &[Declared] {
        &self.declared
    }

    /// The content of `system/declarations` in the boot archive.
    #[must_use]
    pub fn pack(&self, permits: &[Permit]) -> Vec<u8> {
        let packed = self.declared.iter().map(|one| {
            let mut declaration = one.declaration;
            let own = permits
                .iter()
                .filter(|permit| permit.from.0 == declaration.slot);
            for permit in own {
                declaration.protocols[permit.to.index()] |= 1 << permit.protocol;
            }
            declaration.to_bytes()
        });
        packed.flatten().collect()
    }
}

#[cfg(test)]
mod tests;
