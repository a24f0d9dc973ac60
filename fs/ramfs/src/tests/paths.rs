//! Paths and names.

use super::World;
use super::world;
use abi::Errno;
use linux::file::flags::{
    O_CREAT, O_DIRECTORY, O_EXCL, O_NOFOLLOW, O_PATH, O_RDONLY, O_RDWR, O_TRUNC,
};
use protocol::files::{self, Walk};
use protocol::object;

fn link_text(world: &mut World, path: &str) -> Vec<u8> {
    let start = world.root;
    let (answer, leases) = world
        .ask(files::ReadLink { start }, &[path.as_bytes(), &[0; 64]])
        .unwrap();
    leases[1][..answer.mount as usize].to_vec()
}

fn list(world: &mut World, handle: protocol::Handle, room: usize) -> Vec<(u64, String)> {
    let question = object::Entries {
        handle,
        count: room as u64,
    };
    let (length, leases) = world.ask(question, &[&vec![0; room]]).unwrap();
    let mut bytes = &leases[0][..length as usize];
    let mut found = Vec::new();
    while !bytes.is_empty() {
        let length = usize::from(u16::from_le_bytes([bytes[16], bytes[17]]));
        let name = bytes[19..length].split(|byte| *byte == 0).next().unwrap();
        let next = u64::from_le_bytes(bytes[8..16].try_into().unwrap());
        found.push((next, String::from_utf8(name.to_vec()).unwrap()));
        bytes = &bytes[length..];
    }
    found
}

#[test]
fn the_root_comes_from_the_archive() {
    let mut world = World::new();
    let handle = world.open("etc/motd", O_RDONLY).unwrap();
    assert_eq!(world.read_at(handle, 0, 100).unwrap(), b"hello");
    assert_eq!(world.open("system/other", O_RDONLY), Err(Errno::NOENT));
    let null = world.opened("dev/null", O_RDWR, 0).unwrap();
    assert_eq!((null.device, null.mode), (0x103, 0o020_666));
    let stopped = world.opened("sh", O_RDONLY, 0).unwrap();
    assert_eq!((stopped.walk, stopped.consumed), (Walk::Link, 2));
    assert_eq!(link_text(&mut world, "sh"), b"bin/tool");
    assert_eq!(world.open("sh", O_RDONLY | O_NOFOLLOW), Err(Errno::LOOP));
    world.open("sh", O_PATH | O_NOFOLLOW).unwrap();
    let refused = world.open("sh", O_PATH | O_NOFOLLOW | O_DIRECTORY);
    assert_eq!(refused, Err(Errno::NOTDIR));
}

#[test]
fn walks_stop_where_they_leave() {
    let mut world = World::new();
    let above = world.opened("etc/../../x", O_RDONLY, 0).unwrap();
    assert_eq!((above.walk, above.consumed), (Walk::Above, 9));
    let directory = world.open("tmp", O_PATH).unwrap();
    world
        .ask(
            files::Cover {
                directory,
                mount: 9,
            },
            &[],
        )
        .unwrap();
    let mount = world.opened("tmp//a", O_RDONLY, 0).unwrap();
    assert_eq!(
        (mount.walk, mount.consumed, mount.handle.0),
        (Walk::Mount, 3, 9)
    );
    assert_eq!(world.remove("tmp", true), Err(Errno::BUSY));
    assert_eq!(world.make_directory("tmp"), Err(Errno::EXIST));
    world
        .ask(
            files::Cover {
                directory,
                mount: 0,
            },
            &[],
        )
        .unwrap();
    world.open("tmp/a", O_RDWR | O_CREAT).unwrap();
    assert_eq!(world.open("etc/motd/", O_RDONLY), Err(Errno::NOTDIR));
    assert_eq!(world.open("etc/motd/x", O_RDONLY), Err(Errno::NOTDIR));
    assert_eq!(world.open("no/x", O_RDONLY), Err(Errno::NOENT));
    assert_eq!(
        world.open(&"n".repeat(256), O_RDONLY),
        Err(Errno::NAMETOOLONG)
    );
}

