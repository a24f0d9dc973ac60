//! Which instances run, and where: seen from the address spaces that the kernel switches to.
//!
//! Nothing tells the base of an instance that runs well. So the machine is stopped at each
//! instruction that loads CR3, and the new top-level table is looked into: the page at the start
//! of a service's text is a page of the boot archive, which says which service it is.

use std::collections::{BTreeMap, BTreeSet};

use abi::layout::{PAGE_SIZE, SERVICE_ARCHIVE, SERVICE_IMAGE};
use iced_x86::{Code, Decoder, DecoderOptions, Register};
use object::SectionKind;
use object::read::{self, Object, ObjectSection};

use crate::Error;
use crate::debugger::{FRAME, Mapped, walk};
use crate::debugger::{Stub, StubError};

/// A running instance.
#[derive(Clone, Debug)]
pub(super) struct Instance {
    /// Where its image is loaded.
    pub(super) base: u64,
    /// The pages of its text.
    pub(super) pages: Vec<Mapped>,
}

/// Instructions of the kernel that load CR3: their addresses, and in which of the stub's registers
/// the value is.
#[derive(Clone, Debug)]
pub(super) struct Switches(BTreeMap<u64, usize>);

impl Switches {
    /// Finds them in the kernel's ELF file.
    ///
    /// # Errors
    /// When it is none, or has no such instruction.
    pub(super) fn read(elf: &[u8]) -> Result<Switches, Error> {
        let wrong = |error: &dyn std::fmt::Display| Error::artifact("kernel", error);
        let file = read::File::parse(elf).map_err(|error| wrong(&error))?;
        let mut found = BTreeMap::new();
        for section in file
            .sections()
            .filter(|section| section.kind() == SectionKind::Text)
        {
            let code = section.data().map_err(|error| wrong(&error))?;
            find_loads(code, section.address(), &mut found);
        }
        if found.is_empty() {
            return Err(wrong(&"it never loads CR3"));
        }
        Ok(Switches(found))
    }

    /// Where they are.
    pub(super) fn addresses(&self) -> impl Iterator<Item = u64> + '_ {
        self.0.keys().copied()
    }
}

fn find_loads(code: &[u8], address: u64, found: &mut BTreeMap<u64, usize>) {
    let decoder = Decoder::with_ip(64, code, address, DecoderOptions::NONE);
    for instruction in decoder {
        if instruction.code() == Code::Mov_cr_r64 && instruction.op0_register() == Register::CR3 {
            found.extend(place(instruction.op1_register()).map(|at| (instruction.ip(), at)));
        }
    }
}

/// The stub's order of registers.
fn place(register: Register) -> Option<usize> {
    use Register::{R8, R9, R10, R11, R12, R13, R14, R15, RAX, RBP, RBX, RCX, RDI, RDX, RSI, RSP};
    let order = [
        RAX, RBX, RCX, RDX, RSI, RDI, RBP, RSP, R8, R9, R10, R11, R12, R13, R14, R15,
    ];
    order.iter().position(|one| *one == register)
}

/// Where the texts of services lie in the boot archive.
#[derive(Clone, Debug, Default)]
pub(super) struct Places(pub(super) BTreeMap<String, u64>);

/// What is found out while the machine runs.
#[derive(Debug)]
pub(super) struct Search<'a> {
    switches: &'a Switches,
    places: &'a Places,
    wanted: BTreeSet<String>,
    seen: BTreeSet<u64>,
    /// The physical address of the boot archive, once it is known.
    pub(super) archive: Option<u64>,
    /// What was found.
    pub(super) found: BTreeMap<String, Instance>,
}

