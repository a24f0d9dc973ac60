//! The driver with programs and a pretended chip.

mod crash;

use crate::TerminalDriver;
use abi::{Errno, Reply, RequestId};
use linux::file::device::pack;
use linux_raw_sys::general as raw;
use linux_raw_sys::ioctl;
use pretend_kernel::{Asked, Machine, Program};
use protocol::endpoint::PM;
use protocol::inspect::{Fate, Request, Session, Stop};
use protocol::{Answer, Handle, device, object, terminal};

const BASE: u16 = 0x3f8;
const LINE: u64 = pack(4, 64);
const CONSOLE: u64 = pack(5, 1);
const TTY: u64 = pack(5, 0);
const READ_WRITE: u32 = raw::O_RDWR;

/// A session leader, one of its background jobs, and a process with no terminal.
const SHELL: Program = Program {
    pid: 10,
    group: 10,
    session: 10,
    user: 0,
};
const JOB: Program = Program {
    pid: 20,
    group: 20,
    session: 10,
    user: 0,
};
const IGNORING: Program = Program {
    pid: 30,
    group: 30,
    session: 10,
    user: 0,
};
const OTHER: Program = Program {
    pid: 40,
    group: 40,
    session: 40,
    user: 1,
};

/// Plays ds and pm.
fn peer(asked: &Asked) -> Reply {
    match (asked.to, Request::decode(&asked.message)) {
        (PM, Some(Request::StopFate(question))) => {
            let fate = if question.process.0 == IGNORING.pid {
                Fate::Ignored
            } else {
                Fate::Delivered
            };
            Stop { fate }.to_reply()
        }
        (PM, Some(Request::SessionOf(question))) => match question.group {
            10 | 20 | 30 => Session { session: 10 }.to_reply(),
            40 => Session { session: 40 }.to_reply(),
            _ => Reply::value(Errno::SRCH.result()),
        },
        _ => Reply::value(0),
    }
}

fn machine() -> Machine<TerminalDriver> {
    Machine::new(BASE, peer)
}

/// A machine whose terminal the shell has opened, as its controlling terminal.
fn with_shell() -> (Machine<TerminalDriver>, Handle) {
    let mut m = machine();
    let handle = m.open(SHELL, LINE, READ_WRITE);
    (m, handle)
}

fn read(m: &mut Machine<TerminalDriver>, program: Program, handle: Handle) -> RequestId {
    m.start(program, &object::Read { handle, count: 100 }, &[0; 100])
}

/// The bytes of a read that has ended, or its errno.
fn got(m: &mut Machine<TerminalDriver>, id: RequestId) -> Option<Result<String, Errno>> {
    let (reply, memory) = m.reply(id)?;
    Some(Errno::check(reply.result).map(|_| {
        let count = usize::try_from(reply.result).unwrap();
        String::from_utf8(memory[..count].to_vec()).unwrap()
    }))
}

fn ioctl(
    m: &mut Machine<TerminalDriver>,
    program: Program,
    handle: Handle,
    request: u32,
    argument: u64,
    memory: &[u8],
) -> (Reply, Vec<u8>) {
    let question = object::Control {
        handle,
        request,
        argument,
    };
    m.ask(program, &question, memory)
}

fn sent(m: &Machine<TerminalDriver>) -> String {
    String::from_utf8(m.kernel.chip.take_sent()).unwrap()
}

/// What pm finds when it asks for signal after signal.
fn signals(m: &mut Machine<TerminalDriver>, from: u64) -> Vec<(u32, u32)> {
    let mut found = Vec::new();
    for number in from.. {
        let (reply, _) = m.ask(Program::default(), &terminal::Signal { number }, &[]);
        let Some(wanted) = terminal::Wanted::from_reply(&reply).filter(|_| reply.result >= 0)
        else {
            break;
        };
        found.push((wanted.signal, wanted.process_group));
    }
    found
}

/// Sets VMIN, VTIME and no local flags.
fn raw_mode(m: &mut Machine<TerminalDriver>, handle: Handle, minimum: u8, tenths: u8) {
    let (_, mut settings) = ioctl(m, SHELL, handle, ioctl::TCGETS, 0, &[0; 36]);
    settings[12..16].fill(0);
    settings[17 + raw::VMIN as usize] = minimum;
    settings[17 + raw::VTIME as usize] = tenths;
    let (reply, _) = ioctl(m, SHELL, handle, ioctl::TCSETSW, 0, &settings);
    assert_eq!(reply.result, 0);
}

