//! The driver crashes at any kernel call, is updated at any moment, and nobody notices.

use super::{JOB, LINE, READ_WRITE, SHELL, got, machine, read, sent, signals};
use abi::Errno;
use linux_raw_sys::general as raw;
use protocol::object;

/// A little session, with a crash after so many kernel calls: whether there was one, and what was
/// sent.
fn session(calls: Option<u32>, detours: bool) -> (bool, String) {
    let mut m = machine();
    m.detours = detours;
    let handle = m.open(SHELL, LINE, READ_WRITE);
    if let Some(calls) = calls {
        m.crash_after(calls);
    }
    let id = read(&mut m, SHELL, handle);
    m.arrive(b"one\r");
    assert_eq!(got(&mut m, id), Some(Ok("one\n".into())), "crash {calls:?}");
    assert_eq!(m.write(SHELL, handle, &[b'.'; 50]), 50);
    let stopped = read(&mut m, JOB, handle);
    assert_eq!(m.reply(stopped).unwrap().0.result, Errno::RESTART.result());
    m.arrive(b"\x03");
    assert_eq!(signals(&mut m, 1), [(raw::SIGINT, 10)], "crash {calls:?}");
    assert_eq!(m.write(SHELL, handle, b"end\n"), 4);
    assert_eq!(m.pending(), (0, 0), "crash {calls:?}");
    (m.crashes > 0, sent(&m))
}

/// Of output at most a FIFO is sent again, and that seldom. All else is as without a crash.
#[test]
fn a_crash_at_any_call_costs_a_fifo_at_most() {
    let (_, whole) = session(None, false);
    assert_eq!(whole, format!("one\r\n{}^Cend\r\n", ".".repeat(50)));
    let (mut doubled, mut calls) = (0, 0);
    loop {
        let (crashed, sent) = session(Some(calls), calls % 2 == 1);
        if !crashed {
            break;
        }
        calls += 1;
        if sent != whole {
            doubled += 1;
            let extra = sent.len().checked_sub(whole.len());
            let extra = extra.is_some_and(|extra| extra <= uart::FIFO_BYTES);
            assert!(extra, "crash {calls}: {sent:?}");
        }
    }
    assert!(calls > 60, "there were {calls} calls only");
    // Eight pieces are sent, each with one call after which the chip does not know it yet.
    assert!(doubled <= 8, "{doubled} doubled of {calls}");
}

#[test]
fn a_slow_line_survives_updates() {
    let mut m = machine();
    m.detours = true;
    let handle = m.open(SHELL, LINE, READ_WRITE);
    m.kernel.chip.set_slow(true);
    let text: Vec<u8> = (0..10_000_u32)
        .map(|at| b'a' + (at % 23).to_le_bytes()[0])
        .collect();
    let count = text.len() as u64;
    let id = m.start(SHELL, &object::Write { handle, count }, &text);
    let mut turns = 0;
    while m.kernel.chip.sent().len() < text.len() {
        turns += 1;
        assert!(turns < 3000);
        m.drain();
        if turns % 5 == 0 {
            m.update();
        }
    }
    assert_eq!(m.reply(id).unwrap().0.result, 10_000);
    assert!(m.kernel.chip.sent() == text);
}
