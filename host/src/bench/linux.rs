//! Debian's kernel for virtual machines, with Evernix's root as its initramfs.

use std::io::Read;
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use archive::{Archive, Entry, Kind as EntryKind};
use cpio::newc::{Builder, ModeFileType, trailer};

use super::program::{Overlay, command};
use super::{Kind, Options};
use crate::build::Configuration;
use crate::machine::{Console, Emulator, Line};
use crate::package::Package;
use crate::project::write;
use crate::run::{folder, tail};
use crate::{Built, Error, Project};

const PACKAGE: Package = Package {
    name: "linux-image-cloud-amd64",
    stands_for: Some("linux-image-"),
    remedy: "the comparison needs Debian's package; try `apt-get update`",
};
/// What the kernel is told. Mitigations cost what an emulated processor does not need.
const OPTIONS: &str = "console=ttyS0 quiet loglevel=1 panic=-1 mitigations=off rdinit=/bench-init";
const INIT: &str = "bench-init";
/// How often the emulator is looked after.
const PATIENCE: Duration = Duration::from_millis(20);

/// Linux, ready to be measured.
pub(super) struct Linux<'a> {
    project: &'a Project,
    options: &'a Options,
    kernel: PathBuf,
    initramfs: Vec<u8>,
}

impl<'a> Linux<'a> {
    pub(super) fn prepare(
        built: &'a Built,
        overlay: &Overlay,
        options: &'a Options,
    ) -> Result<Linux<'a>, Error> {
        let folder = PACKAGE.unpacked(built.project())?.join("boot");
        let archive = built.archive(&Configuration {
            overlays: vec![overlay.path()],
            ..Configuration::default()
        })?;
        let archive = Archive::read(&archive)
            .map_err(|error| Error::artifact("the boot archive", format!("{error:?}")))?;
        let made = initramfs(archive.entries(), &init(&command(options)));
        Ok(Linux {
            project: built.project(),
            options,
            kernel: kernel_in(&folder)?,
            initramfs: made.map_err(Error::Stream)?,
        })
    }

    /// The kernel's version.
    pub(super) fn release(&self) -> &str {
        let name = self.kernel.file_name().and_then(|name| name.to_str());
        name.and_then(|name| name.split_once('-'))
            .map_or("", |(_, release)| release)
    }

    /// What the program printed.
    pub(super) fn run(&self, kind: Kind) -> Result<String, Error> {
        let folder = folder::make(self.project)?;
        let archive = folder.path().join("initramfs");
        write(&archive, &self.initramfs)?;
        let (console, end) = UnixStream::pair().map_err(Error::Stream)?;
        let line = Line {
            kernel: self.kernel.clone(),
            archive,
            append: Some(OPTIONS.to_owned()),
            memory_file: None,
            log: folder.path().join("log"),
            hardware: kind.hardware(self.options.hardware),
            acceleration: kind.acceleration(),
            console: Console::Socket(end.as_raw_fd()),
            link: None,
            debug: None,
            executed: None,
        };
        let mut running = Emulator::new(&line, vec![end.into()]).start()?;
        let printed = thread::spawn(move || read_all(console));
        let deadline = Instant::now() + self.options.limit;
        let is_late = loop {
            let is_late = deadline < Instant::now();
            if is_late || running.poll()?.is_some() {
                break is_late;
            }
            thread::sleep(PATIENCE);
        };
        running.kill();
        let text = printed.join().unwrap_or_default();
        match printed_between(&text) {
            Some(lines) if !is_late => Ok(lines.to_owned()),
            _ => {
                let reason = format!("it did not come to its end; it printed\n{}", tail(&text));
                Err(Error::artifact("Linux", reason))
            }
        }
    }
}

fn read_all(mut console: UnixStream) -> String {
    let mut bytes = Vec::new();
    // What came until an error is what there is.
    let _ = console.read_to_end(&mut bytes);
    String::from_utf8_lossy(&bytes).replace('\r', "")
}

/// Around what the program prints: the console has lines of others.
const BEGIN: &str = "@begin\n";
const END: &str = "@end 0\n";

fn printed_between(text: &str) -> Option<&str> {
    let (_, rest) = text.split_once(BEGIN)?;
    rest.split_once(END).map(|(lines, _)| lines)
}

/// The script that is Linux's first program.
fn init(command: &[String]) -> String {
    let command = command.join(" ");
    format!(
        "#!/bin/sh\nmount -t proc proc /proc\nexec </dev/null >/dev/ttyS0 2>&1\n\
         echo @begin\n{command}\necho @end $?\npoweroff -f\n"
    )
}

