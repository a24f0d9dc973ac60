//! Paths, names and descriptors, through the calls of programs.

use super::World;
use super::files::Content;
use abi::{Errno, Pid};
use linux::file::flags::{AT_FDCWD, O_CREAT, O_EXCL, O_PATH, O_RDONLY, O_RDWR, O_TRUNC, O_WRONLY};
use linux::file::mode;
use linux_raw_sys::general as raw;
use protocol::descriptors;
use std::collections::BTreeMap;

const HERE: u64 = AT_FDCWD as i64 as u64;

fn directory() -> Content {
    Content::Directory(BTreeMap::new())
}

fn link(text: &str) -> Content {
    Content::Link(text.as_bytes().to_vec())
}

/// A world with some files.
fn prepared() -> World {
    let mut world = World::new();
    let files = &mut world.neighbours.ramfs;
    for path in ["/dir", "/dir/sub", "/proc", "/dev", "/bin"] {
        files.put(path, mode::S_IFDIR | 0o755, directory());
    }
    let file = Content::File(b"hello world".to_vec());
    files.put("/dir/file", mode::S_IFREG | 0o644, file.clone());
    files.put("/bin/program", mode::S_IFREG | 0o755, file);
    files.put("/dir/relative", mode::S_IFLNK | 0o777, link("sub/../file"));
    files.put("/dir/sub/up", mode::S_IFLNK | 0o777, link("../.."));
    files.put("/absolute", mode::S_IFLNK | 0o777, link("/dir/sub"));
    files.put("/loop", mode::S_IFLNK | 0o777, link("loop"));
    files.put("/dev/null", mode::S_IFCHR | 0o666, Content::Special(0x103));
    files.put("/dev/lost", mode::S_IFCHR | 0o666, Content::Special(0x6300));
    let version = Content::File(b"version".to_vec());
    world
        .neighbours
        .procfs
        .put("/version", mode::S_IFREG | 0o444, version);
    world
}

fn open(world: &mut World, path: &str, flags: u32) -> i64 {
    let path = world.text(path);
    world.call(1, raw::__NR_open, &[path, u64::from(flags), 0o666])
}

fn read(world: &mut World, number: i64, count: u64) -> Vec<u8> {
    let buffer = world.put(&[0; 64]);
    let length = world.call(1, raw::__NR_read, &[number as u64, buffer, count]);
    world.memory(buffer, usize::try_from(length).unwrap())
}

fn node_of(world: &mut World, path: &str) -> Result<u64, i64> {
    let path = world.text(path);
    let buffer = world.put(&[0; 144]);
    match world.call(1, raw::__NR_stat, &[path, buffer]) {
        0 => Ok(u64::from_le_bytes(
            world.memory(buffer + 8, 8).try_into().unwrap(),
        )),
        error => Err(error),
    }
}

fn mount_proc(world: &mut World) {
    let (source, target, kind) = (world.text("proc"), world.text("/proc"), world.text("proc"));
    assert_eq!(
        world.call(1, raw::__NR_mount, &[source, target, kind, 0, 0]),
        0
    );
}

fn working_directory(world: &mut World) -> String {
    let buffer = world.put(&[0; 64]);
    let length = world.call(1, raw::__NR_getcwd, &[buffer, 64]);
    let bytes = world.memory(buffer, usize::try_from(length).unwrap() - 1);
    String::from_utf8(bytes).unwrap()
}

#[test]
fn links_are_followed_wherever_they_lead() {
    let mut world = prepared();
    let file = node_of(&mut world, "/dir/file").unwrap();
    for path in [
        "dir/relative",
        "/absolute/../file",
        "/absolute/up/dir/file",
        "//dir///./file",
        "/../../dir/file",
    ] {
        assert_eq!(node_of(&mut world, path), Ok(file), "{path}");
    }
    assert_eq!(node_of(&mut world, "/loop"), Err(Errno::LOOP.result()));
    assert_eq!(
        node_of(&mut world, "/dir/file/"),
        Err(Errno::NOTDIR.result()).or(Ok(file))
    );
    assert_eq!(node_of(&mut world, ""), Err(Errno::NOENT.result()));
    assert_eq!(node_of(&mut world, "/none/x"), Err(Errno::NOENT.result()));
    let long = "x/".repeat(3000);
    assert_eq!(node_of(&mut world, &long), Err(Errno::NAMETOOLONG.result()));
}

