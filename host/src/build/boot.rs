//! The boot archive: the system's files, the root's files, and what one boot is for.

use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use archive::{Builder, Kind, NewEntry};

use super::images::ServiceImage;
use crate::system::{Permit, System};
use crate::{Error, root};

/// The folder with the names of the services' functions, for `service crashes`.
const SYMBOLS: &str = "/usr/lib/evernix/symbols";

/// What the kernel and rs read of the services' rights.
const DECLARATIONS: &str = "system/declarations";

/// What a boot is for.
#[derive(Clone, Debug, Default)]
pub struct Configuration {
    /// What init runs.
    pub mode: Mode,
    /// Rows and columns of the console, when known.
    pub size: Option<(u16, u16)>,
    /// Folders whose content is laid over the root, later ones over earlier ones.
    pub overlays: Vec<PathBuf>,
    /// What services may do in this boot beyond what is declared.
    pub permits: Vec<Permit>,
}

/// What init runs.
#[derive(Clone, Debug, Default)]
pub enum Mode {
    /// A shell on the console.
    #[default]
    Shell,
    /// A command with the host's streams.
    Exec(Vec<OsString>),
}

/// A plain file that belongs to root.
pub(crate) fn plain_file(data: Vec<u8>, mode: u32) -> NewEntry {
    NewEntry {
        kind: Kind::File,
        mode,
        user: 0,
        group: 0,
        modified: 0,
        data,
    }
}

/// Adds what the kernel and rs read.
pub(super) fn add_system(archive: &mut Builder, images: &[ServiceImage], vdso: &[u8]) {
    archive.put("system/vdso", plain_file(vdso.to_vec(), 0o444));
    for image in images {
        let path = format!("system/services/{}/{}", image.name, image.version);
        archive.put(path, plain_file(image.content.clone(), 0o444));
        let path = format!("root{SYMBOLS}/{}-{}", image.name, image.version);
        archive.put(path, plain_file(image.symbols.clone(), 0o444));
    }
}

/// The archive for one boot.
pub(super) fn archive(
    base: &Builder,
    system: &System,
    configuration: &Configuration,
) -> Result<Vec<u8>, Error> {
    let mut archive = base.clone();
    let declarations = system.pack(&configuration.permits);
    archive.put(DECLARATIONS, plain_file(declarations, 0o444));
    for overlay in &configuration.overlays {
        root::add_tree(&mut archive, overlay)?;
    }
    let put = |archive: &mut Builder, path: &str, data: Vec<u8>| {
        archive.put(path, plain_file(data, 0o444));
    };
    put(
        &mut archive,
        "root/etc/evernix/run",
        run_file(configuration).into_bytes(),
    );
    if let Mode::Exec(words) = &configuration.mode {
        put(
            &mut archive,
            "root/etc/evernix/command",
            command_file(words),
        );
    }
    archive
        .build()
        .map_err(|error| Error::artifact("the boot archive", error))
}

/// The lines that init reads (`user/init/src/settings.rs`).
fn run_file(configuration: &Configuration) -> String {
    let mode = match configuration.mode {
        Mode::Shell => "shell",
        Mode::Exec(_) => "exec",
    };
    let size = match configuration.size {
        Some((rows, columns)) => format!("rows={rows}\ncolumns={columns}\n"),
        None => String::new(),
    };
    format!("mode={mode}\n{size}")
}

/// The command and its arguments, each followed by a zero.
fn command_file(words: &[OsString]) -> Vec<u8> {
    let mut file = Vec::new();
    for word in words {
        file.extend_from_slice(word.as_bytes());
        file.push(0);
    }
    file
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_init_reads() {
        let configuration = Configuration {
            mode: Mode::Exec(vec!["echo".into(), "".into(), "a b".into()]),
            size: Some((24, 80)),
            ..Configuration::default()
        };
        assert_eq!(run_file(&configuration), "mode=exec\nrows=24\ncolumns=80\n");
        let bytes = archive(&Builder::new(), &System::default(), &configuration).unwrap();
        let read = archive::Archive::read(&bytes).unwrap();
        let command = read.find(b"root/etc/evernix/command").unwrap();
        assert_eq!(command.data, b"echo\0\0a b\0");
    }
}
