//! The start of the system: the kernel finds rs in the boot archive and starts it fresh. All else
//! is started by rs.

use abi::declaration::{DECLARATION_BYTES, Declaration};
use abi::{CallError, Endpoint};
use archive::{Archive, Entry};

use crate::kernel::Kernel;
use crate::machine::Machine;
use crate::memory::ImageSource;
use crate::schedule::Next;

/// Why the system does not start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StartError {
    /// The boot archive is damaged.
    Archive(archive::ArchiveError),
    /// This file is missing in the boot archive.
    Missing(&'static str),
    /// The kernel's own checks refused this file.
    Refused(&'static str, CallError),
}

const DECLARATIONS: &str = "system/declarations";
const RS_IMAGE: &str = "system/services/rs/1";
const VDSO: &str = "system/vdso";

impl<M: Machine> Kernel<M> {
    /// Loads rs and starts it; `bytes` is the boot archive, which `BootMemory` described.
    ///
    /// # Errors
    /// What is wrong with the archive.
    pub fn start(&mut self, bytes: &[u8]) -> Result<(), StartError> {
        let archive = Archive::read(bytes).map_err(StartError::Archive)?;
        let vdso = file(&archive, VDSO)?;
        self.memory
            .set_vdso(vdso.offset, vdso.data.len() as u64)
            .map_err(|error| StartError::Refused(VDSO, error))?;
        self.set_real_time(0);
        let refused = |error| StartError::Refused(DECLARATIONS, error);
        let declarations = file(&archive, DECLARATIONS)?.data;
        let declaration = declarations
            .chunks_exact(DECLARATION_BYTES)
            .filter_map(Declaration::from_bytes)
            .find(|declaration| declaration.slot == Endpoint::RS.0)
            .ok_or(refused(CallError::NoSlot))?;
        self.slot_declare(&declaration).map_err(refused)?;
        let image = file(&archive, RS_IMAGE)?;
        let source = ImageSource::Archive {
            offset: image.offset,
            bytes: image.data.len() as u64,
        };
        self.create_candidate(Endpoint::RS, source)
            .map_err(|error| StartError::Refused(RS_IMAGE, error))?;
        self.rs_image = Some(source);
        self.begin_with_rs();
        Ok(())
    }

    /// The first entry: what the processor does after the start.
    pub fn run(&mut self) -> Next {
        self.enter();
        self.schedule()
    }
}

fn file<'a>(archive: &Archive<'a>, path: &'static str) -> Result<Entry<'a>, StartError> {
    archive
        .find(path.as_bytes())
        .ok_or(StartError::Missing(path))
}
