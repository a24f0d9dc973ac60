//! Whose code lies where.

use std::fs;
use std::path::Path;

use abi::Endpoint;
use abi::trace::Record;
use object::File;

use crate::build::symbols;
use crate::trace::Recorded;
use crate::{Built, Error};

/// What is not the system's.
const PROGRAMS: &str = "programs";
/// Bytes of an instance's area at most: the next one is further away.
const IMAGE_BYTES: u64 = 4 << 20;
/// Addresses from here on are the kernel's.
const KERNEL_HALF: u64 = 1 << 63;

/// The functions of a linked file, by their addresses.
#[derive(Clone, Debug, Default)]
struct Functions(Vec<(u64, String)>);

impl Functions {
    fn read(path: &Path) -> Result<Functions, Error> {
        let elf = fs::read(path).map_err(Error::file(path))?;
        let name = path.display().to_string();
        let file = File::parse(&*elf).map_err(|error| Error::artifact(&name, error))?;
        Ok(Functions(symbols::functions(&file)))
    }

    fn at(&self, address: u64) -> &str {
        let behind = self.0.partition_point(|(start, _)| *start <= address);
        let found = behind.checked_sub(1).and_then(|at| self.0.get(at));
        found.map_or("?", |(_, name)| name)
    }
}

/// The kernel's code, and that of each instance that was loaded.
#[derive(Clone, Debug, Default)]
pub struct Code {
    kernel: Functions,
    /// Where an instance was loaded, what it is one of, and its functions; by address.
    instances: Vec<(u64, String, Functions)>,
}

impl Code {
    /// What was loaded where in a run. An instance of a version other than the shipped ones has the
    /// wrong names: nothing tells which version it is.
    ///
    /// # Errors
    /// Those of reading the linked files.
    pub fn of_run(built: &Built, recorded: &Recorded) -> Result<Code, Error> {
        let mut instances = Vec::new();
        for (_, record) in &recorded.records {
            let Record::Loaded(slot, base) = record else {
                continue;
            };
            let Some(name) = name(*slot) else { continue };
            let functions = Functions::read(&built.service(name))?;
            instances.push((*base, name.to_owned(), functions));
        }
        instances.sort_unstable_by_key(|(base, ..)| *base);
        Ok(Code {
            kernel: Functions::read(&built.kernel)?,
            instances,
        })
    }

    /// Who executes at an address, and which function.
    #[must_use]
    pub fn place(&self, address: u64) -> (&str, &str) {
        if address >= KERNEL_HALF {
            return ("kernel", self.kernel.at(address));
        }
        let behind = self
            .instances
            .partition_point(|(base, ..)| *base <= address);
        let instance = behind.checked_sub(1).and_then(|at| self.instances.get(at));
        match instance {
            Some((base, name, functions)) if address - base < IMAGE_BYTES => {
                (name, functions.at(address - base))
            }
            _ => (PROGRAMS, ""),
        }
    }
}

fn name(slot: Endpoint) -> Option<&'static str> {
    protocol::endpoint::name(slot)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    fn functions(of: &[(u64, &str)]) -> Functions {
        Functions(
            of.iter()
                .map(|(at, name)| (*at, (*name).to_owned()))
                .collect(),
        )
    }

    /// A kernel of one function, and two instances.
    pub(crate) fn code() -> Code {
        Code {
            kernel: functions(&[(KERNEL_HALF + 0x1000, "entry")]),
            instances: vec![
                (
                    0x10_0000_0000,
                    "pm".to_owned(),
                    functions(&[(0x10, "first"), (0x20, "second")]),
                ),
                (
                    0x20_0000_0000,
                    "vfs".to_owned(),
                    functions(&[(0x10, "open")]),
                ),
            ],
        }
    }

    #[test]
    fn addresses_belong_to_somebody() {
        let code = code();
        for (address, place) in [
            (KERNEL_HALF + 0x1004, ("kernel", "entry")),
            (KERNEL_HALF, ("kernel", "?")),
            (0x10_0000_0010, ("pm", "first")),
            (0x10_0000_1000, ("pm", "second")),
            (0x10_0000_0001, ("pm", "?")),
            (0x10_0000_0000 + IMAGE_BYTES, ("programs", "")),
            (0x20_0000_0011, ("vfs", "open")),
            (0x1000, ("programs", "")),
        ] {
            assert_eq!(code.place(address), place, "{address:x}");
        }
    }
}
