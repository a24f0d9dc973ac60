//! The boot archive: the declarations of the real system, images of all services in both versions,
//! and the executables of scripts as the root's files.

use crate::executable;
use crate::program::Script;
use archive::{Kind, NewEntry};
use evernix::system::System;
use kernel_core::host;
use std::path::Path;
use std::rc::Rc;

/// The versions of every service.
const VERSIONS: [u32; 2] = [1, 2];

/// What is booted: made once, used by any number of runs.
#[derive(Clone)]
pub struct Boot {
    /// The programs: the first one is init; the others are `/bin/1`, `/bin/2`...
    pub programs: Rc<Vec<Script>>,
    /// The boot archive. It is never freed: services see it for ever.
    pub archive: &'static [u8],
}

impl Boot {
    /// The archive for these programs.
    ///
    /// # Errors
    /// What is wrong with `system/services.toml` or cannot be put into an archive, in words.
    pub fn new(programs: Vec<Script>) -> Result<Boot, String> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../system/services.toml");
        let system = System::read(&path).map_err(|error| error.to_string())?;
        let declarations: Vec<_> = system
            .declared()
            .iter()
            .map(|one| one.declaration)
            .collect();
        let mut builder = host::archive_of(&declarations, &VERSIONS);
        for path in ["root/proc", "root/tmp", "root/dev"] {
            builder.put(path, entry(Kind::Directory, 0o755, Vec::new()));
        }
        for device in system.declared().iter().flat_map(|one| &one.devices) {
            let number = device.number.to_le_bytes().to_vec();
            let path = format!("root/{}", device.path);
            builder.put(path, entry(Kind::CharacterDevice, device.mode, number));
        }
        for (number, script) in programs.iter().enumerate() {
            let file = executable::file(number, script);
            builder.put(program_path(number), entry(Kind::File, 0o755, file));
        }
        let bytes = builder.build().map_err(|error| error.to_string())?;
        Ok(Boot {
            programs: Rc::new(programs),
            archive: bytes.leak(),
        })
    }
}

fn program_path(number: usize) -> String {
    match number {
        0 => "root/sbin/init".to_owned(),
        number => format!("root/bin/{number}"),
    }
}

fn entry(kind: Kind, mode: u32, data: Vec<u8>) -> NewEntry {
    NewEntry {
        kind,
        mode,
        user: 0,
        group: 0,
        modified: 0,
        data,
    }
}
