//! A workload with a crash, an update, or absent memory at every kernel call: results, files and
//! references must be what they are undisturbed.

use super::World;
use super::files::Content;
use super::machine::{CrashAt, MEMORY_BYTES};
use abi::Pid;
use linux::file::flags::{O_CLOEXEC, O_CREAT, O_EXCL, O_RDWR};
use linux::file::mode;
use linux_raw_sys::general as raw;
use protocol::descriptors;
use std::collections::BTreeMap;

/// What a run comes to.
#[derive(Debug, PartialEq, Eq)]
struct Outcome {
    results: Vec<i64>,
    memory: Vec<Vec<u8>>,
    made: [u32; 2],
    handles: [u32; 4],
    pending: (usize, usize),
    file: Option<Vec<u8>>,
    opens: usize,
}

fn world() -> World {
    let mut world = World::new();
    let directory = Content::Directory(BTreeMap::new());
    let files = &mut world.neighbours.ramfs;
    files.put("/a", mode::S_IFDIR | 0o755, directory.clone());
    files.put("/proc", mode::S_IFDIR | 0o755, directory.clone());
    files.put("/dev", mode::S_IFDIR | 0o755, directory);
    files.put("/dev/null", mode::S_IFCHR | 0o666, Content::Special(0x103));
    files.put(
        "/link",
        mode::S_IFLNK | 0o777,
        Content::Link(b"/a".to_vec()),
    );
    world
}

/// Every kind of call that has more than one effect.
fn workload(world: &mut World) -> Outcome {
    let mut results = Vec::new();
    let new = world.text("/link/new");
    let moved = world.text("/a/moved");
    let flags = u64::from(O_CREAT | O_EXCL | O_RDWR);
    results.push(world.call(1, raw::__NR_open, &[new, flags, 0o600]));
    results.push(world.call(1, raw::__NR_open, &[new, flags, 0o600]));
    let text = world.put(b"0123456789");
    results.push(world.call(1, raw::__NR_write, &[0, text, 10]));
    let ends = world.put(&[0; 8]);
    results.push(world.call(1, raw::__NR_pipe2, &[ends, u64::from(O_CLOEXEC)]));
    let null = world.text("/dev/null");
    results.push(world.call(1, raw::__NR_open, &[null, u64::from(O_RDWR)]));
    let offset = world.put(&[0; 8]);
    results.push(world.call(1, raw::__NR_sendfile, &[2, 0, offset, 4]));
    let clone = descriptors::Clone {
        parent: Pid(1),
        child: Pid(2),
    };
    results.push(i64::from(world.ask(clone, Vec::new()).is_ok()));
    results.push(world.call(2, raw::__NR_dup2, &[2, 0]));
    let buffer = world.put(&[0; 16]);
    results.push(world.call(2, raw::__NR_read, &[1, buffer, 16]));
    results.push(world.call(1, raw::__NR_rename, &[new, moved]));
    let (proc, target) = (world.text("proc"), world.text("/proc"));
    results.push(world.call(1, raw::__NR_mount, &[proc, target, proc, 0, 0]));
    results.push(world.call(2, raw::__NR_chdir, &[target]));
    let path = world.put(&[0; 16]);
    results.push(world.call(2, raw::__NR_getcwd, &[path, 16]));
    let status = world.put(&[0; 144]);
    results.push(world.call(2, raw::__NR_stat, &[moved, status]));
    results.push(i64::from(
        world
            .ask(descriptors::Executed { process: Pid(1) }, Vec::new())
            .is_ok(),
    ));
    results.push(i64::from(
        world
            .ask(descriptors::Destroy { process: Pid(2) }, Vec::new())
            .is_ok(),
    ));
    results.push(world.call(1, raw::__NR_umount2, &[target, 0]));
    results.push(world.call(1, raw::__NR_pipe2, &[8, 0]));
    results.push(world.call(1, raw::__NR_close, &[3]));
    let memory = [
        (ends, 8),
        (offset, 8),
        (buffer, 16),
        (path, 16),
        (status, 144),
    ];
    let memory = memory.map(|(address, length)| world.memory(address, length));
    Outcome {
        results,
        memory: memory.to_vec(),
        made: [world.neighbours.ramfs.made, world.neighbours.pfs.made],
        handles: world.neighbours.open_handles(),
        pending: world.pending(),
        file: world.neighbours.ramfs.bytes("/a/moved"),
        opens: world.inspect(|state| crate::tables::Tables::opens(state).count()),
    }
}

fn undisturbed() -> (Outcome, u64) {
    let mut world = world();
    world.crash(CrashAt::Never);
    let outcome = workload(&mut world);
    (outcome, world.machine.calls.get())
}

#[test]
fn the_workload_comes_to_what_it_should() {
    let (outcome, calls) = undisturbed();
    let results = [0, -17, 10, 0, 3, 4, 1, 0, 4, 0, 0, 0, 6, 0, 1, 1, 0, -14, 0];
    assert_eq!(outcome.results, results);
    assert_eq!(outcome.handles, [3, 0, 0, 0]);
    assert_eq!(outcome.pending, (0, 0));
    assert_eq!(outcome.file.as_deref(), Some(&b"0123456789"[..]));
    assert!(calls > 60);
}

fn disturbed(at: impl Fn(u64) -> CrashAt, convert: bool) {
    let (expected, calls) = undisturbed();
    for n in 0..calls {
        let mut world = world();
        world.convert = convert;
        world.crash(at(n));
        assert_eq!(workload(&mut world), expected, "{:?}", at(n));
    }
}

#[test]
fn a_crash_before_any_kernel_call_changes_nothing() {
    disturbed(CrashAt::Before, false);
}

