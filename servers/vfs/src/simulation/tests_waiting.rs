//! Waiting: pipes, poll, select, locks, and signals.

use super::World;
use super::files::Content;
use super::machine::CrashAt;
use abi::{Errno, Pid, RequestId};
use linux::file::flags::O_RDWR;
use linux::file::{mode, poll};
use linux_raw_sys::general as raw;
use protocol::descriptors;

fn make_pipe(world: &mut World) -> [u64; 2] {
    let ends = world.put(&[0; 8]);
    assert_eq!(world.call(1, raw::__NR_pipe2, &[ends, 0]), 0);
    let bytes = world.memory(ends, 8);
    [u64::from(bytes[0]), u64::from(bytes[4])]
}

fn polled(world: &mut World, asked: &[(u64, u32)]) -> u64 {
    let bytes: Vec<u8> = asked
        .iter()
        .flat_map(|(number, events)| {
            let number = u32::try_from(*number).unwrap();
            let events = u16::try_from(*events).unwrap();
            [&number.to_le_bytes()[..], &events.to_le_bytes(), &[0, 0]].concat()
        })
        .collect();
    world.put(&bytes)
}

fn write(world: &mut World, number: u64, bytes: &[u8]) {
    let address = world.put(bytes);
    let count = bytes.len() as u64;
    assert_eq!(
        world.call(1, raw::__NR_write, &[number, address, count]),
        count as i64
    );
}

#[test]
fn a_reader_waits_for_a_writer() {
    let mut world = World::new();
    let [reader, writer] = make_pipe(&mut world);
    let buffer = world.put(&[0; 8]);
    let id = world.start(1, raw::__NR_read, &[reader, buffer, 8]);
    world.run();
    assert_eq!(world.result(id), None);
    write(&mut world, writer, b"data");
    assert_eq!(world.result(id), Some(4));
    assert_eq!(world.memory(buffer, 4), b"data");
    let id = world.start(1, raw::__NR_read, &[reader, buffer, 8]);
    world.run();
    world.cancel(id);
    assert_eq!(world.result(id), Some(Errno::RESTART.result()));
}

#[test]
fn a_pipe_that_cannot_be_told_is_taken_back() {
    let mut world = World::new();
    assert_eq!(
        world.call(1, raw::__NR_pipe2, &[1, 0]),
        Errno::FAULT.result()
    );
    assert_eq!(world.neighbours.open_handles(), [2, 0, 0, 0]);
    assert_eq!(make_pipe(&mut world), [0, 1]);
}

#[test]
fn a_pipe_is_opened_again_by_its_name_in_proc() {
    let mut world = World::new();
    let [reader, writer] = make_pipe(&mut world);
    let (_, name) = world.ask_reading(protocol::inspect::Descriptor {
        process: Pid(1),
        from: 0,
    });
    let length = name.iter().position(|byte| *byte == 0).unwrap();
    let link = Content::Link(name[..length].to_vec());
    world
        .neighbours
        .ramfs
        .put("/link", mode::S_IFLNK | 0o777, link);
    let path = world.text("/link");
    let again = world.call(1, raw::__NR_open, &[path, 0]);
    assert_eq!(again, 2);
    assert_eq!(world.call(1, raw::__NR_close, &[reader]), 0);
    write(&mut world, writer, b"data");
    let buffer = world.put(&[0; 8]);
    assert_eq!(world.call(1, raw::__NR_read, &[2, buffer, 8]), 4);
    let stranger = world.call(9, raw::__NR_open, &[path, 0]);
    assert!(stranger < 0);
}

fn waiting_poll(world: &mut World, timeout: u64) -> (RequestId, u64, [u64; 4]) {
    let [first, first_end] = make_pipe(world);
    let [second, second_end] = make_pipe(world);
    let address = polled(world, &[(first, poll::IN), (second, poll::IN)]);
    let id = world.start(1, raw::__NR_poll, &[address, 2, timeout]);
    world.run();
    assert_eq!(world.result(id), None);
    (id, address, [first, first_end, second, second_end])
}

#[test]
fn poll_waits_for_any_of_several() {
    let mut world = World::new();
    let (id, address, [.., end]) = waiting_poll(&mut world, u64::MAX);
    write(&mut world, end, b"x");
    assert_eq!(world.result(id), Some(1));
    assert_eq!(
        world.memory(address, 16)[6..],
        [0, 0, 2, 0, 0, 0, 1, 0, 1, 0]
    );
    assert!(world.machine.submissions.borrow().is_empty());
}

#[test]
fn poll_ends_with_its_time_or_a_signal() {
    let mut world = World::new();
    let (id, _, _) = waiting_poll(&mut world, 50);
    world.pass(49_999_999);
    assert_eq!(world.result(id), None);
    world.pass(1);
    assert_eq!(world.result(id), Some(0));
    let (id, _, _) = waiting_poll(&mut world, u64::MAX);
    world.cancel(id);
    assert_eq!(world.result(id), Some(Errno::INTR.result()));
    assert_eq!(world.pending(), (0, 0));
}

#[test]
fn poll_keeps_its_deadline_over_a_crash() {
    let mut world = World::new();
    let (id, _, [_, end, ..]) = waiting_poll(&mut world, 50);
    world.pass(20_000_000);
    world.crash(CrashAt::Before(0));
    let duplicate = world.start(1, raw::__NR_dup, &[end]);
    world.run();
    assert_eq!(world.result(duplicate), Some(4));
    assert_eq!(world.result(id), None);
    world.pass(29_999_999);
    assert_eq!(world.result(id), None);
    world.pass(1);
    assert_eq!(world.result(id), Some(0));
}