#[test]
fn a_line_is_echoed_and_read() {
    let (mut m, handle) = with_shell();
    let id = read(&mut m, SHELL, handle);
    m.arrive(b"helo\x7flo\r");
    assert_eq!(got(&mut m, id), Some(Ok("hello\n".into())));
    assert_eq!(sent(&m), "helo\x08 \x08lo\r\n");
    assert_eq!(m.write(SHELL, handle, b"yes\n"), 4);
    assert_eq!(sent(&m), "yes\r\n");
    assert_eq!(m.pending(), (0, 0), "nothing is left behind");
}

#[test]
fn input_comes_even_if_memory_has_to_be_fetched() {
    let (mut m, handle) = with_shell();
    m.arrive(b"line\r");
    let _ = sent(&m);
    m.kernel.absent.set(3);
    let id = read(&mut m, SHELL, handle);
    assert_eq!(got(&mut m, id), Some(Ok("line\n".into())));
    m.kernel.absent.set(2);
    assert_eq!(m.write(SHELL, handle, b"out"), 3);
    assert_eq!(sent(&m), "out");
}

#[test]
fn a_slow_line_holds_writers_back_and_loses_nothing() {
    let (mut m, handle) = with_shell();
    m.kernel.chip.set_slow(true);
    let text: Vec<u8> = (0..20_000_u32)
        .map(|at| b'a' + (at % 23).to_le_bytes()[0])
        .collect();
    let count = text.len() as u64;
    let id = m.start(SHELL, &object::Write { handle, count }, &text);
    assert!(m.reply(id).is_none());
    for _ in 0..2000 {
        m.drain();
    }
    assert_eq!(m.reply(id).unwrap().0.result, 20_000);
    assert!(m.kernel.chip.sent() == text);
}

#[test]
fn interrupted_writers_and_those_that_do_not_wait_answer_what_they_have() {
    let (mut m, handle) = with_shell();
    m.kernel.chip.set_slow(true);
    let question = object::Write {
        handle,
        count: 9000,
    };
    let id = m.start(SHELL, &question, &[b'x'; 9000]);
    m.cancel(id);
    let written = m.reply(id).unwrap().0.result;
    assert!((4000..9000).contains(&written), "{written}");
    let id = m.start(SHELL, &question, &[b'x'; 9000]);
    m.cancel(id);
    assert_eq!(m.reply(id).unwrap().0.result, Errno::RESTART.result());
    let impatient = m.open(SHELL, LINE, READ_WRITE | raw::O_NONBLOCK);
    assert_eq!(m.write(SHELL, impatient, b"y"), Errno::AGAIN.result());
    let id = read(&mut m, SHELL, impatient);
    assert_eq!(got(&mut m, id), Some(Err(Errno::AGAIN)));
}

#[test]
fn a_full_terminal_lets_the_line_wait() {
    let (mut m, handle) = with_shell();
    let line = [b"0123456789abcde\r".repeat(300)].concat();
    let mut left = line.as_slice();
    let mut lines = 0;
    while lines < 300 {
        // The other end sends only while the chip takes it.
        if !left.is_empty() && m.kernel.chip.takes_bytes() {
            let (now, later) = left.split_at(16);
            left = later;
            m.arrive(now);
        } else {
            let id = read(&mut m, SHELL, handle);
            assert_eq!(got(&mut m, id), Some(Ok("0123456789abcde\n".into())));
            lines += 1;
        }
    }
    assert!(left.is_empty());
}

#[test]
fn time_ends_a_raw_read() {
    let (mut m, handle) = with_shell();
    raw_mode(&mut m, handle, 0, 5);
    let id = read(&mut m, SHELL, handle);
    m.pass(499_999_999);
    assert_eq!(got(&mut m, id), None);
    m.pass(1);
    assert_eq!(got(&mut m, id), Some(Ok(String::new())));
    raw_mode(&mut m, handle, 3, 2);
    let id = read(&mut m, SHELL, handle);
    m.pass(1_000_000_000);
    m.arrive(b"ab");
    assert_eq!(got(&mut m, id), None);
    m.pass(200_000_000);
    assert_eq!(got(&mut m, id), Some(Ok("ab".into())));
}

#[test]
fn the_interrupt_key_signals_the_foreground() {
    let (mut m, handle) = with_shell();
    let id = read(&mut m, SHELL, handle);
    m.arrive(b"half");
    m.arrive(b"\x03");
    assert!(m.kernel.notified.borrow().contains(&PM));
    assert_eq!(signals(&mut m, 1), [(raw::SIGINT, 10)]);
    assert_eq!(signals(&mut m, 2), []);
    m.cancel(id);
    assert_eq!(got(&mut m, id), Some(Err(Errno::RESTART)));
    assert_eq!(sent(&m), "half^C");
}

