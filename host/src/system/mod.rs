//! `system/services.toml`: read, checked, and packed for the kernel and rs.

mod file;
mod order;
mod resolve;

use std::path::Path;

use abi::declaration::Declaration;

use crate::{Error, project};

/// The system that the file declares.
#[derive(Debug)]
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
    pub fn pack(&self) -> Vec<u8> {
        let packed = self.declared.iter().map(|one| one.declaration.to_bytes());
        packed.flatten().collect()
    }
}

#[cfg(test)]
mod tests;
