//! The same work with a crash at every point, followed by an update to the other version.

use super::World;
use abi::Errno;
use linux::file::flags::{O_CREAT, O_EXCL, O_RDWR, O_TRUNC};
use protocol::object;

/// Does some of everything; returns what is seen.
fn work(world: &mut World) -> Vec<Vec<u8>> {
    let handle = world.open("tmp/a", O_RDWR | O_CREAT | O_EXCL).unwrap();
    assert_eq!(world.write_at(handle, 10, &[5; 9000]), Ok(9000));
    let count = 6;
    world
        .ask(object::Write { handle, count }, &[b"append"])
        .unwrap();
    world
        .ask(object::Write { handle, count }, &[b"second"])
        .unwrap();
    world.make_directory("tmp/d").unwrap();
    world.rename("tmp/a", "tmp/d/b", 0).unwrap();
    world
        .ask(
            object::Truncate {
                handle,
                length: 5000,
            },
            &[],
        )
        .unwrap();
    world
        .ask(
            object::Truncate {
                handle,
                length: 6000,
            },
            &[],
        )
        .unwrap();
    let tool = world.open("bin/tool", O_RDWR).unwrap();
    world.write_at(tool, 4090, b"0123456789").unwrap();
    world
        .ask(
            object::Page {
                handle: tool,
                offset: 8192,
                pages: 1,
                wanted: 0,
            },
            &[],
        )
        .unwrap();
    let seen = vec![
        world.read_at(handle, 0, 10_000).unwrap(),
        world.read_at(tool, 4080, 30).unwrap(),
    ];
    world.remove("tmp/d/b", false).unwrap();
    world.close(handle);
    world.remove("tmp/d", true).unwrap();
    assert_eq!(world.remove("tmp/d", true), Err(Errno::NOENT));
    let again = world.open("bin/tool", O_RDWR | O_TRUNC).unwrap();
    world.close(again);
    world.close(tool);
    world.assert_no_page_is_lost();
    seen
}

#[test]
fn a_crash_at_any_call_changes_nothing() {
    let expected = work(&mut World::new());
    for call in 0.. {
        let mut world = World::new();
        world.kernel.crash_in.set(Some(call));
        assert_eq!(work(&mut world), expected, "crash at call {call}");
        if world.crashes == 0 {
            assert!(call > 50);
            break;
        }
    }
}

#[test]
fn absent_memory_changes_nothing() {
    let expected = work(&mut World::new());
    for absent in 1..6 {
        let mut world = World::new();
        world.kernel.absent.set(absent);
        assert_eq!(work(&mut world), expected);
        let handle = world.create("tmp/x");
        world.kernel.absent.set(absent);
        world.write_at(handle, 0, &[1; 5000]).unwrap();
        world.kernel.absent.set(absent);
        assert_eq!(world.read_at(handle, 0, 6000).unwrap(), [1; 5000]);
        world.assert_no_page_is_lost();
    }
}
