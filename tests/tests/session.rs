//! Sessions: the tool on a terminal, and somebody who types.

use std::io::{Seek, Write};
use std::process::Command;
use std::time::Duration;
use tests::process::is_gone_within;
use tests::terminal::{Session, Terminal};
use tests::tool::Tool;

/// A session in a wide terminal, so that no line is wrapped.
fn session() -> Session {
    Terminal::size(50, 200).session(&[])
}

/// Leaves in good order.
fn leave(mut session: Session) {
    let _ = session.emulator();
    session.type_in("exit\n");
    assert_eq!(session.end(), 0);
}

#[test]
fn somebody_is_greeted_and_leaves_with_control_d() {
    let mut session = Terminal::size(50, 200).start(&[]);
    session.expect("service status");
    session.prompt();
    let _ = session.emulator();
    session.check("tty", "/dev/console");
    session.check("stty size", "50 200");
    session.type_in("\x04");
    assert_eq!(session.end(), 0);
}

#[test]
fn a_line_is_edited() {
    let mut session = session();
    // Left three times, and one key in between.
    session.check("echo abdef\x1b[D\x1b[D\x1b[Dc", "abcdef");
    session.check("echo abcx\x7fdef", "abcdef");
    session.check("nonsense\x15echo kept", "kept");
    session.check("echo one two\x17three", "one three");
    session.check("echo again", "again");
    session.check("\x1b[A", "again");
    session.check("\x1b[A\x7f\x7f\x7f\x7f\x7fnew", "new");
    session.check("cat /etc/hostn\t", "evernix");
    // The same, by the terminal's own editing of lines.
    start(&mut session, "echo up; exec cat");
    session.type_in("wrong\x15one tow\x17two\x7f\x7fwo\n");
    session.expect("\none two\r");
    session.type_in("\x04");
    session.prompt();
    leave(session);
}

/// Starts a script in the foreground, one that says "up", and waits for that: keys for signals that
/// are typed before hit the shell.
fn start(session: &mut Session, script: &str) {
    session.type_in(&format!("sh -c '{script}'\n"));
    session.expect("\nup\r");
}

#[test]
fn jobs_are_stopped_continued_and_ended_by_keys() {
    let mut session = session();
    start(&mut session, "echo up; exec sleep 1000");
    session.type_in("\x03");
    session.prompt();
    session.check("echo status $?", "status 130");

    start(&mut session, "echo up; exec sleep 1001");
    session.type_in("\x1a");
    session.expect("Stopped");
    session.prompt();
    session.check("echo status $?", "status 148");
    let stopped = session.run("jobs");
    assert!(
        stopped.contains("Stopped") && stopped.contains("sleep 1001"),
        "{stopped}"
    );
    let _ = session.run("bg");
    let running = session.run("jobs");
    assert!(
        running.contains("Running") && running.contains("sleep 1001"),
        "{running}"
    );
    let _ = session.run("kill %1; wait %1");
    session.check("jobs", "");

    start(
        &mut session,
        "trap \"echo again\" CONT; echo up; while :; do sleep 0.1; done",
    );
    session.type_in("\x1a");
    session.expect("Stopped");
    session.prompt();
    session.type_in("fg\n");
    session.expect("\nagain\r");
    session.type_in("\x03");
    session.prompt();
    session.check("echo status $?", "status 130");

    // The shell ignores SIGQUIT, also in the moment before it becomes another program: only what
    // cat writes tells that cat runs.
    session.type_in("echo up; cat\n");
    session.expect("\nup\r");
    session.type_in("here\n");
    session.expect("here\r");
    session.expect("\nhere\r");
    session.type_in("\x1c");
    session.prompt();
    session.check("echo status $?", "status 131");

    // Ctrl-C at the prompt gives up the line and nothing else.
    session.type_in("echo never\x03");
    session.prompt();
    session.check("echo kept", "kept");
    leave(session);
}

#[test]
fn an_editor_edits_and_saves() {
    let mut session = session();
    session.type_in("vi /tmp/note\n");
    session.expect("- /tmp/note");
    session.type_in("ifirst line\nsecond line\x1b");
    // A key that follows Escape at once would be taken for the rest of a special key.
    session.expect("- /tmp/note");
    session.type_in(":wq\n");
    session.prompt();
    session.check("cat /tmp/note", "first line\nsecond line");
    session.type_in("vi /tmp/note\n");
    session.expect("- /tmp/note");
    session.type_in("ddA, changed\x1b");
    session.expect("- /tmp/note [Modified]");
    session.type_in(":x\n");
    session.prompt();
    session.check("cat /tmp/note", "second line, changed");
    session.check("stty -a | grep -c ' icanon'", "1");
    leave(session);
}

#[test]
fn a_pager_and_a_table_of_processes_are_shown() {
    let mut session = session();
    session.type_in("seq 1 300 >/tmp/numbers; less /tmp/numbers\n");
    session.expect("\x1b[K40\r");
    session.type_in("G");
    session.expect("\x1b[K300\r");
    session.type_in("q");
    session.prompt();
    session.check("top -b -n 1 | head -n 1 | cut -c 1-4", "Mem:");
    session.check("top -b -n 1 | grep -c ' top -b -n 1$'", "1");
    leave(session);
}

