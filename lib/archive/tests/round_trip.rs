//! What is built is read back; what was damaged is refused, never a panic.
#![cfg(feature = "build")]

use archive::{Archive, ArchiveError, BuildError, Builder, Kind, NewEntry, PAGE};

fn entry(kind: Kind, data: &[u8]) -> NewEntry {
    NewEntry {
        kind,
        mode: 0o644,
        user: 1,
        group: 2,
        modified: 77,
        data: data.to_vec(),
    }
}

fn sample() -> Vec<u8> {
    let mut builder = Builder::new();
    builder.put(
        "root/etc/passwd",
        entry(Kind::File, b"root:x:0:0::/:/bin/sh\n"),
    );
    builder.put("root/bin/sh", entry(Kind::Link, b"busybox"));
    builder.put("root/bin/busybox", entry(Kind::File, &[7; 10_000]));
    builder.put(
        "root/dev/null",
        entry(Kind::CharacterDevice, &0x103_u64.to_le_bytes()),
    );
    builder.put("system/empty", entry(Kind::File, b""));
    builder.build().expect("a sound archive")
}

#[test]
fn every_entry_is_read_back_in_order() {
    let bytes = sample();
    assert!(bytes.len().is_multiple_of(PAGE));
    let archive = Archive::read(&bytes).expect("an archive");
    let paths: Vec<_> = archive
        .entries()
        .map(|e| String::from_utf8_lossy(e.path))
        .collect();
    let expected = [
        "root",
        "root/bin",
        "root/bin/busybox",
        "root/bin/sh",
        "root/dev",
        "root/dev/null",
        "root/etc",
        "root/etc/passwd",
        "system",
        "system/empty",
    ];
    assert_eq!(paths, expected);
    let busybox = archive.find(b"root/bin/busybox").expect("busybox");
    assert_eq!(
        (busybox.data, busybox.mode, busybox.user),
        (&[7; 10_000][..], 0o644, 1)
    );
    let offset = usize::try_from(busybox.offset).expect("small");
    assert!(offset.is_multiple_of(PAGE) && bytes[offset..].starts_with(busybox.data));
    assert_eq!(archive.find(b"root/bin/sh").expect("sh").data, b"busybox");
    assert_eq!(
        archive.find(b"root/dev/null").and_then(|e| e.device()),
        Some(0x103)
    );
    let in_bin = archive.starting_with(b"root/bin/");
    assert!(
        in_bin
            .map(|e| e.path)
            .eq([&b"root/bin/busybox"[..], b"root/bin/sh"])
    );
    assert_eq!(archive.starting_with(b"sz").count(), 0);
    assert_eq!(archive.find(b"root/bin/s"), None);
    assert_eq!(archive.find(b"z"), None);
}

#[test]
fn every_cut_is_refused_or_loses_only_padding() {
    let bytes = sample();
    let whole = Archive::read(&bytes).expect("an archive").entries().count();
    for length in 0..bytes.len() {
        if let Ok(archive) = Archive::read(&bytes[..length]) {
            assert_eq!(archive.entries().count(), whole);
        }
    }
    assert_eq!(Archive::read(b"ELF").err(), Some(ArchiveError::BadMagic));
}

#[test]
fn every_damaged_byte_of_the_head_is_survived() {
    let bytes = sample();
    for at in 0..1200 {
        for value in [0, 1, 0x2f, 0x80, 0xff] {
            let mut damaged = bytes.clone();
            damaged[at] = value;
            if let Ok(archive) = Archive::open(&damaged) {
                let _ = archive.find(b"root/bin/sh");
                archive
                    .entries()
                    .for_each(|entry| assert!(entry.mode <= 0o7777));
            }
        }
    }
}

#[test]
fn what_no_reader_accepts_is_not_built() {
    for path in ["", "/a", "a/", "a//b", "a/../b", "a\0b"] {
        let mut builder = Builder::new();
        builder.put(path, entry(Kind::File, b""));
        assert!(
            matches!(builder.build(), Err(BuildError::Unsound(..))),
            "{path:?}"
        );
    }
    let mut builder = Builder::new();
    builder.put("a", entry(Kind::File, b""));
    builder.put("a/b", entry(Kind::File, b""));
    assert_eq!(
        builder.build(),
        Err(BuildError::ParentIsNoDirectory("a/b".into()))
    );
}