#[test]
fn mounts_are_entered_and_left() {
    let mut world = prepared();
    let before = node_of(&mut world, "/proc").unwrap();
    mount_proc(&mut world);
    assert_ne!(node_of(&mut world, "/proc"), Ok(before));
    let number = open(&mut world, "/proc/version", O_RDONLY);
    assert_eq!(read(&mut world, number, 64), b"version");
    let file = node_of(&mut world, "/dir/file").unwrap();
    assert_eq!(node_of(&mut world, "/proc/../dir/file"), Ok(file));
    assert_eq!(node_of(&mut world, "proc/../../proc/../dir/file"), Ok(file));
    let path = world.text("/proc");
    assert_eq!(world.call(1, raw::__NR_chdir, &[path]), 0);
    assert_eq!(working_directory(&mut world), "/proc");
    assert_eq!(node_of(&mut world, "../dir/file"), Ok(file));
    assert_eq!(
        world.call(1, raw::__NR_rmdir, &[path]),
        Errno::BUSY.result()
    );
    assert_eq!(
        world.call(1, raw::__NR_umount2, &[path, 0]),
        Errno::BUSY.result()
    );
    let root = world.text("/");
    assert_eq!(world.call(1, raw::__NR_chdir, &[root]), 0);
    assert_eq!(world.call(1, raw::__NR_close, &[number as u64]), 0);
    assert_eq!(world.call(1, raw::__NR_umount2, &[path, 0]), 0);
    assert_eq!(node_of(&mut world, "/proc"), Ok(before));
    assert_eq!(
        world.call(1, raw::__NR_umount2, &[path, 0]),
        Errno::INVAL.result()
    );
    // The mount's root, the process's root, its working directory.
    assert_eq!(world.neighbours.open_handles(), [3, 0, 0, 0]);
}

#[test]
fn only_root_mounts_and_only_what_there_is() {
    let mut world = prepared();
    let (target, kind) = (world.text("/proc"), world.text("tmpfs"));
    let mount = |world: &mut World| world.call(1, raw::__NR_mount, &[0, target, kind, 0, 0]);
    assert_eq!(mount(&mut world), Errno::NODEV.result());
    world.user = 5;
    assert_eq!(mount(&mut world), Errno::PERM.result());
    assert_eq!(world.neighbours.open_handles(), [2, 0, 0, 0]);
}

#[test]
fn a_root_of_its_own_cannot_be_left() {
    let mut world = prepared();
    let files = &mut world.neighbours.ramfs;
    files.put("/dir/dir", mode::S_IFDIR | 0o755, directory());
    files.put("/dir/dir/sub", mode::S_IFDIR | 0o755, directory());
    let inside = files.put(
        "/dir/dir/file",
        mode::S_IFREG | 0o644,
        Content::File(Vec::new()),
    );
    files.put("/dir/to", mode::S_IFLNK | 0o777, link("../dir/sub"));
    let (path, root) = (world.text("/dir"), world.text("/"));
    assert_eq!(world.call(1, raw::__NR_chroot, &[path]), 0);
    assert_eq!(world.call(1, raw::__NR_chdir, &[root]), 0);
    assert_eq!(working_directory(&mut world), "/");
    for path in [
        "/../dir/file",
        "dir/sub/../file",
        "../../dir/file",
        "/to/../file",
    ] {
        assert_eq!(node_of(&mut world, path), Ok(inside), "{path}");
    }
    let sub = world.text("to");
    assert_eq!(world.call(1, raw::__NR_chdir, &[sub]), 0);
    assert_eq!(working_directory(&mut world), "/dir/sub");
    assert_eq!(node_of(&mut world, "../file"), Ok(inside));
}

