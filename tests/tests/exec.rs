//! `exec`: one command inside with the tool's own streams and status.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::{Command, Stdio};
use std::time::Duration;

use rustix::process::Signal;
use tests::process::is_gone_within;
use tests::terminal::Terminal;
use tests::tool::{Finished, Tool, program};

/// Output that is as unlike a pattern as need be: each byte depends on all before.
fn noise(count: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_u32;
    let next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes()[0]
    };
    std::iter::repeat_with(next).take(count).collect()
}

#[test]
fn all_bytes_pass_in_and_out_and_as_errors() {
    let all: Vec<u8> = (0..=255).chain((0..=255).rev()).collect();
    let done = Tool::exec(&[], &["cat"]).input(all.clone()).run();
    assert_eq!(done.status, Some(0), "{}", done.errors());
    assert!(done.stdout == all && done.errors().is_empty(), "{done:?}");

    let script = "tee /dev/fd/2 | head -c 256; cat >&2";
    let done = Tool::shell(script).input(all.clone()).run();
    assert_eq!(done.status, Some(0), "{}", done.errors());
    assert_eq!(done.stdout, all[..256]);
    assert!(done.stderr.ends_with(&all), "{done:?}");
}

#[test]
fn the_end_of_input_is_passed_on() {
    for (input, count) in [("", "0\n"), ("no newline", "10\n")] {
        let done = Tool::exec(&[], &["wc", "-c"]).input(input).run();
        assert_eq!((done.status, done.output()), (Some(0), count.to_owned()));
    }
}

#[test]
fn a_mebibyte_goes_in_and_out() {
    let noise = noise(1024 * 1024);
    let done = Tool::exec(&["--timeout", "110"], &["cat"])
        .input(noise.clone())
        .run();
    assert_eq!(done.status, Some(0), "{}", done.errors());
    assert!(done.stdout == noise, "{} bytes came", done.stdout.len());
}

#[test]
fn the_status_is_the_commands() {
    for status in [0, 1, 7, 126, 127, 255] {
        let done = Tool::shell(&format!("echo out; echo err >&2; exit {status}")).run();
        let streams = (done.output(), done.errors());
        assert_eq!(streams, ("out\n".to_owned(), "err\n".to_owned()));
        assert_eq!(done.status, Some(status));
    }
}

#[test]
fn the_status_tells_of_signals() {
    for (signal, status) in [("KILL", 137), ("TERM", 143), ("SEGV", 139)] {
        let done = Tool::shell(&format!("echo before; kill -{signal} $$; echo after")).run();
        assert_eq!(
            (done.status, done.output()),
            (Some(status), "before\n".to_owned())
        );
    }
}

#[test]
fn a_run_that_takes_too_long_is_ended() {
    let running = Tool::exec(&["--timeout", "8"], &["sh", "-c", "echo on; sleep 1000"]).start();
    let emulator = running.emulator();
    let done = running.finish();
    assert_eq!((done.status, done.output()), (Some(124), "on\n".to_owned()));
    assert!(
        done.errors().contains("the time allowed is over"),
        "{}",
        done.errors()
    );
    assert!(is_gone_within(emulator, Duration::from_secs(10)));
}

#[test]
fn what_cannot_be_started_is_told() {
    let done = Tool::exec(&[], &["no-such-command"]).run();
    assert_eq!(done.status, Some(127));
    let told = "init: no-such-command: No such file or directory (os error 2)\n";
    assert_eq!(
        (done.output(), done.errors()),
        (String::new(), told.to_owned())
    );

    let done = Tool::exec(&[], &["/etc/passwd"]).run();
    assert_eq!(done.status, Some(126));
    let told = "init: /etc/passwd: Permission denied (os error 13)\n";
    assert_eq!(
        (done.output(), done.errors()),
        (String::new(), told.to_owned())
    );
}

/// What the tool says when it does not even boot.
fn refused(done: &Finished, status: i32, word: &str) {
    assert_eq!(done.status, Some(status), "{done:?}");
    assert!(done.stdout.is_empty(), "{done:?}");
    assert!(done.errors().contains(word), "{}", done.errors());
}

#[test]
fn what_cannot_be_laid_over_is_refused() {
    let done = Tool::exec(&["--overlay", "/no/such/folder"], &["true"]).run();
    refused(
        &done,
        125,
        "evernix: /no/such/folder: No such file or directory",
    );
    assert!(!done.errors().contains("panicked"));

    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("socket");
    let _socket = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    let path = folder.path().to_str().unwrap();
    let done = Tool::exec(&["--overlay", path], &["true"]).run();
    refused(&done, 125, &format!("{}: neither a file", socket.display()));

    // A file in place of the folder.
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let done = Tool::exec(&["--overlay", file.to_str().unwrap()], &["true"]).run();
    refused(
        &done,
        125,
        &format!("evernix: {}: Not a directory", file.display()),
    );
}

