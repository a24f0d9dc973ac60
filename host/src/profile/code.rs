//! Whose code lies where.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fs;
use std::path::Path;

use abi::trace::Record;
use object::File;

use crate::build::symbols::Functions;
use crate::trace::Recorded;
use crate::{Built, Error};

/// What is not the system's.
const PROGRAMS: &str = "programs";
/// Bytes of an instance's area at most: the next one is further away.
const IMAGE_BYTES: u64 = 4 << 20;
/// Addresses from here on are the kernel's.
const KERNEL_HALF: u64 = 1 << 63;

/// The kernel's code, and that of each instance that was loaded.
#[derive(Clone, Debug, Default)]
pub struct Code {
    kernel: Functions,
    /// The functions of each service.
    services: BTreeMap<&'static str, Functions>,
    /// Where an instance was loaded, and of which service it is one.
    instances: BTreeMap<u64, &'static str>,
}

impl Code {
    /// What was loaded where in a run. An instance of a version other than the shipped ones has the
    /// wrong names: nothing tells which version it is.
    ///
    /// # Errors
    /// Those of reading the linked files.
    pub fn of_run(built: &Built, recorded: &Recorded) -> Result<Code, Error> {
        let mut code = Code {
            kernel: functions(&built.kernel)?,
            ..Code::default()
        };
        for (_, record) in &recorded.records {
            if let Record::Loaded(slot, base) = record
                && let Some(name) = protocol::endpoint::name(*slot)
            {
                code.instances.insert(*base, name);
                if let Entry::Vacant(vacant) = code.services.entry(name) {
                    vacant.insert(functions(&built.service(name))?);
                }
            }
        }
        Ok(code)
    }

    /// Who executes at an address, and which function.
    #[must_use]
    pub fn place(&self, address: u64) -> (&str, &str) {
        if address >= KERNEL_HALF {
            return ("kernel", name(&self.kernel, address));
        }
        match self.instances.range(..=address).next_back() {
            Some((base, service)) if address - base < IMAGE_BYTES => {
                (service, name(&self.services[service], address - base))
            }
            _ => (PROGRAMS, ""),
        }
    }
}

fn name(functions: &Functions, address: u64) -> &str {
    functions.at(address).map_or("?", |(_, name)| name)
}

fn functions(path: &Path) -> Result<Functions, Error> {
    let elf = fs::read(path).map_err(Error::file(path))?;
    let name = path.display().to_string();
    let file = File::parse(&*elf).map_err(|error| Error::artifact(&name, error))?;
    Ok(Functions::of(&file))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A kernel of one function, and two instances.
    pub(crate) fn code() -> Code {
        Code {
            kernel: Functions::named(&[(KERNEL_HALF + 0x1000, "entry")]),
            services: BTreeMap::from([
                ("pm", Functions::named(&[(0x10, "first"), (0x20, "second")])),
                ("vfs", Functions::named(&[(0x10, "open")])),
            ]),
            instances: BTreeMap::from([(0x10_0000_0000, "pm"), (0x20_0000_0000, "vfs")]),
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