#[test]
fn the_background_is_stopped_when_it_reads() {
    let (mut m, handle) = with_shell();
    let id = read(&mut m, JOB, handle);
    let (reply, _) = m.reply(id).unwrap();
    assert_eq!(
        (reply.result, reply.signal, reply.signal_group),
        (Errno::RESTART.result(), raw::SIGTTIN, 1)
    );
    let id = read(&mut m, IGNORING, handle);
    assert_eq!(got(&mut m, id), Some(Err(Errno::IO)));
    assert_eq!(
        m.write(JOB, handle, b"out"),
        3,
        "without TOSTOP it may write"
    );
    let group = JOB.group.to_le_bytes();
    let (reply, _) = ioctl(&mut m, SHELL, handle, ioctl::TIOCSPGRP, 0, &group);
    assert_eq!(reply.result, 0);
    let id = read(&mut m, JOB, handle);
    m.arrive(b"x\r");
    assert_eq!(got(&mut m, id), Some(Ok("x\n".into())));
    // Now the shell is in the background; it ignores the signal when it takes the terminal back.
    let group = IGNORING.group.to_le_bytes();
    let (reply, _) = ioctl(&mut m, SHELL, handle, ioctl::TIOCSPGRP, 0, &group);
    assert_eq!(
        (reply.result, reply.signal),
        (Errno::RESTART.result(), raw::SIGTTOU)
    );
    let (reply, _) = ioctl(&mut m, IGNORING, handle, ioctl::TIOCSPGRP, 0, &group);
    assert_eq!(reply.result, 0);
    let (reply, memory) = ioctl(&mut m, SHELL, handle, ioctl::TIOCGPGRP, 0, &[0; 4]);
    assert_eq!((reply.result, memory), (0, group.to_vec()));
    for (group, errno) in [(40_i32, Errno::PERM), (77, Errno::SRCH), (-1, Errno::INVAL)] {
        let group = group.to_le_bytes();
        let (reply, _) = ioctl(&mut m, IGNORING, handle, ioctl::TIOCSPGRP, 0, &group);
        assert_eq!(reply.result, errno.result());
    }
}

#[test]
fn opening_gives_a_controlling_terminal_only_to_leaders() {
    let mut m = machine();
    let refused = |m: &mut Machine<TerminalDriver>, program, device| {
        let question = device::Open { device, flags: 0 };
        m.ask(program, &question, &[]).0.result
    };
    assert_eq!(refused(&mut m, SHELL, TTY), Errno::NXIO.result());
    assert_eq!(refused(&mut m, SHELL, pack(4, 65)), Errno::NXIO.result());
    m.open(SHELL, CONSOLE, READ_WRITE);
    m.open(SHELL, LINE, READ_WRITE | raw::O_NOCTTY);
    m.open(JOB, LINE, READ_WRITE);
    assert_eq!(refused(&mut m, SHELL, TTY), Errno::NXIO.result());
    m.open(SHELL, LINE, READ_WRITE);
    m.open(JOB, TTY, READ_WRITE);
    m.open(OTHER, LINE, READ_WRITE);
    assert_eq!(refused(&mut m, OTHER, TTY), Errno::NXIO.result());
    let (reply, _) = m.ask(SHELL, &terminal::OfSession { session: 10 }, &[]);
    let found = terminal::Controlling::from_reply(&reply).unwrap();
    assert_eq!((found.device, found.foreground), (LINE, 10));
    let (reply, _) = m.ask(SHELL, &terminal::LeaderEnded { session: 10 }, &[]);
    assert_eq!(reply.result, 0);
    assert_eq!(signals(&mut m, 1), [(raw::SIGHUP, 10), (raw::SIGCONT, 10)]);
    assert_eq!(refused(&mut m, SHELL, TTY), Errno::NXIO.result());
}

#[test]
fn a_new_size_is_told() {
    let (mut m, handle) = with_shell();
    let size = [50, 0, 132, 0, 0, 0, 0, 0];
    for _ in 0..2 {
        let (reply, _) = ioctl(&mut m, SHELL, handle, ioctl::TIOCSWINSZ, 0, &size);
        assert_eq!(reply.result, 0);
    }
    assert_eq!(signals(&mut m, 1), [(raw::SIGWINCH, 10)]);
    let (_, memory) = ioctl(&mut m, OTHER, handle, ioctl::TIOCGWINSZ, 0, &[0; 8]);
    assert_eq!(memory, size);
    let (reply, _) = ioctl(&mut m, SHELL, handle, ioctl::TIOCSWINSZ, 0, &size[..4]);
    assert_eq!(reply.result, Errno::FAULT.result());
    let (reply, _) = ioctl(&mut m, SHELL, handle, 0x1234, 0, &[]);
    assert_eq!(reply.result, Errno::NOTTY.result());
}

