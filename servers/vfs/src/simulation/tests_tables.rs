//! The tables in both versions.

use crate::state::{Version1, Version2};
use crate::tables::{
    Descriptors, Limits, Lock, LockFile, LockOwner, Mounts, Object, Open, Place, Processes,
    Settings, Start, Tables, check,
};
use abi::{Endpoint, Errno, Pid};
use linux::file::lock::{Kind, Range};
use linux::file::mode;
use protocol::Handle;
use service::State;

const FIRST: Pid = Pid(1);
const CHILD: Pid = Pid(2);

fn object(handle: u32) -> Object {
    Object {
        server: Endpoint(3),
        handle: Handle(handle),
    }
}

fn open(handle: u32) -> Open {
    Open {
        object: object(handle),
        node: None,
        mount: 1,
        mode: mode::S_IFREG | 0o644,
        flags: 0,
        path: b"/file".to_vec(),
        file: LockFile::of(object(handle), 7),
    }
}

fn prepared<T: Tables + State>() -> T {
    let mut tables = T::fresh(&service::Start::default());
    tables.mount_root(object(100), b"ramfs");
    assert_eq!(tables.make_first(FIRST), Ok(true));
    assert_eq!(tables.make_first(FIRST), Ok(false));
    tables
}

fn sharing<T: Tables + State>() {
    let mut tables: T = prepared();
    assert_eq!(tables.install(FIRST, open(1), false), Ok(0));
    assert_eq!(tables.install(FIRST, open(2), true), Ok(1));
    assert_eq!(tables.duplicate(FIRST, 0, 5, false), Ok(5));
    tables.copy_process(FIRST, CHILD).unwrap();
    assert_eq!(tables.copy_process(FIRST, CHILD), Err(Errno::EXIST));
    // The child executes: only what is marked goes, and the parent still has it.
    assert_eq!(tables.executed(CHILD).objects, []);
    assert_eq!(tables.opened(CHILD, 1).unwrap_err(), Errno::BADF);
    assert_eq!(tables.close(FIRST, 1).unwrap().objects, [object(2)]);
    assert_eq!(tables.close(FIRST, 0).unwrap().objects, []);
    assert_eq!(tables.close(FIRST, 5).unwrap().objects, []);
    assert_eq!(tables.close(FIRST, 5), Err(Errno::BADF));
    assert_eq!(tables.end_process(CHILD).objects, [object(1)]);
    assert_eq!(tables.end_process(FIRST).objects, [object(100)]);
    assert_eq!(tables.opens().count(), 0);
    assert_eq!(tables.end_process(FIRST).objects, []);
}

#[test]
fn an_open_is_closed_with_its_last_reference() {
    sharing::<Version1>();
    sharing::<Version2>();
}

fn numbers<T: Tables + State>() {
    let mut tables: T = prepared();
    let limits = Limits {
        descriptors: 3,
        file_bytes: u64::MAX,
    };
    tables
        .change_settings(FIRST, |s| s.limits = limits)
        .unwrap();
    for number in 0..3 {
        assert_eq!(tables.install(FIRST, open(number), false), Ok(number));
    }
    assert_eq!(tables.install(FIRST, open(9), false), Err(Errno::MFILE));
    assert_eq!(
        tables.install_both(FIRST, [open(8), open(9)], false),
        Err(Errno::MFILE)
    );
    assert_eq!(tables.duplicate(FIRST, 0, 3, false), Err(Errno::INVAL));
    assert_eq!(tables.duplicate_to(FIRST, 0, 3, false), Err(Errno::BADF));
    assert_eq!(tables.close(FIRST, 1).unwrap().objects, [object(1)]);
    assert_eq!(
        tables.install_both(FIRST, [open(8), open(9)], false),
        Err(Errno::MFILE)
    );
    assert_eq!(tables.opened(FIRST, 1).unwrap_err(), Errno::BADF);
    assert_eq!(
        tables.duplicate_to(FIRST, 0, 2, true).unwrap().objects,
        [object(2)]
    );
    assert_eq!(tables.duplicate_to(FIRST, 2, 2, false).unwrap().objects, []);
    assert!(tables.descriptor(FIRST, 2).unwrap().close_on_exec);
    assert_eq!(tables.close_all(FIRST, 1, u32::MAX, |_| true).objects, []);
    assert_eq!(tables.close(FIRST, 0).unwrap().objects, [object(0)]);
}

#[test]
fn numbers_are_the_lowest_and_have_a_limit() {
    numbers::<Version1>();
    numbers::<Version2>();
}

