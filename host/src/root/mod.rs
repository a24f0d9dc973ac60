//! The root's files: `system/root`, device files, busybox and its names, our programs, overlays.

mod busybox;
mod tree;

use archive::{Builder, Kind, NewEntry};

pub use busybox::busybox;
pub(crate) use tree::add_tree;

use crate::build::{Binary, plain_file};
use crate::system::System;
use crate::{Error, Project, project};

/// The folders that have to be there though no file is in them, and their permissions.
const FOLDERS: [(&str, u32); 11] = [
    ("dev", 0o755),
    ("home", 0o755),
    ("mnt", 0o755),
    ("proc", 0o555),
    ("root", 0o700),
    ("run", 0o755),
    ("tmp", 0o1777),
    ("usr/bin", 0o755),
    ("usr/sbin", 0o755),
    ("var/log", 0o755),
    ("var/tmp", 0o1777),
];

/// Adds everything that every boot has.
pub(crate) fn add(
    archive: &mut Builder,
    project: &Project,
    system: &System,
    programs: &[Binary],
) -> Result<(), Error> {
    for (path, mode) in FOLDERS {
        archive.put(format!("root/{path}"), folder(mode));
    }
    add_devices(archive, system);
    busybox::add(archive, project)?;
    for program in programs {
        let content = project::read(&program.path)?;
        archive.put(format!("root/{}", program.name), plain_file(content, 0o755));
    }
    add_tree(archive, &project.source("system/root"))
}

fn folder(mode: u32) -> NewEntry {
    NewEntry {
        kind: Kind::Directory,
        ..plain_file(Vec::new(), mode)
    }
}

fn link(target: &[u8]) -> NewEntry {
    NewEntry {
        kind: Kind::Link,
        ..plain_file(target.to_vec(), 0o777)
    }
}

fn add_devices(archive: &mut Builder, system: &System) {
    for device in system.declared().iter().flat_map(|one| &one.devices) {
        let entry = NewEntry {
            kind: Kind::CharacterDevice,
            ..plain_file(device.number.to_le_bytes().to_vec(), device.mode)
        };
        archive.put(format!("root/{}", device.path), entry);
    }
    let links = [
        ("fd", "/proc/self/fd"),
        ("stdin", "fd/0"),
        ("stdout", "fd/1"),
        ("stderr", "fd/2"),
    ];
    for (name, target) in links {
        archive.put(format!("root/dev/{name}"), link(target.as_bytes()));
    }
}
