//! The driver with programs, a pretended chip and a pretended host.

mod host;

use crate::HostLink;
use abi::{Errno, Reply};
use host::Host;
use linux_raw_sys::general as raw;
use pretend_kernel::{Asked, Machine, Program};
use protocol::{Answer, Handle, object};

const BASE: u16 = 0x2f8;
const PROGRAM: Program = Program {
    pid: 5,
    group: 5,
    session: 5,
    user: 0,
};

fn machine() -> Machine<HostLink> {
    Machine::new(BASE, |_: &Asked| Reply::value(0))
}

fn open(m: &mut Machine<HostLink>, minor: u64) -> Handle {
    m.open(PROGRAM, 240 << 8 | minor, raw::O_RDWR)
}

fn text(length: u32) -> Vec<u8> {
    (0..length).map(|at| (at / 3).to_le_bytes()[0]).collect()
}

/// Bytes go to the host and come from it, with a crash after so many kernel calls, an update
/// now and then, and a host that loses a frame now and then. Whether there was a crash.
fn exchange(size: u32, crash: Option<u32>, updates: bool, losses: u32) -> bool {
    let mut m = machine();
    m.detours = crash.is_some_and(|calls| calls % 2 == 0) || updates;
    let mut host = Host::new(text(size), losses);
    let [stdin, stdout, stderr] = [0, 1, 2].map(|minor| open(&mut m, minor));
    host.turn(&mut m);
    if let Some(calls) = crash {
        m.crash_after(calls);
    }
    let (out, err) = (text(size / 2), text(size / 8));
    let write = |handle, bytes: &[u8]| object::Write {
        handle,
        count: bytes.len() as u64,
    };
    let to_out = m.start(PROGRAM, &write(stdout, &out), &out);
    let to_err = m.start(PROGRAM, &write(stderr, &err), &err);
    let mut read = Vec::new();
    let mut turns = 0;
    let mut pending = None;
    loop {
        turns += 1;
        assert!(turns < 2000, "{} bytes read so far", read.len());
        host.turn(&mut m);
        if updates && turns % 7 == 0 {
            m.update();
        }
        let question = object::Read {
            handle: stdin,
            count: 3000,
        };
        let id = pending
            .take()
            .unwrap_or_else(|| m.start(PROGRAM, &question, &[0; 3000]));
        match m.reply(id) {
            None => pending = Some(id),
            Some((reply, _)) if reply.result == 0 => break,
            Some((reply, memory)) => {
                read.extend_from_slice(&memory[..usize::try_from(reply.result).unwrap()]);
            }
        }
    }
    assert!(read == text(size), "crash {crash:?}");
    let control = open(&mut m, 3);
    let status = m.start(
        PROGRAM,
        &object::Write {
            handle: control,
            count: 1,
        },
        &[7],
    );
    for _ in 0..200 {
        host.turn(&mut m);
    }
    assert_eq!(m.reply(to_out).unwrap().0.result, i64::from(size / 2));
    assert_eq!(m.reply(to_err).unwrap().0.result, i64::from(size / 8));
    assert_eq!(m.reply(status).unwrap().0.result, 1);
    assert!(host.received == [out, err, vec![7]], "crash {crash:?}");
    assert!(host.has_ended(), "crash {crash:?}");
    assert_eq!(m.pending(), (0, 0));
    m.crashes > 0
}

#[test]
fn streams_go_both_ways() {
    exchange(40_000, None, false, 0);
}

#[test]
fn updates_lose_and_double_nothing() {
    exchange(40_000, None, true, 0);
}

#[test]
fn lost_frames_are_sent_again() {
    exchange(40_000, None, false, 5);
    exchange(40_000, None, true, 3);
}

#[test]
fn crashes_lose_and_double_nothing() {
    let mut calls = 0;
    // Every moment of the start, then one here and there.
    while exchange(2_000, Some(calls), false, 0) {
        calls += if calls < 100 { 1 } else { 61 };
    }
    assert!(calls > 300, "{calls}");
}

#[test]
fn a_driver_without_its_state_goes_on_where_the_host_is() {
    let mut m = machine();
    let mut host = Host::new(text(100), 0);
    let stdout = open(&mut m, 1);
    host.turn(&mut m);
    assert_eq!(m.write(PROGRAM, stdout, b"before "), 7);
    host.turn(&mut m);
    m.lose_state();
    assert_eq!(m.write(PROGRAM, stdout, b"stale"), Errno::STALE.result());
    let [stdin, stdout] = [0, 1].map(|minor| open(&mut m, minor));
    assert_eq!(m.write(PROGRAM, stdout, b"after"), 5);
    let question = object::Read {
        handle: stdin,
        count: 10,
    };
    let id = m.start(PROGRAM, &question, &[0; 10]);
    for _ in 0..20 {
        host.turn(&mut m);
    }
    assert_eq!(host.received[0], b"before after");
    assert_eq!(m.reply(id).unwrap().0.result, 0, "the input is at its end");
}

#[test]
fn the_status_waits_for_the_host_but_not_for_ever() {
    let mut m = machine();
    let control = open(&mut m, 3);
    let id = m.start(
        PROGRAM,
        &object::Write {
            handle: control,
            count: 1,
        },
        &[0],
    );
    m.pass(4_999_999_999);
    assert!(m.reply(id).is_none());
    m.pass(1);
    assert_eq!(m.reply(id).unwrap().0.result, 1);
    let stdout = open(&mut m, 1);
    assert_eq!(m.write(PROGRAM, stdout, b"late"), Errno::IO.result());
}

#[test]
fn readers_and_writers_need_not_wait() {
    let mut m = machine();
    let stdin = m.open(PROGRAM, 240 << 8, raw::O_NONBLOCK);
    let stdout = m.open(PROGRAM, 240 << 8 | 1, raw::O_NONBLOCK);
    let read = object::Read {
        handle: stdin,
        count: 5,
    };
    assert_eq!(
        m.ask(PROGRAM, &read, &[0; 5]).0.result,
        Errno::AGAIN.result()
    );
    assert_eq!(m.write(PROGRAM, stdout, &[1; 20_000]), 16_384);
    assert_eq!(
        m.write(PROGRAM, stdout, &[1; 20_000]),
        Errno::AGAIN.result()
    );
    assert_eq!(m.write(PROGRAM, stdin, b"x"), Errno::BADF.result());
    let poll = |handle, wait| object::Poll {
        handle,
        events: raw::POLLIN | raw::POLLOUT,
        wait,
    };
    let (reply, _) = m.ask(PROGRAM, &poll(stdout, false), &[]);
    assert_eq!(object::Ready::from_reply(&reply).unwrap().events, 0);
    let id = m.start(PROGRAM, &poll(stdin, true), &[]);
    assert!(m.reply(id).is_none());
    let mut host = Host::new(b"x".to_vec(), 0);
    host.turn(&mut m);
    let (reply, _) = m.reply(id).unwrap();
    assert_ne!(
        object::Ready::from_reply(&reply).unwrap().events & raw::POLLIN,
        0
    );
    host.turn(&mut m);
    let (reply, _) = m.ask(PROGRAM, &poll(stdout, false), &[]);
    assert_eq!(
        object::Ready::from_reply(&reply).unwrap().events,
        raw::POLLOUT
    );
}