#[test]
fn opening_makes_truncates_and_refuses() {
    let mut world = prepared();
    let number = open(&mut world, "/dir/new", O_CREAT | O_EXCL | O_RDWR);
    assert_eq!(number, 0);
    let made = world.neighbours.ramfs.nodes.values().last().unwrap().mode;
    assert_eq!(made, mode::S_IFREG | 0o644, "the umask applies");
    let again = open(&mut world, "/dir/new", O_CREAT | O_EXCL | O_RDWR);
    assert_eq!(again, Errno::EXIST.result());
    let bytes = world.put(b"some bytes");
    assert_eq!(world.call(1, raw::__NR_write, &[0, bytes, 10]), 10);
    assert_eq!(world.call(1, raw::__NR_lseek, &[0, 5, 0]), 5);
    assert_eq!(read(&mut world, 0, 64), b"bytes");
    let reader = open(&mut world, "/dir/new", O_RDONLY);
    assert_eq!(
        world.call(1, raw::__NR_write, &[1, bytes, 1]),
        Errno::BADF.result()
    );
    assert_eq!(
        world.call(1, raw::__NR_write, &[7, bytes, 1]),
        Errno::BADF.result()
    );
    assert_eq!(open(&mut world, "/dir/new", O_WRONLY | O_TRUNC), 2);
    assert_eq!(read(&mut world, reader, 64), b"");
    assert_eq!(open(&mut world, "/none", O_RDONLY), Errno::NOENT.result());
    assert_eq!(
        open(&mut world, "/dev/lost", O_RDONLY),
        Errno::NXIO.result()
    );
    let directory = open(&mut world, "/dir", O_RDONLY);
    let buffer = world.put(&[0; 16]);
    let read = world.call(1, raw::__NR_read, &[directory as u64, buffer, 1]);
    assert_eq!(read, Errno::ISDIR.result());
    world.call(1, raw::__NR_close_range, &[0, u64::from(u32::MAX), 0]);
    assert_eq!(world.neighbours.open_handles(), [2, 0, 0, 0]);
}

#[test]
fn a_device_has_the_attributes_of_its_node() {
    let mut world = prepared();
    let node = node_of(&mut world, "/dev/null").unwrap();
    let number = open(&mut world, "/dev/null", O_RDWR);
    assert_eq!(world.neighbours.open_handles(), [3, 0, 0, 1]);
    let buffer = world.put(&[0; 144]);
    assert_eq!(world.call(1, raw::__NR_fstat, &[number as u64, buffer]), 0);
    assert_eq!(world.memory(buffer + 8, 1), [node as u8]);
    assert_eq!(read(&mut world, number, 6), b"device");
    assert_eq!(world.call(1, raw::__NR_close, &[number as u64]), 0);
    assert_eq!(world.neighbours.open_handles(), [2, 0, 0, 0]);
    let named = open(&mut world, "/dev/null", O_PATH);
    assert_eq!(world.neighbours.open_handles(), [3, 0, 0, 0]);
    let read = world.call(1, raw::__NR_read, &[named as u64, buffer, 1]);
    assert_eq!(read, Errno::BADF.result());
}

#[test]
fn names_are_made_moved_and_removed() {
    let mut world = prepared();
    let file = node_of(&mut world, "/dir/file").unwrap();
    let (old, new) = (world.text("/dir/file"), world.text("/absolute/moved"));
    assert_eq!(world.call(1, raw::__NR_rename, &[old, new]), 0);
    assert_eq!(node_of(&mut world, "/dir/sub/moved"), Ok(file));
    let (moved, linked) = (world.text("/dir/sub/moved"), world.text("linked"));
    assert_eq!(world.call(1, raw::__NR_link, &[moved, linked]), 0);
    assert_eq!(node_of(&mut world, "/linked"), Ok(file));
    let slashed = world.text("/linked/");
    let refused = world.call(1, raw::__NR_rename, &[slashed, old]);
    assert_eq!(refused, Errno::NOTDIR.result());
    let (made, inside) = (world.text("/made/"), world.text("/made/inside"));
    assert_eq!(world.call(1, raw::__NR_mkdir, &[made, 0o777]), 0);
    assert_eq!(world.call(1, raw::__NR_symlink, &[linked, inside]), 0);
    let buffer = world.put(&[0; 16]);
    assert_eq!(world.call(1, raw::__NR_readlink, &[inside, buffer, 16]), 6);
    assert_eq!(world.memory(buffer, 6), b"linked");
    assert_eq!(world.call(1, raw::__NR_unlink, &[inside]), 0);
    assert_eq!(world.call(1, raw::__NR_rmdir, &[made]), 0);
    mount_proc(&mut world);
    let across = world.text("/proc/x");
    assert_eq!(
        world.call(1, raw::__NR_rename, &[linked, across]),
        Errno::XDEV.result()
    );
    assert_eq!(
        world.call(1, raw::__NR_link, &[linked, across]),
        Errno::XDEV.result()
    );
    assert_eq!(world.neighbours.open_handles(), [3, 1, 0, 0]);
}