impl<'a> Search<'a> {
    /// A search for these services.
    pub(super) fn new(
        switches: &'a Switches,
        places: &'a Places,
        wanted: BTreeSet<String>,
        archive: Option<u64>,
    ) -> Search<'a> {
        Search {
            switches,
            places,
            wanted,
            seen: BTreeSet::new(),
            archive,
            found: BTreeMap::new(),
        }
    }

    /// Sets the breakpoints.
    pub(super) fn start(&self, stub: &mut Stub) -> Result<(), StubError> {
        self.switches
            .addresses()
            .try_for_each(|address| stub.set_breakpoint(address))
    }

    /// Removes them.
    pub(super) fn end(&self, stub: &mut Stub) -> Result<(), StubError> {
        self.switches
            .addresses()
            .try_for_each(|address| stub.remove_breakpoint(address))
    }

    /// Whether there is nothing left to find.
    pub(super) fn is_over(&self) -> bool {
        self.wanted.iter().all(|name| self.found.contains_key(name))
    }

    /// Looks at the address space that the machine is about to switch to, and lets it.
    pub(super) fn look(&mut self, stub: &mut Stub) -> Result<(), StubError> {
        let registers = stub.registers()?;
        let [.., rip] = registers;
        let Some(register) = self.switches.0.get(&rip) else {
            return Ok(());
        };
        self.look_into(registers[*register] & FRAME, stub)?;
        stub.pass_breakpoint(rip)
    }

    fn look_into(&mut self, root: u64, stub: &mut Stub) -> Result<(), StubError> {
        if self.seen.contains(&root) {
            return Ok(());
        }
        self.look_for_archive(root, stub)?;
        let Some(archive) = self.archive else {
            return Ok(());
        };
        self.seen.insert(root);
        let pages = text_pages(root, stub)?;
        let Some(first) = pages.first() else {
            return Ok(());
        };
        let offset = first.frame().wrapping_sub(archive);
        let named = self.places.0.iter().find(|(_, place)| **place == offset);
        if let Some((name, _)) = named {
            let base = first.address;
            // A candidate that is only prepared may run, too, after the current one did.
            self.found
                .entry(name.clone())
                .or_insert(Instance { base, pages });
        }
        Ok(())
    }

    /// The archive is where the first page lies that services see of it.
    fn look_for_archive(&mut self, root: u64, stub: &mut Stub) -> Result<(), StubError> {
        if self.archive.is_some() {
            return Ok(());
        }
        let mut first = None;
        walk(
            root,
            SERVICE_ARCHIVE,
            &mut |at, bytes| stub.read(at, bytes),
            &mut |page| {
                first = Some(page);
                false
            },
        )?;
        let Some(first) = first.filter(|page| page.address == SERVICE_ARCHIVE) else {
            return Ok(());
        };
        let mut magic = [0; archive::MAGIC.len()];
        stub.read(first.frame(), &mut magic)?;
        if magic == archive::MAGIC {
            self.archive = Some(first.frame());
        }
        Ok(())
    }
}

/// The executable pages at the start of what an address space has where services are loaded.
fn text_pages(root: u64, stub: &mut Stub) -> Result<Vec<Mapped>, StubError> {
    let mut pages: Vec<Mapped> = Vec::new();
    walk(
        root,
        SERVICE_IMAGE,
        &mut |at, bytes| stub.read(at, bytes),
        &mut |page| {
            let follows = pages
                .last()
                .is_none_or(|last| last.address + PAGE_SIZE == page.address);
            let is_text = page.is_executable() && follows;
            if is_text {
                pages.push(page);
            }
            is_text
        },
    )?;
    Ok(pages)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loads_of_the_table_are_found() {
        // nop; mov cr3,r11; mov rax,cr3; mov cr0,rax; mov cr3,rcx
        let code = b"\x90\x41\x0f\x22\xdb\x0f\x20\xd8\x0f\x22\xc0\x0f\x22\xd9";
        let mut found = BTreeMap::new();
        find_loads(code, 0x1000, &mut found);
        let found: Vec<(u64, usize)> = found.into_iter().collect();
        assert_eq!(found, [(0x1001, 11), (0x100b, 2)]);
    }
}