#[test]
fn a_trace_shows_where_calls_go() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("trace.json");
    let options = ["--trace", file.to_str().unwrap()];
    let done = Tool::exec(
        &options,
        &["sh", "-c", "echo traced; cat /proc/uptime > /dev/null"],
    )
    .run();
    assert_eq!(
        (done.status, done.output()),
        (Some(0), "traced\n".to_owned())
    );

    let trace: serde_json::Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
    assert_eq!(trace["otherData"]["records lost"], 0);
    let events = trace["traceEvents"].as_array().unwrap();
    let tracks: Vec<&str> = events
        .iter()
        .filter(|event| event["name"] == "thread_name")
        .filter_map(|event| event["args"]["name"].as_str())
        .collect();
    for track in ["vfs", "pm", "vm", "ramfs", "procfs", "program 1"] {
        assert!(tracks.contains(&track), "{track}: {tracks:?}");
    }
    // What begins ends, and a service is seen working at it: exec by pm, faults by vm.
    let requests = |phase: &str| {
        let of = |event: &&serde_json::Value| event["cat"] == "request" && event["ph"] == phase;
        events.iter().filter(of).count()
    };
    let (begun, ended) = (requests("b"), requests("e"));
    assert!(
        begun > 100 && ended <= begun && begun - ended < 20,
        "{begun}, {ended}"
    );
    for name in ["execve", "page fault"] {
        let works = |event: &serde_json::Value| event["ph"] == "X" && event["name"] == name;
        assert!(events.iter().any(works), "{name}");
    }

    let options = ["--trace", "/no/such/folder/trace.json"];
    let done = Tool::exec(&options, &["true"]).run();
    refused(
        &done,
        125,
        "evernix: /no/such/folder/trace.json: No such file",
    );
}

#[test]
fn a_profile_shows_who_executes() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("profile.txt");
    let options = ["--profile", file.to_str().unwrap()];
    let done = Tool::exec(&options, &["sh", "-c", "echo profiled"]).run();
    assert_eq!(
        (done.status, done.output()),
        (Some(0), "profiled\n".to_owned())
    );

    let text = fs::read_to_string(&file).unwrap();
    let rows: Vec<Vec<&str>> = text
        .lines()
        .skip(1)
        .map(|row| row.split_whitespace().collect())
        .collect();
    let count = |of: &[&str]| -> u64 {
        let row = rows.iter().find(|row| row[2..] == *of);
        row.unwrap_or_else(|| panic!("{of:?}: {text}"))[0]
            .parse()
            .unwrap()
    };
    // Each service has started, and the functions of the kernel are its instructions.
    for service in ["pm", "vfs", "vm", "ramfs", "tty", "programs"] {
        assert!(count(&[service, "(all)"]) > 10_000, "{service}");
    }
    let kernel = count(&["kernel", "(all)"]);
    let of_kernel = rows
        .iter()
        .filter(|row| row[2] == "kernel" && row[3] != "(all)");
    let functions: u64 = of_kernel.map(|row| row[0].parse::<u64>().unwrap()).sum();
    assert_eq!(functions, kernel);
    let known = |row: &&Vec<&str>| row[2] == "vfs" && row[3].starts_with("vfs::");
    assert!(rows.iter().filter(known).count() > 10, "{text}");
}

#[test]
fn files_are_laid_over_as_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    fs::create_dir_all(path("data/empty")).unwrap();
    fs::write(path("data/script"), "#!/bin/sh\necho ran \"$@\"\n").unwrap();
    fs::set_permissions(path("data/script"), fs::Permissions::from_mode(0o4751)).unwrap();
    symlink("script", path("data/link")).unwrap();
    fs::write(
        folder.path().join(OsStr::from_bytes(b"data/\xff\xfe")),
        "odd",
    )
    .unwrap();
    let big = noise(8 * 1024 * 1024 + 1);
    fs::write(path("data/big"), &big).unwrap();
    // Over what the root has.
    fs::create_dir_all(path("etc")).unwrap();
    fs::write(path("etc/hostname"), "other\n").unwrap();

    let script = r#"cd /data && ./link with words && stat -c "%a %F" script link empty &&
        readlink link && cat "$(printf '\377\376')" && echo && ls | wc -l &&
        hostname && md5sum < big"#;
    let options = ["--overlay", folder.path().to_str().unwrap()];
    let done = Tool::exec(&options, &["sh", "-c", script]).run();
    let expected = "ran with words\n4751 regular file\n777 symbolic link\n755 directory\n\
        script\nodd\n5\nother\n";
    let expected = format!("{expected}{}", md5sum(&path("data/big")));
    assert_eq!((done.output(), done.errors()), (expected, String::new()));
    assert_eq!(done.status, Some(0));
}

/// What the host's md5sum says.
fn md5sum(file: &std::path::Path) -> String {
    let file = fs::File::open(file).expect("a file");
    let output = Command::new("md5sum").stdin(file).output();
    String::from_utf8(output.expect("md5sum runs").stdout).expect("a sum")
}