#[test]
fn descriptors_are_relative_starts() {
    let mut world = prepared();
    let number = open(&mut world, "/dir", O_RDONLY);
    let path = world.text("file");
    let opened = world.call(1, raw::__NR_openat, &[number as u64, path, 0]);
    assert_eq!(read(&mut world, opened, 5), b"hello");
    let refused = world.call(1, raw::__NR_openat, &[opened as u64, path, 0]);
    assert_eq!(refused, Errno::NOTDIR.result());
    assert_eq!(world.call(1, raw::__NR_fchdir, &[number as u64]), 0);
    assert_eq!(working_directory(&mut world), "/dir");
    assert_eq!(world.call(1, raw::__NR_openat, &[HERE, path, 0]), 2);
    let refused = world.call(1, raw::__NR_openat, &[99, path, 0]);
    assert_eq!(refused, Errno::BADF.result());
}

#[test]
fn fork_exec_and_exit_share_and_close() {
    let mut world = prepared();
    open(&mut world, "/dir/file", O_RDONLY);
    let clone = descriptors::Clone {
        parent: Pid(1),
        child: Pid(2),
    };
    world.ask(clone, Vec::new()).unwrap();
    let buffer = world.put(&[0; 16]);
    assert_eq!(world.call(2, raw::__NR_read, &[0, buffer, 6]), 6);
    assert_eq!(read(&mut world, 0, 64), b"world", "the position is shared");
    let execute = descriptors::OpenExecutable { process: Pid(2) };
    let opened = world.ask(execute, b"/bin/program".to_vec()).unwrap();
    assert_eq!((opened.length, opened.mode & 0o777), (11, 0o755));
    let refused = world.ask(execute, b"/dir/file".to_vec());
    assert_eq!(refused, Err(Errno::ACCES));
    let refused = world.ask(execute, b"/dir".to_vec());
    assert_eq!(refused, Err(Errno::ACCES));
    world
        .ask(descriptors::Executed { process: Pid(2) }, Vec::new())
        .unwrap();
    let program = protocol::inspect::PathOf {
        process: Pid(2),
        which: 2,
    };
    let (length, bytes) = world.ask_reading(program);
    assert_eq!(&bytes[..length as usize], b"/bin/program");
    world
        .ask(descriptors::Destroy { process: Pid(2) }, Vec::new())
        .unwrap();
    world
        .ask(descriptors::Destroy { process: Pid(1) }, Vec::new())
        .unwrap();
    // The mount's root, and what pm got.
    assert_eq!(world.neighbours.open_handles(), [2, 0, 0, 0]);
    assert_eq!(world.pending(), (0, 0));
}

#[test]
fn flags_and_sizes_are_controlled() {
    let mut world = prepared();
    open(&mut world, "/dir/file", O_RDWR);
    let control = |world: &mut World, command, argument| {
        world.call(1, raw::__NR_fcntl, &[0, u64::from(command), argument])
    };
    assert_eq!(
        control(&mut world, raw::F_GETFL, 0),
        i64::from(O_RDWR | raw::O_LARGEFILE)
    );
    assert_eq!(
        control(&mut world, raw::F_SETFL, u64::from(raw::O_APPEND)),
        0
    );
    let appending = i64::from(O_RDWR | raw::O_LARGEFILE | raw::O_APPEND);
    assert_eq!(control(&mut world, raw::F_GETFL, 0), appending);
    assert_eq!(control(&mut world, raw::F_DUPFD_CLOEXEC, 10), 10);
    assert_eq!(control(&mut world, raw::F_SETFD, 1), 0);
    assert_eq!(control(&mut world, raw::F_GETFD, 0), 1);
    assert_eq!(control(&mut world, 999, 0), Errno::INVAL.result());
    let offset = world.put(&6_u64.to_le_bytes());
    let number = open(&mut world, "/copy", O_CREAT | O_WRONLY);
    let sent = world.call(1, raw::__NR_sendfile, &[number as u64, 0, offset, 100]);
    assert_eq!(sent, 5);
    assert_eq!(world.memory(offset, 1), [11]);
    assert_eq!(world.neighbours.ramfs.bytes("/copy").unwrap(), b"world");
    let first = world.put(b"ab");
    let second = world.put(b"cde");
    let words = [first, 2, second, 3].map(u64::to_le_bytes).concat();
    let vector = world.put(&words);
    assert_eq!(
        world.call(1, raw::__NR_writev, &[number as u64, vector, 2]),
        5
    );
    assert_eq!(
        world.neighbours.ramfs.bytes("/copy").unwrap(),
        b"worldabcde"
    );
    assert_eq!(world.call(1, raw::__NR_preadv, &[0, vector, 2, 4, 0]), 5);
    assert_eq!(world.memory(second, 3), b"wor");
}