#[test]
fn poll_waits_for_what_is_asked() {
    let (mut m, handle) = with_shell();
    let question = |events, wait| object::Poll {
        handle,
        events,
        wait,
    };
    let both = raw::POLLIN | raw::POLLOUT;
    let (reply, _) = m.ask(SHELL, &question(both, false), &[]);
    assert_eq!(
        object::Ready::from_reply(&reply).unwrap().events,
        raw::POLLOUT
    );
    let id = m.start(SHELL, &question(raw::POLLIN, true), &[]);
    assert!(m.reply(id).is_none());
    m.arrive(b"x");
    assert!(m.reply(id).is_none(), "no line yet");
    m.arrive(b"\r");
    let (reply, _) = m.reply(id).unwrap();
    assert_eq!(
        object::Ready::from_reply(&reply).unwrap().events,
        raw::POLLIN
    );
}

#[test]
fn a_lost_carrier_hangs_up() {
    let (mut m, handle) = with_shell();
    let id = read(&mut m, SHELL, handle);
    m.kernel.chip.set_carrier(false);
    m.settle();
    assert_eq!(got(&mut m, id), Some(Ok(String::new())));
    assert_eq!(signals(&mut m, 1), [(raw::SIGHUP, 10), (raw::SIGCONT, 10)]);
    assert_eq!(m.write(SHELL, handle, b"x"), Errno::IO.result());
    let (reply, _) = ioctl(&mut m, SHELL, handle, ioctl::TCGETS, 0, &[0; 36]);
    assert_eq!(reply.result, Errno::IO.result());
    let again = m.open(SHELL, LINE, READ_WRITE);
    assert_eq!(m.write(SHELL, again, b"x"), 1);
    assert_eq!(m.write(SHELL, handle, b"x"), Errno::IO.result());
}

#[test]
fn output_stops_and_goes_on_by_keys() {
    let (mut m, handle) = with_shell();
    m.arrive(b"\x13");
    let id = m.start(SHELL, &object::Write { handle, count: 2 }, b"ab");
    assert!(m.reply(id).is_none());
    assert_eq!(sent(&m), "");
    m.arrive(b"\x11");
    assert_eq!(m.reply(id).unwrap().0.result, 2);
    assert_eq!(sent(&m), "ab");
}

#[test]
fn a_break_lasts_its_time_and_a_drain_waits() {
    let (mut m, handle) = with_shell();
    m.kernel.chip.set_slow(true);
    assert_eq!(m.write(SHELL, handle, b"ab"), 2);
    let question = |request, argument| object::Control {
        handle,
        request,
        argument,
    };
    let drain = m.start(SHELL, &question(ioctl::TCSBRK, 1), &[]);
    m.pass(5_000_000);
    assert!(m.reply(drain).is_none());
    m.drain();
    m.pass(1_000_000);
    assert_eq!(m.reply(drain).unwrap().0.result, 0);
    let long = m.start(SHELL, &question(ioctl::TCSBRKP, 3), &[]);
    assert_eq!(m.kernel.chip.line_control(), 0x43);
    m.pass(299_000_000);
    assert!(m.reply(long).is_none());
    m.pass(1_000_000);
    assert_eq!(m.reply(long).unwrap().0.result, 0);
    assert_eq!(m.kernel.chip.line_control(), 3);
}

#[test]
fn settings_reach_the_chip() {
    let (mut m, handle) = with_shell();
    assert_eq!(m.kernel.chip.divisor(), 1);
    let (_, mut settings) = ioctl(&mut m, SHELL, handle, ioctl::TCGETS, 0, &[0; 36]);
    let control = raw::B9600 | raw::CS7 | raw::PARENB | raw::CREAD;
    settings[8..12].copy_from_slice(&control.to_le_bytes());
    ioctl(&mut m, SHELL, handle, ioctl::TCSETS, 0, &settings);
    assert_eq!(
        (m.kernel.chip.divisor(), m.kernel.chip.line_control()),
        (12, 0x1a)
    );
    m.update();
    assert_eq!(
        (m.kernel.chip.divisor(), m.kernel.chip.line_control()),
        (12, 0x1a)
    );
}
