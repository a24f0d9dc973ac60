//! What is in files.

use super::World;
use abi::Errno;
use linux::file::flags::{O_APPEND, O_RDONLY, O_RDWR};
use protocol::object::{self, Whence};

#[test]
fn an_archived_file_is_copied_page_by_page() {
    let mut world = World::new();
    let handle = world.open("bin/tool", O_RDWR).unwrap();
    let mut model = world.read_at(handle, 0, 20_000).unwrap();
    assert_eq!(model.len(), 10_000);
    assert!(world.kernel.kept.borrow().is_empty());
    world.write_at(handle, 5000, b"patch").unwrap();
    model[5000..5005].copy_from_slice(b"patch");
    assert_eq!(world.kernel.kept.borrow().len(), 1);
    assert_eq!(world.read_at(handle, 0, 20_000).unwrap(), model);
    world.write_at(handle, 12_000, b"far").unwrap();
    model.resize(12_000, 0);
    model.extend_from_slice(b"far");
    assert_eq!(world.read_at(handle, 0, 20_000).unwrap(), model);
}

#[test]
fn a_file_that_was_cut_grows_with_zeroes() {
    let mut world = World::new();
    let handle = world.open("bin/tool", O_RDWR).unwrap();
    let before = world.read_at(handle, 0, 100).unwrap();
    world
        .ask(
            object::Truncate {
                handle,
                length: 100,
            },
            &[],
        )
        .unwrap();
    world
        .ask(
            object::Truncate {
                handle,
                length: 9000,
            },
            &[],
        )
        .unwrap();
    let mut model = before;
    model.resize(9000, 0);
    assert_eq!(world.read_at(handle, 0, 9001).unwrap(), model);
    world.write_at(handle, 0, &[7; 8192]).unwrap();
    world
        .ask(object::Truncate { handle, length: 10 }, &[])
        .unwrap();
    world.write_at(handle, 20, &[9]).unwrap();
    let expected = [vec![7; 10], vec![0; 10], vec![9]].concat();
    assert_eq!(world.read_at(handle, 0, 100).unwrap(), expected);
    world.assert_no_page_is_lost();
}

#[test]
fn appending_goes_to_the_end() {
    let mut world = World::new();
    world.create("tmp/log");
    let handle = world.open("tmp/log", O_RDWR | O_APPEND).unwrap();
    for text in [&b"one "[..], b"two"] {
        let count = text.len() as u64;
        world.ask(object::Write { handle, count }, &[text]).unwrap();
        world.replace(true);
    }
    assert_eq!(world.read_at(handle, 0, 100).unwrap(), b"one two");
}

#[test]
fn a_full_system_writes_what_fits() {
    let mut world = World::new();
    world.kernel.quota.set(3);
    let handle = world.create("tmp/big");
    assert_eq!(
        world.write_at(handle, 100, &[1; 5 * 4096]),
        Ok(3 * 4096 - 100)
    );
    assert_eq!(world.write_at(handle, 1 << 20, b"x"), Err(Errno::NOSPC));
    assert_eq!(world.write_at(handle, 0, b"over"), Ok(4));
    assert_eq!(world.size(handle), 3 * 4096);
    world.assert_no_page_is_lost();
    world
        .ask(object::Truncate { handle, length: 0 }, &[])
        .unwrap();
    assert_eq!(world.write_at(handle, 1 << 20, b"x"), Ok(1));
    assert_eq!(
        world.write_at(handle, u64::MAX >> 1, b"x"),
        Err(Errno::FBIG)
    );
}

#[test]
fn holes_and_data_are_found() {
    let mut world = World::new();
    let handle = world.create("tmp/sparse");
    world.write_at(handle, 3 * 4096, b"data").unwrap();
    let mut seek = |offset, whence| {
        let question = object::Seek {
            handle,
            offset,
            whence,
        };
        world.ask(question, &[]).map(|found| found.0)
    };
    assert_eq!(seek(0, Whence::Data), Ok(3 * 4096));
    assert_eq!(seek(0, Whence::Hole), Ok(0));
    assert_eq!(seek(3 * 4096 + 1, Whence::Hole), Ok(3 * 4096 + 4));
    assert_eq!(seek(3 * 4096 + 4, Whence::Data), Err(Errno::NXIO));
    assert_eq!(seek(-1, Whence::End), Ok(3 * 4096 + 3));
    assert_eq!(seek(-1, Whence::Set), Err(Errno::INVAL));
}