#[test]
fn creation_obeys_its_flags() {
    let mut world = World::new();
    world.create("tmp/new");
    assert_eq!(
        world.open("tmp/new", O_RDWR | O_CREAT | O_EXCL),
        Err(Errno::EXIST)
    );
    assert_eq!(
        world.open("sh", O_RDWR | O_CREAT | O_EXCL),
        Err(Errno::EXIST)
    );
    assert_eq!(world.open("tmp", O_RDWR), Err(Errno::ISDIR));
    assert_eq!(world.open("tmp", O_RDONLY | O_CREAT), Err(Errno::ISDIR));
    assert_eq!(world.open("tmp/x/", O_RDWR | O_CREAT), Err(Errno::ISDIR));
    let handle = world.open("etc/motd", O_RDWR | O_TRUNC).unwrap();
    assert_eq!(world.size(handle), 0);
}

#[test]
fn permissions_are_checked() {
    let mut world = World::new();
    world.user = 1000;
    assert_eq!(world.open("etc/motd", O_RDWR), Err(Errno::ACCES));
    assert_eq!(world.open("etc/new", O_RDWR | O_CREAT), Err(Errno::ACCES));
    world.create("tmp/mine");
    world.user = 1001;
    assert_eq!(world.open("tmp/mine", O_RDWR), Err(Errno::ACCES));
    assert_eq!(world.remove("tmp/mine", false), Err(Errno::PERM));
    assert_eq!(world.rename("tmp/mine", "tmp/yours", 0), Err(Errno::PERM));
    let start = world.root;
    let refused = world.ask(
        files::SetMode {
            start,
            follow: true,
            mode: 0o777,
        },
        &[b"tmp/mine"],
    );
    assert_eq!(refused.unwrap_err(), Errno::PERM);
    world.user = 1000;
    world.remove("tmp/mine", false).unwrap();
}

#[test]
fn a_listing_is_stable_while_names_come_and_go() {
    let mut world = World::new();
    for name in ["a", "b", "c", "d"] {
        world.make_directory(&format!("tmp/{name}")).unwrap();
    }
    let handle = world.open("tmp", O_RDONLY | O_DIRECTORY).unwrap();
    let first = list(&mut world, handle, 24 * 4);
    let names: Vec<&str> = first.iter().map(|(_, name)| name.as_str()).collect();
    assert_eq!(names, [".", "..", "a", "b"]);
    world.remove("tmp/a", true).unwrap();
    world.remove("tmp/c", true).unwrap();
    world.make_directory("tmp/e").unwrap();
    world.replace(true);
    let rest = list(&mut world, handle, 1000);
    let names: Vec<&str> = rest.iter().map(|(_, name)| name.as_str()).collect();
    assert_eq!(names, ["d", "e"]);
    assert!(list(&mut world, handle, 1000).is_empty());
    let question = object::Seek {
        handle,
        offset: first[0].0.cast_signed(),
        whence: object::Whence::Set,
    };
    world.ask(question, &[]).unwrap();
    assert_eq!(list(&mut world, handle, 1000)[0].1, "..");
    let small = object::Entries { handle, count: 10 };
    world.ask(question, &[]).unwrap();
    assert_eq!(world.ask(small, &[&[0; 10]]).unwrap_err(), Errno::INVAL);
}

