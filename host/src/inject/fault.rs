//! A fault in the machine's memory, put in and taken away.

use abi::layout::PAGE_SIZE;

use super::PAGE_BYTES;
use super::plan::Injection;
use crate::debugger::{FRAME, Mapped};
use crate::debugger::{Stub, StubError};

/// A fault in the machine. The frames of a service's text are the boot archive's, which every later
/// instance maps as well; so the instance gets a page of its own in place of the one that is
/// changed. That page belongs to the archive, too: to the kernel it is a page like the others.
pub(super) struct Fault {
    pub(super) page: Mapped,
    /// The physical address of the spare page.
    pub(super) spare: u64,
    /// The instruction's virtual address.
    pub(super) address: u64,
}

impl Fault {
    /// The entry that maps the spare page.
    fn entry(&self) -> u64 {
        self.page.entry & !FRAME | self.spare
    }

    /// Puts it in, with a breakpoint on the changed instruction.
    pub(super) fn put(&self, stub: &mut Stub, injection: &Injection) -> Result<(), StubError> {
        stub.stop()?;
        let mut content = vec![0; PAGE_BYTES];
        stub.read(self.page.frame(), &mut content)?;
        let start = usize::try_from(injection.offset % PAGE_SIZE).unwrap_or_default();
        let place = start..start + injection.after.len();
        content[place].copy_from_slice(&injection.after);
        stub.write(self.spare, &content)?;
        stub.write(self.page.entry_at, &self.entry().to_le_bytes())?;
        stub.set_breakpoint(self.address)?;
        stub.go()
    }

    /// Takes the fault away, if the instance still has it.
    pub(super) fn take(&self, stub: &mut Stub, has_breakpoint: bool) -> Result<(), StubError> {
        stub.stop()?;
        let mut entry = [0; 8];
        stub.read(self.page.entry_at, &mut entry)?;
        if u64::from_le_bytes(entry) == self.entry() {
            stub.write(self.page.entry_at, &self.page.entry.to_le_bytes())?;
        }
        if has_breakpoint {
            stub.remove_breakpoint(self.address)?;
        }
        stub.go()
    }
}