fn kernel_in(folder: &Path) -> Result<PathBuf, Error> {
    let entries = std::fs::read_dir(folder).map_err(Error::file(folder))?;
    let mut paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let is_kernel = |path: &PathBuf| {
        let name = path.file_name().and_then(|name| name.to_str());
        name.is_some_and(|name| name.starts_with("vmlinuz-"))
    };
    paths
        .find(is_kernel)
        .ok_or_else(|| Error::artifact(PACKAGE.name, "it has no kernel"))
}

/// The root of the boot archive in the form that Linux reads, and the first program.
fn initramfs<'a>(entries: impl Iterator<Item = Entry<'a>>, init: &str) -> std::io::Result<Vec<u8>> {
    let mut made = Vec::new();
    let mut number = 0;
    for entry in entries {
        let Some(path) = entry.path.strip_prefix(b"root/") else {
            continue;
        };
        number += 1;
        let builder = Builder::new(&String::from_utf8_lossy(path)).ino(number);
        made = add(made, builder, &entry)?;
    }
    let script = Builder::new(INIT).ino(number + 1).nlink(1).mode(0o755);
    let script = script.set_mode_file_type(ModeFileType::Regular);
    made = put(made, script, init.as_bytes())?;
    trailer(made)
}

fn add(made: Vec<u8>, builder: Builder, entry: &Entry<'_>) -> std::io::Result<Vec<u8>> {
    let builder = builder
        .mode(entry.mode)
        .uid(entry.user)
        .gid(entry.group)
        .mtime(u32::try_from(entry.modified).unwrap_or(u32::MAX));
    match entry.kind {
        EntryKind::Directory => {
            let builder = builder.nlink(2).set_mode_file_type(ModeFileType::Directory);
            put(made, builder, &[])
        }
        EntryKind::File => {
            let builder = builder.nlink(1).set_mode_file_type(ModeFileType::Regular);
            put(made, builder, entry.data)
        }
        EntryKind::Link => {
            let builder = builder.nlink(1).set_mode_file_type(ModeFileType::Symlink);
            put(made, builder, entry.data)
        }
        EntryKind::CharacterDevice => {
            let mut number = [0; 8];
            number.copy_from_slice(entry.data.get(..8).unwrap_or(&[0; 8]));
            let number = u64::from_le_bytes(number);
            let builder = builder
                .nlink(1)
                .rdev_major(rustix::fs::major(number))
                .rdev_minor(rustix::fs::minor(number))
                .set_mode_file_type(ModeFileType::Char);
            put(made, builder, &[])
        }
    }
}

fn put(made: Vec<u8>, builder: Builder, content: &[u8]) -> std::io::Result<Vec<u8>> {
    let size = u32::try_from(content.len()).map_err(std::io::Error::other)?;
    let mut writer = builder.write(made, size);
    std::io::Write::write_all(&mut writer, content)?;
    writer.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use archive::{Builder as ArchiveBuilder, NewEntry};

    fn entry(kind: EntryKind, data: &[u8]) -> NewEntry {
        NewEntry {
            kind,
            mode: 0o640,
            user: 3,
            group: 4,
            modified: 5,
            data: data.to_vec(),
        }
    }

    #[test]
    fn linux_gets_the_root_and_nothing_else() {
        let mut builder = ArchiveBuilder::new();
        builder.put("system/declarations", entry(EntryKind::File, b"no"));
        builder.put("root/etc/name", entry(EntryKind::File, b"abc"));
        builder.put(
            "root/dev/zero",
            entry(EntryKind::CharacterDevice, &0x105u64.to_le_bytes()),
        );
        let bytes = builder.build().unwrap();
        let archive = Archive::read(&bytes).unwrap();
        let made = initramfs(archive.entries(), "#!/bin/sh\n").unwrap();
        let mut rest = &made[..];
        let mut found = Vec::new();
        loop {
            let reader = cpio::NewcReader::new(rest).unwrap();
            let entry = reader.entry().clone();
            if entry.is_trailer() {
                break;
            }
            found.push((entry.name().to_owned(), entry.mode(), entry.file_size()));
            if entry.name() == "dev/zero" {
                assert_eq!((entry.rdev_major(), entry.rdev_minor()), (1, 5));
            }
            rest = reader.finish().unwrap();
        }
        let expected = [
            ("dev", 0o40755, 0),
            ("dev/zero", 0o20640, 0),
            ("etc", 0o40755, 0),
            ("etc/name", 0o100_640, 3),
            (INIT, 0o100_755, 10),
        ];
        let expected = expected.map(|(name, mode, size)| (name.to_owned(), mode, size));
        assert_eq!(found, expected);
    }

    #[test]
    fn only_what_the_program_printed_is_taken() {
        let text = "noise\n@begin\nstart\t1\n@end 0\nreboot: Power down\n";
        assert_eq!(printed_between(text), Some("start\t1\n"));
        assert_eq!(printed_between("@begin\nstart\t1\n@end 1\n"), None);
        assert_eq!(printed_between("nothing"), None);
    }
}