#[test]
fn a_new_size_is_told_to_the_foreground() {
    let mut session = Terminal::size(40, 120).session(&[]);
    session.check("stty size", "40 120");
    // In the foreground, with a child that changes the size.
    session.check(
        "sh -c \"trap 'echo heard' WINCH; stty rows 30 columns 100; echo done; :\"",
        "heard\ndone",
    );
    session.check("stty size", "30 100");
    // The same size again is no news.
    session.check(
        "sh -c \"trap 'echo heard' WINCH; stty rows 30 columns 100; echo done; :\"",
        "done",
    );
    leave(session);
}

#[test]
fn the_emulators_own_key_ends_it() {
    let mut session = session();
    let _ = session.emulator();
    session.type_in("\x01x");
    assert_eq!(session.end(), 0);
}

#[test]
fn poweroff_ends_it_and_reboot_starts_it_again() {
    let mut session = session();
    let first = session.emulator();
    session.run("echo kept > /tmp/file");
    session.type_in("reboot\n");
    session.expect("Booting");
    session.prompt();
    assert!(is_gone_within(first, Duration::from_secs(10)));
    session.check(
        "cat /tmp/file",
        "cat: can't open '/tmp/file': No such file or directory",
    );
    let _ = session.emulator();
    session.type_in("poweroff\n");
    assert_eq!(session.end(), 0);
}

#[test]
fn what_is_typed_ahead_is_not_lost() {
    let mut session = session();
    session.type_in("sleep 1; echo first\necho second\nread x; echo got $x\n");
    session.type_in("an answer\necho third\n");
    for shown in ["\nfirst\r", "\nsecond\r", "\ngot an answer\r", "\nthird\r"] {
        session.expect(shown);
    }
    session.prompt();
    leave(session);
}

#[test]
fn a_long_paste_arrives_whole() {
    let mut session = session();
    let lines: String = (0..100)
        .map(|line| format!("{line:03} {:-<35}\n", ""))
        .collect();
    assert_eq!(lines.len(), 4_000);
    // The line editor takes Ctrl-D for a byte like others until it has let the terminal go.
    session.type_in("echo up; cat > /tmp/pasted\n");
    session.expect("\nup\r");
    session.type_in(&lines);
    session.type_in("\x04");
    session.prompt();
    let sum = session.run("md5sum < /tmp/pasted");
    assert_eq!(sum, host_checksum(&lines));
    // The same into a program that takes every byte as it comes.
    session
        .type_in("stty raw -echo; echo ready; head -c 4000 > /tmp/pasted; stty sane; echo done\n");
    session.expect("\nready");
    session.type_in(&lines);
    session.expect("\ndone\r");
    session.prompt();
    session.check("md5sum < /tmp/pasted", &host_checksum(&lines));
    leave(session);
}

/// What md5sum(1) says on the host.
fn host_checksum(text: &str) -> String {
    let mut file = tempfile::tempfile().expect("a file");
    file.write_all(text.as_bytes()).expect("room for it");
    file.rewind().expect("its beginning");
    let output = Command::new("md5sum").stdin(file).output();
    let output = output.expect("md5sum runs").stdout;
    String::from_utf8_lossy(&output).trim().to_owned()
}

/// Services that a session needs, in one way or another.
const SERVICES: [&str; 10] = [
    "tty", "vfs", "pm", "vm", "ramfs", "rs", "ds", "sched", "pfs", "procfs",
];

#[test]
fn it_goes_on_while_services_crash_and_are_replaced() {
    let mut session = session();
    session.run("echo from file > /tmp/file; x='from shell'");
    for action in ["fault", "update"] {
        for service in SERVICES {
            let how = if action == "fault" { "panic" } else { "" };
            let _ = session.run(&format!("service {action} {service} {how}"));
            session.check("echo $x; cat /tmp/file | cat", "from shell\nfrom file");
        }
    }
    for service in SERVICES {
        let row = session.run(&format!("service status {service}"));
        let row: Vec<&str> = row
            .lines()
            .last()
            .unwrap_or("")
            .split_whitespace()
            .collect();
        // Name, slot, version, state, restarts.
        assert_eq!((row[0], &row[2..5]), (service, &["2", "running", "1"][..]));
    }
    leave(session);
}

#[test]
fn a_line_goes_on_where_a_service_crashed_within_it() {
    let mut session = session();
    for action in [
        "fault tty panic",
        "update tty",
        "fault vfs panic",
        "fault pm panic",
    ] {
        let strike = format!("sleep 2; echo; echo strikes; service {action}; echo struck");
        session.run(&format!("( ({strike}) & )"));
        session.type_in("echo ab");
        session.expect("echo ab");
        session.expect("\nstrikes");
        session.expect("\nstruck\r\r\n");
        session.check("cd\x1b[D\x1b[DX", "abXcd");
    }
    leave(session);
}

#[test]
fn a_killed_tool_leaves_no_emulator() {
    use rustix::process::Signal;
    for (signal, status) in [(Signal::KILL, 137), (Signal::TERM, 143)] {
        let mut session = session();
        let _ = session.emulator();
        session.signal(signal);
        assert_eq!(session.end(), status);
    }
}

#[test]
fn input_that_is_no_terminal_is_a_script() {
    let done = Tool::new::<&str>(&[])
        .input("x=1\necho hello $x\n(exit 7)")
        .run();
    assert_eq!(done.output(), "hello 1\n", "{}", done.errors());
    assert_eq!(done.status, Some(7));
}