/// A State with something of everything.
fn filled<T: Tables + State>() -> T {
    let mut tables: T = prepared();
    tables.install(FIRST, open(1), true).unwrap();
    tables.install(FIRST, open(2), false).unwrap();
    tables.duplicate(FIRST, 1, 0, true).unwrap();
    tables.copy_process(FIRST, CHILD).unwrap();
    tables.set_groups(CHILD, [7, 8].to_vec());
    tables.note_candidate(CHILD, object(50), b"/bin/program");
    drop(tables.executed(CHILD));
    let settings = Settings {
        umask: 0o77,
        limits: Limits {
            descriptors: 99,
            file_bytes: 5,
        },
    };
    tables.change_settings(CHILD, |s| *s = settings).unwrap();
    let directory = Open {
        mode: mode::S_IFDIR | 0o755,
        path: b"/home".to_vec(),
        ..open(60)
    };
    drop(
        tables
            .move_place_to(CHILD, Place::Directory, directory)
            .unwrap(),
    );
    let lock = Lock {
        owner: LockOwner::Process(CHILD),
        kind: Kind::Exclusive,
        range: Range { start: 1, last: 2 },
    };
    tables.locks_mut().set(open(2).file, lock).unwrap();
    let number = tables.new_mount_number();
    assert_eq!(number, 2);
    let mut mount = tables.mount(1).cloned().unwrap();
    mount.path = b"/a b".to_vec();
    tables.set_mount(number, mount);
    tables
}

/// Everything that requests can see.
fn digest(tables: &impl Tables) -> String {
    let processes = tables.processes();
    let each: Vec<_> = processes
        .iter()
        .map(|p| {
            let spot = tables.spot(*p, Start::Directory);
            let program = tables.program(*p).cloned();
            (
                *p,
                tables.places(*p),
                tables.settings(*p),
                spot,
                program,
                tables.groups(*p),
            )
        })
        .collect();
    let opens: Vec<_> = tables
        .opens()
        .map(|(id, open)| (id, open.clone(), tables.references(id)))
        .collect();
    let mounts = String::from_utf8(tables.mounts_text()).unwrap();
    let wanted = Lock {
        owner: LockOwner::Process(FIRST),
        kind: Kind::Shared,
        range: Range { start: 0, last: 9 },
    };
    let locks = tables.locks().conflict(open(2).file, wanted);
    assert!(locks.is_some());
    format!(
        "{each:?} {:?} {opens:?} {mounts} {locks:?}",
        tables.all_descriptors()
    )
}

#[test]
fn an_update_and_a_downgrade_keep_everything() {
    let old: Version1 = filled();
    let before = digest(&old);
    let mut new = Version2::from(old);
    assert_eq!(digest(&new), before);
    assert_eq!(check(&mut new), 0);
    // Numbers go on where they were.
    assert_eq!(new.new_mount_number(), 3);
    assert_eq!(new.install(FIRST, open(3), false), Ok(3));
    let before = digest(&new);
    let mut old = Version1::from(new);
    assert_eq!(digest(&old), before);
    assert_eq!(check(&mut old), 0);
    assert_eq!(old.new_mount_number(), 4);
    assert_eq!(digest(&filled::<Version2>()), digest(&filled::<Version1>()));
}

fn encoded<T: Tables + State>() {
    let tables: T = filled();
    let bytes = minicbor::to_vec(&tables).unwrap();
    let read: T = minicbor::decode(&bytes).unwrap();
    assert_eq!(digest(&read), digest(&tables));
}

#[test]
fn a_state_is_read_as_it_was_written() {
    encoded::<Version1>();
    encoded::<Version2>();
}

fn repaired<T: Tables + State>() {
    let mut tables: T = filled();
    let (id, _) = tables.opened(FIRST, 0).unwrap();
    tables.take_open(id);
    let (shared, _) = tables.opened(FIRST, 1).unwrap();
    let truth = tables.references(shared);
    tables.set_references(shared, truth + 5);
    assert!(check(&mut tables) >= 2);
    assert_eq!(tables.opened(FIRST, 0).unwrap_err(), Errno::BADF);
    assert_eq!(tables.references(shared), truth);
    let directory = tables.places(CHILD).unwrap().directory;
    tables.take_open(directory);
    assert!(check(&mut tables) > 0);
    assert_eq!(tables.processes(), [FIRST]);
    assert_eq!(tables.descriptors_from(CHILD, 0).count(), 0);
    assert_eq!(check(&mut tables), 0);
}

#[test]
fn what_does_not_fit_is_dropped_alone() {
    repaired::<Version1>();
    repaired::<Version2>();
}

#[test]
fn the_text_of_mounts_is_escaped() {
    let tables: Version1 = filled();
    let text = String::from_utf8(tables.mounts_text()).unwrap();
    assert_eq!(text, "ramfs / ramfs rw 0 0\nramfs /a\\040b ramfs rw 0 0\n");
}