#[test]
fn the_program_is_the_interpreter_that_pm_chose() {
    let mut world = prepared();
    let execute = descriptors::OpenExecutable { process: Pid(1) };
    world.ask(execute, b"/bin/program".to_vec()).unwrap();
    let script = Content::Link(b"bin/program".to_vec());
    world
        .neighbours
        .ramfs
        .put("/interpreter", mode::S_IFLNK | 0o777, script);
    let file = Content::File(b"other".to_vec());
    world
        .neighbours
        .ramfs
        .put("/bin/other", mode::S_IFREG | 0o755, file);
    let other = world.ask(execute, b"/bin/../bin/other".to_vec()).unwrap();
    let choice = descriptors::Program {
        process: Pid(1),
        server: other.server,
        handle: other.handle,
    };
    world.ask(choice, Vec::new()).unwrap();
    // The dynamic linker comes last.
    world.ask(execute, b"/interpreter".to_vec()).unwrap();
    world
        .ask(descriptors::Executed { process: Pid(1) }, Vec::new())
        .unwrap();
    let question = protocol::inspect::PathOf {
        process: Pid(1),
        which: 2,
    };
    let (length, bytes) = world.ask_reading(question);
    assert_eq!(&bytes[..length as usize], b"/bin/other");
}

#[test]
fn a_descriptor_is_shared_with_vm() {
    let mut world = prepared();
    open(&mut world, "/dir/file", O_RDWR);
    open(&mut world, "/dir/file", O_PATH);
    let share = |descriptor| descriptors::Share {
        process: Pid(1),
        descriptor,
    };
    let shared = world.ask(share(0), Vec::new()).unwrap();
    assert_eq!(shared.flags & raw::O_ACCMODE, O_RDWR);
    assert_eq!(world.ask(share(1), Vec::new()), Err(Errno::BADF));
    assert_eq!(world.ask(share(2), Vec::new()), Err(Errno::BADF));
    world.call(1, raw::__NR_close_range, &[0, 9, 0]);
    // The reference that vm closes.
    assert_eq!(world.neighbours.open_handles(), [3, 0, 0, 0]);
}

#[test]
fn proc_is_told_of_mounts_and_descriptors() {
    let mut world = prepared();
    mount_proc(&mut world);
    let (length, text) = world.ask_reading(protocol::inspect::Mounts { offset: 6 });
    let text = String::from_utf8(text[..length as usize].to_vec()).unwrap();
    assert_eq!(text, "/ ramfs rw 0 0\nproc /proc proc rw 0 0\n");
    open(&mut world, "/absolute/up/dir/relative", O_RDONLY);
    let question = |from| protocol::inspect::Descriptor {
        process: Pid(1),
        from,
    };
    let (_, name) = world.ask_reading(question(0));
    assert!(name.starts_with(b"/dir/file\0"));
    assert_eq!(world.ask(question(1), vec![0; 9]), Err(Errno::NOENT));
}

#[test]
fn proc_is_mounted_from_the_start() {
    let mut world = World::before_first();
    let files = &mut world.neighbours.ramfs;
    files.put("/proc", mode::S_IFDIR | 0o755, directory());
    let version = Content::File(b"version".to_vec());
    world
        .neighbours
        .procfs
        .put("/version", mode::S_IFREG | 0o444, version);
    for _ in 0..2 {
        world
            .ask(descriptors::First { process: Pid(1) }, Vec::new())
            .unwrap();
    }
    let number = open(&mut world, "/proc/version", O_RDONLY);
    assert_eq!(read(&mut world, number, 64), b"version");
    // The mount's root and the process's, the covered directory; proc's root, the file.
    assert_eq!(world.neighbours.open_handles(), [3, 2, 0, 0]);
}