#[test]
fn what_is_always_ready_is_told_at_once() {
    let mut world = World::new();
    let content = Content::File(b"text".to_vec());
    world
        .neighbours
        .ramfs
        .put("/file", mode::S_IFREG | 0o644, content);
    let path = world.text("/file");
    let file = world.call(1, raw::__NR_open, &[path, u64::from(O_RDWR)]) as u64;
    let address = polled(&mut world, &[(file, poll::IN), (77, poll::IN)]);
    assert_eq!(world.call(1, raw::__NR_poll, &[address, 2, u64::MAX]), 2);
    let told = world.memory(address, 16);
    assert_eq!((told[6], told[14]), (1, 0x20));
    let set = world.put(&[1, 0, 0, 0, 0, 0, 0, 0]);
    let timeout = world.put(&[5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    assert_eq!(world.call(1, raw::__NR_select, &[1, set, 0, 0, timeout]), 1);
    assert_eq!(world.memory(set, 1), [1]);
    assert_eq!(world.memory(timeout, 1), [5], "the time left");
    let bad = world.put(&[0, 0, 0, 0, 0, 0, 0, 1]);
    assert_eq!(
        world.call(1, raw::__NR_select, &[64, bad, 0, 0, 0]),
        Errno::BADF.result()
    );
}

#[test]
fn a_lock_is_waited_for_and_dies_with_its_process() {
    let mut world = World::new();
    let content = Content::File(b"text".to_vec());
    world
        .neighbours
        .ramfs
        .put("/file", mode::S_IFREG | 0o644, content);
    let path = world.text("/file");
    assert_eq!(world.call(1, raw::__NR_open, &[path, u64::from(O_RDWR)]), 0);
    let clone = descriptors::Clone {
        parent: Pid(1),
        child: Pid(2),
    };
    world.ask(clone, Vec::new()).unwrap();
    let mut exclusive = [0; 32];
    exclusive[0] = 1;
    let lock = world.put(&exclusive);
    let set = u64::from(raw::F_SETLK);
    assert_eq!(world.call(2, raw::__NR_fcntl, &[0, set, lock]), 0);
    assert_eq!(
        world.call(1, raw::__NR_fcntl, &[0, set, lock]),
        Errno::AGAIN.result()
    );
    let get = u64::from(raw::F_GETLK);
    let told = world.put(&exclusive);
    assert_eq!(world.call(1, raw::__NR_fcntl, &[0, get, told]), 0);
    assert_eq!(world.memory(told + 24, 1), [2]);
    let wait = u64::from(raw::F_SETLKW);
    let cancelled = world.start(1, raw::__NR_fcntl, &[0, wait, lock]);
    world.run();
    world.cancel(cancelled);
    assert_eq!(world.result(cancelled), Some(Errno::RESTART.result()));
    let waiting = world.start(1, raw::__NR_fcntl, &[0, wait, lock]);
    world.run();
    assert_eq!(world.result(waiting), None);
    world
        .ask(descriptors::Destroy { process: Pid(2) }, Vec::new())
        .unwrap();
    assert_eq!(world.result(waiting), Some(0));
}

#[test]
fn flock_belongs_to_the_description() {
    let mut world = World::new();
    let content = Content::File(b"text".to_vec());
    world
        .neighbours
        .ramfs
        .put("/file", mode::S_IFREG | 0o644, content);
    let path = world.text("/file");
    for number in 0..2 {
        assert_eq!(
            world.call(1, raw::__NR_open, &[path, u64::from(O_RDWR)]),
            number
        );
    }
    let (exclusive, at_once) = (u64::from(raw::LOCK_EX), u64::from(raw::LOCK_NB));
    assert_eq!(world.call(1, raw::__NR_flock, &[0, exclusive]), 0);
    let refused = world.call(1, raw::__NR_flock, &[1, exclusive | at_once]);
    assert_eq!(refused, Errno::AGAIN.result());
    let waiting = world.start(1, raw::__NR_flock, &[1, exclusive]);
    world.run();
    assert_eq!(world.result(waiting), None);
    assert_eq!(world.call(1, raw::__NR_close, &[0]), 0);
    assert_eq!(world.result(waiting), Some(0));
}

#[test]
fn a_fifo_is_waited_for_and_given_up() {
    let mut world = World::new();
    let path = world.text("/fifo");
    let mode = u64::from(mode::S_IFIFO | 0o666);
    assert_eq!(world.call(1, raw::__NR_mknod, &[path, mode, 0]), 0);
    let waiting = world.start(1, raw::__NR_open, &[path, 0]);
    world.run();
    assert_eq!(world.result(waiting), None);
    assert_eq!(world.neighbours.open_handles(), [3, 0, 0, 0]);
    world.cancel(waiting);
    assert_eq!(world.result(waiting), Some(Errno::RESTART.result()));
    assert_eq!(world.neighbours.open_handles(), [2, 0, 0, 0]);
    assert_eq!(world.call(1, raw::__NR_open, &[path, 1]), 0);
    assert_eq!(world.neighbours.open_handles(), [3, 0, 1, 0]);
    assert_eq!(world.call(1, raw::__NR_close, &[0]), 0);
    assert_eq!(world.neighbours.open_handles(), [2, 0, 0, 0]);
}