#[test]
fn an_interrupt_ends_the_tool_and_the_emulator() {
    let running = Tool::shell("echo up; exec sleep 1000").start();
    running.await_output(b"up\n");
    let emulator = running.emulator();
    running.signal(Signal::INT);
    let done = running.finish();
    assert!(
        done.status == Some(130) || done.signal == Some(2),
        "{done:?}"
    );
    assert!(is_gone_within(emulator, Duration::from_secs(10)));
}

#[test]
fn control_c_reaches_the_tool_on_a_terminal() {
    let mut command = Command::new(program());
    command.args(["exec", "--", "sh", "-c", "echo up; exec sleep 1000"]);
    let mut session = Terminal::size(24, 80).start_program(&command);
    session.expect("up\r\n");
    let _ = session.emulator();
    session.type_in("\x03");
    assert_eq!(session.end(), 130);
}

#[test]
fn control_c_ends_a_build() {
    // While somebody else builds, the tool's build waits.
    let lock = "system/kernel/x86_64-unknown-linux-gnu/system/.cargo-lock";
    let lock = program().ancestors().nth(2).expect("target").join(lock);
    let lock = fs::File::options()
        .read(true)
        .write(true)
        .open(lock)
        .unwrap();
    lock.lock().unwrap();
    let mut session = Terminal::size(24, 200).start(&["build"]);
    session.expect("waiting for file lock");
    session.type_in("\x03");
    assert_eq!(session.end(), 130);
    lock.unlock().unwrap();
}

#[test]
fn output_that_nobody_reads_ends_it() {
    let mut running = Tool::exec(&[], &["yes"]).start();
    let emulator = running.emulator();
    running.close_output();
    let done = running.finish();
    assert_eq!(done.status, Some(141), "{done:?}");
    assert!(is_gone_within(emulator, Duration::from_secs(10)));
}

/// S9: the command line that is printed works when it is pasted into a shell.
#[test]
fn the_line_that_it_prints_boots() {
    let output = Command::new(program())
        .arg("command")
        .stderr(Stdio::inherit())
        .output()
        .unwrap();
    let line = String::from_utf8(output.stdout).unwrap();
    assert_eq!(line.lines().count(), 1, "{line}");
    let mut shell = Command::new("sh");
    shell.args(["-c", line.trim_end()]);
    let mut session = Terminal::size(24, 80).start_program(&shell);
    session.prompt();
    session.type_in("echo $((6 * 7))\n");
    session.expect("\n42\r");
    session.type_in("\x01x");
    assert_eq!(session.end(), 0);
}

/// The hardware fails, as the emulator's monitor can make it: the kernel says what it did last.
#[test]
fn a_failure_of_the_machine_is_told() {
    for busy in ["", "while :; do :; done &"] {
        let mut session = Terminal::size(50, 200).session(&[]);
        session.type_in(&format!("{busy} echo $((6 * 7))\n"));
        session.expect("\n42\r");
        session.type_in("\x01c");
        session.expect("(qemu) ");
        session.type_in("nmi\n");
        session.expect("exception 2");
        session.expect("what it did last");
        assert_eq!(session.end(), 125);
    }
}

#[test]
fn the_logs_are_shown_when_wanted() {
    let script =
        "echo to the console >/dev/console; dmesg | grep -o 'protects by.*'; echo error >&2";
    let done = Tool::exec(&["--console"], &["sh", "-c", script]).run();
    assert_eq!(done.output(), "protects by WP NX SMEP SMAP UMIP\n");
    let errors = done.errors();
    assert!(errors.starts_with("error\n"), "{errors}");
    for line in ["Evernix ", "MiB of memory", "\nto the console"] {
        assert!(errors.contains(line), "{line:?} is not in {errors}");
    }
}

#[test]
fn several_processors_may_be_there() {
    let done = Tool::exec(&["--smp", "2"], &["echo", "up"]).run();
    assert_eq!((done.status, done.output()), (Some(0), "up\n".to_owned()));
}

#[test]
fn every_boot_has_other_random_numbers() {
    let numbers = ["one boot", "another"].map(|_| {
        let done = Tool::exec(&[], &["head", "-c", "16", "/dev/urandom"]).run();
        assert_eq!((done.status, done.stdout.len()), (Some(0), 16));
        done.stdout
    });
    assert_ne!(numbers[0], numbers[1]);
}

#[test]
fn wrong_arguments_are_refused_with_a_reason() {
    refused(&Tool::new(&["exec"]).run(), 2, "required");
    refused(
        &Tool::new(&["dance"]).run(),
        2,
        "unrecognized subcommand 'dance'",
    );
    let done = Tool::exec(&["--memory", "16M"], &["true"]).run();
    refused(&done, 2, "from 32M to 65536M");
    let done = Tool::exec(&["--timeout", "soon"], &["true"]).run();
    refused(&done, 2, "'soon' for '--timeout");
}