#[test]
fn a_crash_after_any_kernel_call_changes_nothing() {
    disturbed(CrashAt::After, false);
}

#[test]
fn an_update_at_any_kernel_call_changes_nothing() {
    disturbed(CrashAt::Before, true);
    disturbed(CrashAt::After, true);
}

#[test]
fn absent_memory_changes_nothing_but_the_time() {
    let (expected, calls) = undisturbed();
    let pages = 0..(MEMORY_BYTES as u64 / 4096);
    let mut world = world();
    world.machine.absent.borrow_mut().extend(pages.clone());
    world.crash(CrashAt::Never);
    assert_eq!(workload(&mut world), expected);
    for n in 0..calls {
        let mut world = self::world();
        world.machine.absent.borrow_mut().extend(pages.clone());
        world.crash(CrashAt::After(n));
        assert_eq!(workload(&mut world), expected, "after {n}");
    }
}

/// A call, and what makes its arguments in a world.
type Single = (u32, fn(&mut World) -> Vec<u64>);

fn new_file(world: &mut World) -> Vec<u64> {
    let flags = u64::from(O_CREAT | O_EXCL | O_RDWR);
    vec![world.text("/link/new"), flags, 0o600]
}

fn two_names(world: &mut World) -> Vec<u64> {
    let file = Content::File(b"text".to_vec());
    world
        .neighbours
        .ramfs
        .put("/file", mode::S_IFREG | 0o644, file);
    vec![world.text("/file"), world.text("/link/other")]
}

const SINGLE: [Single; 8] = [
    (raw::__NR_open, new_file),
    (raw::__NR_open, |world| vec![world.text("/dev/null"), 0]),
    (raw::__NR_pipe2, |world| vec![world.put(&[0; 8]), 0]),
    (raw::__NR_rename, two_names),
    (raw::__NR_link, two_names),
    (raw::__NR_chdir, |world| vec![world.text("/link")]),
    (raw::__NR_chroot, |world| vec![world.text("/a/.")]),
    (raw::__NR_sendfile, |world| {
        let opened = new_file(world);
        world.call(1, raw::__NR_open, &opened);
        vec![0, 0, 0, 10]
    }),
];

#[test]
fn death_in_the_middle_of_a_call_leaves_nothing_open() {
    let crash: [fn(u64) -> CrashAt; 2] = [CrashAt::Before, CrashAt::After];
    for (number, arguments) in SINGLE {
        for at in crash {
            for n in 0..40 {
                let mut world = world();
                world.deadly = true;
                let arguments = arguments(&mut world);
                world.crash(at(n));
                world.call(1, number, &arguments);
                world.crash(CrashAt::Never);
                world
                    .ask(descriptors::Destroy { process: Pid(1) }, Vec::new())
                    .unwrap();
                let left = (world.neighbours.open_handles(), world.pending());
                assert_eq!(left, ([1, 0, 0, 0], (0, 0)), "call {number}, {:?}", at(n));
            }
        }
    }
}

/// Ends the process, after which only the mount's root is open.
fn end(world: &mut World, what: &str) {
    world
        .ask(descriptors::Destroy { process: Pid(1) }, Vec::new())
        .unwrap();
    let left = (world.neighbours.open_handles(), world.pending());
    assert_eq!(left, ([1, 0, 0, 0], (0, 0)), "{what}");
}

#[test]
fn the_end_of_a_process_in_the_middle_of_its_call_leaves_nothing_open() {
    for (number, arguments) in SINGLE {
        for steps in 0..30 {
            let mut world = world();
            let arguments = arguments(&mut world);
            world.start(1, number, &arguments);
            for _ in 0..steps {
                world.step();
            }
            end(&mut world, &format!("call {number}, {steps} steps"));
        }
    }
}

#[test]
fn a_refusal_in_the_middle_of_a_call_leaves_nothing_open() {
    for (number, arguments) in SINGLE {
        for questions in 0..12 {
            let mut world = world();
            let arguments = arguments(&mut world);
            world.neighbours.refuse_after = Some(questions);
            world.call(1, number, &arguments);
            world.neighbours.refuse_after = None;
            end(&mut world, &format!("call {number}, {questions} questions"));
        }
    }
}

#[test]
fn a_refusal_in_the_middle_of_mounting_leaves_no_mount() {
    for questions in 0..12 {
        let mut world = world();
        let (proc, target) = (world.text("proc"), world.text("/proc"));
        world.neighbours.refuse_after = Some(questions);
        let mounted = world.call(1, raw::__NR_mount, &[proc, target, proc, 0, 0]);
        world.neighbours.refuse_after = None;
        let unmounted = world.call(1, raw::__NR_umount2, &[target, 0]);
        assert_eq!(mounted == 0, unmounted == 0);
        end(&mut world, &format!("{questions} questions"));
    }
}

#[test]
fn the_start_of_the_first_process_can_be_cut_short_anywhere() {
    let crashes: [fn(u64) -> CrashAt; 2] = [CrashAt::Before, CrashAt::After];
    for at in crashes {
        for n in 0..40 {
            let mut world = World::before_first();
            let directory = Content::Directory(BTreeMap::new());
            world
                .neighbours
                .ramfs
                .put("/proc", mode::S_IFDIR | 0o755, directory);
            world.convert = n % 2 == 1;
            world.crash(at(n));
            let first = descriptors::First { process: Pid(1) };
            assert_eq!(world.ask(first, Vec::new()), Ok(()));
            let left = (world.neighbours.open_handles(), world.pending());
            assert_eq!(left, ([3, 1, 0, 0], (0, 0)), "{:?}", at(n));
        }
    }
}