fn fault(
    world: &mut World,
    handle: protocol::Handle,
    offset: u64,
    pages: u32,
) -> Result<Vec<u8>, Errno> {
    let (first, lent) = fault_around(world, handle, offset, (pages, 0))?;
    assert_eq!(first, 0);
    Ok(lent)
}

/// A fault on one of so many pages: from which of them on pages are lent.
fn fault_around(
    world: &mut World,
    handle: protocol::Handle,
    offset: u64,
    (pages, wanted): (u32, u32),
) -> Result<(u64, Vec<u8>), Errno> {
    let question = object::Page {
        handle,
        offset,
        pages,
        wanted,
    };
    world.ask(question, &[])?;
    Ok(world.kernel.lent.take())
}

#[test]
fn pages_are_lent() {
    let mut world = World::new();
    let handle = world.open("bin/tool", O_RDWR).unwrap();
    let all = world.read_at(handle, 0, 10_000).unwrap();
    assert_eq!(fault(&mut world, handle, 0, 8).unwrap(), all[..8192]);
    let last = fault(&mut world, handle, 8192, 1).unwrap();
    assert_eq!(last[..1808], all[8192..]);
    assert!(last[1808..].iter().all(|byte| *byte == 0));
    assert_eq!(fault(&mut world, handle, 12_288, 1), Err(Errno::NXIO));
    world.write_at(handle, 4096, &[3; 4096]).unwrap();
    world
        .ask(
            object::Truncate {
                handle,
                length: 4100,
            },
            &[],
        )
        .unwrap();
    let cut = fault(&mut world, handle, 4096, 4).unwrap();
    assert_eq!(cut, [vec![3; 4], vec![0; 4092]].concat());
    let sparse = world.create("tmp/sparse");
    world
        .ask(
            object::Truncate {
                handle: sparse,
                length: 8192,
            },
            &[],
        )
        .unwrap();
    assert_eq!(fault(&mut world, sparse, 4096, 1).unwrap(), vec![0; 4096]);
    world.assert_no_page_is_lost();
}

#[test]
fn what_lies_together_with_the_wanted_page_is_lent() {
    let mut world = World::new();
    // Two pages of the archive, and a third that the file fills in part.
    let handle = world.open("bin/tool", O_RDWR).unwrap();
    let all = world.read_at(handle, 0, 10_000).unwrap();
    let around = |world: &mut World, wanted| fault_around(world, handle, 0, (3, wanted)).unwrap();
    assert_eq!(around(&mut world, 1), (0, all[..8192].to_vec()));
    let (first, last) = around(&mut world, 2);
    assert_eq!((first, &last[..1808]), (2, &all[8192..]));
    assert_eq!(around(&mut world, 0), (0, all[..8192].to_vec()));
    world.write_at(handle, 4096, &[3; 4096]).unwrap();
    assert_eq!(around(&mut world, 0), (0, all[..4096].to_vec()));
    assert_eq!(around(&mut world, 1).0, 1);
    let beyond = fault_around(&mut world, handle, 0, (4, 3));
    assert_eq!(beyond, Err(Errno::NXIO));
    world.assert_no_page_is_lost();
}

#[test]
fn a_read_only_description_is_not_written() {
    let mut world = World::new();
    let handle = world.open("etc/motd", O_RDONLY).unwrap();
    assert_eq!(world.write_at(handle, 0, b"x"), Err(Errno::BADF));
    let question = object::Truncate { handle, length: 0 };
    assert_eq!(world.ask(question, &[]).unwrap_err(), Errno::INVAL);
}