#[test]
fn renaming_obeys_its_rules() {
    let mut world = World::new();
    world.make_directory("tmp/a").unwrap();
    world.make_directory("tmp/a/b").unwrap();
    world.create("tmp/f");
    assert_eq!(world.rename("tmp/a", "tmp/a/b/c", 0), Err(Errno::INVAL));
    assert_eq!(world.rename("tmp/a/b", "tmp/a", 0), Err(Errno::NOTEMPTY));
    assert_eq!(world.rename("tmp/a", "tmp/f", 0), Err(Errno::NOTDIR));
    assert_eq!(world.rename("tmp/f", "tmp/a", 0), Err(Errno::ISDIR));
    assert_eq!(world.rename("tmp/f", "tmp/a", 1), Err(Errno::EXIST));
    assert_eq!(world.rename("tmp/f", "tmp/no", 2), Err(Errno::NOENT));
    world.rename("tmp/f", "tmp/a/b", 2).unwrap();
    world.open("tmp/f", O_DIRECTORY).unwrap();
    assert_eq!(world.open("tmp/a/b", O_DIRECTORY), Err(Errno::NOTDIR));
    assert_eq!(world.remove("tmp/a", true), Err(Errno::NOTEMPTY));
    world.rename("tmp/a/b", "tmp/f2", 0).unwrap();
    world.remove("tmp/a", true).unwrap();
}

#[test]
fn links_name_the_same_file() {
    let mut world = World::new();
    let object = world.create("tmp/one");
    world.write_at(object, 0, b"shared").unwrap();
    let (directory, name) = world.place("tmp/two");
    world
        .ask(files::Link { object, directory }, &[&name])
        .unwrap();
    world.rename("tmp/one", "tmp/two", 0).unwrap();
    world.remove("tmp/one", false).unwrap();
    let handle = world.open("tmp/two", O_RDONLY).unwrap();
    assert_eq!(world.read_at(handle, 0, 10).unwrap(), b"shared");
    world.remove("tmp/two", false).unwrap();
    assert_eq!(world.read_at(object, 0, 10).unwrap(), b"shared");
    let gone = world.ask(files::Link { object, directory }, &[&name]);
    assert_eq!(gone.unwrap_err(), Errno::NOENT);
    world.close(handle);
    world.close(object);
    world.assert_no_page_is_lost();
    assert!(world.kernel.kept.borrow().is_empty());
}

#[test]
fn a_directory_tells_its_path_until_it_is_removed() {
    let mut world = World::new();
    world.make_directory("tmp/a").unwrap();
    let directory = world.open("tmp/a", O_PATH).unwrap();
    let asked = world.ask(files::PathOf { directory }, &[&[0; 64]]).unwrap();
    assert_eq!(&asked.1[0][..asked.0 as usize], b"/tmp/a");
    world.remove("tmp/a", true).unwrap();
    let gone = world.ask(files::PathOf { directory }, &[&[0; 64]]);
    assert_eq!(gone.unwrap_err(), Errno::NOENT);
    let start = directory;
    let refused = world.ask(files::MakeDirectory { start, mode: 0o755 }, &[b"x"]);
    assert_eq!(refused.unwrap_err(), Errno::NOENT);
}

#[test]
fn the_last_name_of_a_parent_is_found() {
    let mut world = World::new();
    let start = world.root;
    let opened = world
        .ask(files::OpenParent { start }, &[b"tmp//x/"])
        .unwrap()
        .0;
    assert_eq!((opened.walk, opened.consumed), (Walk::Done, 5));
    let refused = world.ask(files::OpenParent { start }, &[b"tmp/.."]);
    assert_eq!(refused.unwrap_err(), Errno::BUSY);
    assert_eq!(world.remove("tmp/.", true), Err(Errno::INVAL));
    assert_eq!(world.remove("tmp", false), Err(Errno::ISDIR));
    assert_eq!(world.remove("etc/motd", true), Err(Errno::NOTDIR));
    assert_eq!(world.remove("etc/motd/", false), Err(Errno::NOTDIR));
}

#[test]
fn an_archive_may_be_bad() {
    assert!(archive::Archive::read(b"no archive").is_err());
    let sample = world::entry(archive::Kind::File, 0o644, b"");
    assert_eq!(sample.modified, 5);
}
