//! Replacements that fail: the old version goes on as if nothing had been, and the error is named.

use abi::image::ImageHeader;
use std::mem::offset_of;
use tests::inside::{Done, Inside};
use tests::services::{assert_undisturbed, lay_images, misfit, rows};

/// A replacement, and what is said of it after the name of the service.
const FAILURES: [(&str, &str); 9] = [
    ("panicking", "panic"),
    ("crashing", "bad memory access"),
    ("hanging", "deadline passed"),
    ("refusing", "it refused it (a reason of its own)"),
    (
        "contradicted",
        "it refused it (the state contradicts itself)",
    ),
    ("undecoding", "it refused it (the state does not decode)"),
    (
        "estranged",
        "it refused it (the state is of an unknown version)",
    ),
    ("greedy", NO_MEMORY),
    ("impatient", "it refused it (a reason of its own)"),
];

/// Runs scripts one after the other in one system; each gets its status and what it wrote, and is
/// followed by a reader of hello, who is counted.
fn run(overlay: &tempfile::TempDir, steps: &[String]) -> Done {
    let mut script = String::from("exec 2>&1\n");
    for step in steps {
        script.push_str(&format!(
            "echo '@'; {step}\necho \"status $?\"; cat /dev/hello\n"
        ));
    }
    script.push_str("echo '@'; service status\n");
    let done = Inside::shell(&script).overlay(overlay.path()).run();
    assert_eq!(done.status(), 0, "{}", done.report());
    done
}

/// The lines of each step, and of the table at the end.
fn parts(done: &Done) -> Vec<String> {
    let text = String::from_utf8_lossy(&done.stdout).into_owned();
    text.split("@\n").skip(1).map(str::to_owned).collect()
}

/// What a step wrote: an optional line, its status, and the greeting of reader `reader`.
fn step(said: &str, status: u8, reader: usize) -> String {
    let said = if said.is_empty() {
        String::new()
    } else {
        format!("{said}\n")
    };
    format!("{said}status {status}\nhello, reader {reader}\n")
}

/// What is said of one that gets no memory.
const NO_MEMORY: &str = "there is no memory for a second instance when it took over the state";
/// What is said of a replacement that fails.
const FAILED: &str =
    "the old version keeps running, the new one failed when it took over the state";

fn check(done: &Done, expected: &[(String, u8)]) {
    let parts = parts(done);
    let mut wrong = Vec::new();
    for (at, (said, status)) in expected.iter().enumerate() {
        let expected = step(said, *status, at + 1);
        let found = parts.get(at).map_or("", String::as_str);
        if found != expected {
            wrong.push(format!("step {}:\n{found}instead of\n{expected}", at + 1));
        }
    }
    assert!(wrong.is_empty(), "{}\n{}", wrong.join("\n"), done.report());
}

/// S12: hello keeps no pages for its successor; after each way to be rolled back it serves, with a stack
/// and a heap that it can write. (Page by page: carried.rs in kernel/core.)
#[test]
fn a_replacement_that_fails_leaves_the_old_version_as_it_was() {
    let overlay = tempfile::tempdir().expect("a folder");
    let images = FAILURES.map(|(name, _)| (name, misfit(name, "hello", 9)));
    lay_images(overlay.path(), &images);
    let steps = FAILURES.map(|(name, _)| format!("service update hello --to /images/{name}"));
    let done = run(&overlay, &steps);
    let expected = FAILURES.map(|(_, failure)| match failure {
        NO_MEMORY => (format!("service: hello: {NO_MEMORY}"), 1),
        _ => (format!("service: hello: {FAILED}: {failure}"), 1),
    });
    check(&done, &expected);
    let table = parts(&done).pop().unwrap_or_default();
    assert_undisturbed(&table, &[]);
    let hello = rows(&table).into_iter().find(|row| row.name == "hello");
    let hello = hello.expect("hello");
    assert_eq!((hello.version, hello.starts), (1, 1));
    let log = &done.logs.kernel;
    assert!(
        log.contains("impatient: all was tried"),
        "{}",
        done.report()
    );
    assert!(!log.contains("was answered with"), "{}", done.report());
}

/// Services without which nothing else can run, and one that is waited for all the time.
const SERVERS: [&str; 6] = ["pm", "vfs", "vm", "ramfs", "rs", "tty"];
/// What is tried with them: the panic, the time that is over, and the two kinds of refusal.
const SERVER_FAILURES: [usize; 4] = [0, 2, 3, 5];

#[test]
fn a_replacement_of_a_server_that_fails_leaves_the_old_version_as_it_was() {
    let overlay = tempfile::tempdir().expect("a folder");
    let failures = SERVER_FAILURES.map(|at| FAILURES[at]);
    let pairs = SERVERS.map(|server| failures.map(|failure| (server, failure)));
    let pairs = pairs.concat();
    let images: Vec<(String, _)> = pairs
        .iter()
        .map(|(server, (name, _))| (format!("{server}-{name}"), misfit(name, server, 9)))
        .collect();
    let named: Vec<(&str, _)> = images
        .iter()
        .map(|(name, image)| (&**name, image.clone()))
        .collect();
    lay_images(overlay.path(), &named);
    let steps: Vec<String> = pairs
        .iter()
        .map(|(server, (name, _))| format!("service update {server} --to /images/{server}-{name}"))
        .collect();
    let done = run(&overlay, &steps);
    let expected: Vec<(String, u8)> = pairs
        .iter()
        .map(|(server, (_, failure))| (format!("service: {server}: {FAILED}: {failure}"), 1))
        .collect();
    check(&done, &expected);
    assert_undisturbed(&parts(&done).pop().unwrap_or_default(), &[]);
}

/// An image that is not one, and what is said of it.
struct Damage {
    name: String,
    content: Vec<u8>,
    said: &'static str,
}

/// Fields of eight bytes whose values decide where something lies.
const PLACES: [(&str, usize); 9] = [
    ("text-offset", offset_of!(ImageHeader, text_offset)),
    ("text-size", offset_of!(ImageHeader, text_size)),
    ("read-only-size", offset_of!(ImageHeader, read_only_size)),
    ("data-offset", offset_of!(ImageHeader, data_offset)),
    ("data-size", offset_of!(ImageHeader, data_size)),
    ("data-memory", offset_of!(ImageHeader, data_memory)),
    (
        "relocation-offset",
        offset_of!(ImageHeader, relocation_offset),
    ),
    ("entry", offset_of!(ImageHeader, entry)),
    ("export-entry", offset_of!(ImageHeader, export_entry)),
];

const DAMAGED: &str = "the service image is damaged";
const NO_IMAGE: &str = "the file is not a service image";

fn damages(sound: &[u8]) -> Vec<Damage> {
    let mut all = Vec::new();
    let mut add = |name: String, content: Vec<u8>, said| {
        all.push(Damage {
            name,
            content,
            said,
        })
    };
    for length in [0, 1, 7, sound.len() / 2, sound.len() - 1] {
        let said = if length < 8 { NO_IMAGE } else { DAMAGED };
        add(format!("cut-{length}"), sound[..length].to_vec(), said);
    }
    for (name, at) in PLACES {
        add(format!("cut-at-{name}"), sound[..at].to_vec(), DAMAGED);
        for value in [u64::MAX, 1 << 63, 0xffff_ffff_8010_0000, 0xf_ffff_f000] {
            let mut content = sound.to_vec();
            content[at..at + 8].copy_from_slice(&value.to_le_bytes());
            add(format!("{name}-{value:x}"), content, DAMAGED);
        }
    }
    let mut changed = sound.to_vec();
    changed[5000] ^= 1;
    add("changed".into(), changed, DAMAGED);
    let mut longer = sound.to_vec();
    longer.push(0);
    add("longer".into(), longer, DAMAGED);
    let mut relocations = sound.to_vec();
    let at = offset_of!(ImageHeader, relocations);
    relocations[at..at + 4].copy_from_slice(&[0xff; 4]);
    add("relocations".into(), relocations, DAMAGED);
    let mut other = sound.to_vec();
    other[offset_of!(ImageHeader, abi)] = 99;
    add(
        "interface".into(),
        other,
        "the service image is for another kernel interface",
    );
    all
}

#[test]
fn a_file_that_is_no_image_is_refused_before_anything_starts() {
    let overlay = tempfile::tempdir().expect("a folder");
    let sound = misfit("refusing", "hello", 9);
    let damages = damages(&sound);
    let images: Vec<_> = damages
        .iter()
        .map(|d| (d.name.as_str(), d.content.clone()))
        .collect();
    lay_images(overlay.path(), &images);
    lay_images(
        overlay.path(),
        &[("other", misfit("refusing", "memory", 9))],
    );
    let steps: Vec<String> = damages
        .iter()
        .map(|damage| damage.name.as_str())
        .chain(["other"])
        // What comes after the reason depends on the damage, and is told too.
        .map(|name| format!("(service update hello --to /images/{name} 2>&1; s=$?; exit $s)"))
        .collect();
    let done = run(&overlay, &steps);
    let parts = parts(&done);
    let other = [("other", "the service image is of another service: memory")];
    let expected = damages
        .iter()
        .map(|d| (d.name.as_str(), d.said))
        .chain(other);
    for (at, (name, said)) in expected.enumerate() {
        let found = parts.get(at).map_or("", String::as_str);
        let start = format!("service: hello: {said}");
        let end = format!("status 1\nhello, reader {}\n", at + 1);
        assert!(
            found.starts_with(&start) && found.ends_with(&end) && found.lines().count() == 3,
            "{name}: {found}instead of {start}"
        );
    }
    let table = parts.last().cloned().unwrap_or_default();
    assert_undisturbed(&table, &[]);
    assert!(!done.logs.kernel.contains("candidate"), "{}", done.report());
}

/// A wrong command, its status, and what its message must contain.
const WRONG: [(&str, u8, &str); 26] = [
    ("service", 2, "Usage: service"),
    (
        "service frobnicate hello",
        2,
        "unrecognized subcommand 'frobnicate'",
    ),
    ("service update", 2, "required arguments were not provided"),
    ("service down", 2, "required arguments were not provided"),
    ("service down hello tty", 2, "unexpected argument 'tty'"),
    ("service fault hello gently", 2, "invalid value 'gently'"),
    (
        "service update HELLO",
        2,
        "a service's name has lower-case letters",
    ),
    (
        "service update hello --to",
        2,
        "a value is required for '--to",
    ),
    (
        "service update hello --deadline 0",
        2,
        "invalid value '0' for '--deadline",
    ),
    (
        "service update hello --deadline -1",
        2,
        "unexpected argument '-1'",
    ),
    ("service update hello --all", 2, "cannot be used with"),
    (
        "service update hello ds hello",
        1,
        "hello: each service of an update is named once",
    ),
    ("service update nobody", 1, "nobody: no such service"),
    ("service fault nobody", 1, "nobody: no such service"),
    ("service status nobody", 1, "nobody: no such service"),
    ("service up hello", 1, "hello: it is up already"),
    (
        "service down vfs",
        1,
        "vfs: the system cannot do without it",
    ),
    (
        "service update hello --to 77",
        1,
        "hello: the image has no such version",
    ),
    (
        "service update hello --to /missing",
        3,
        "/missing: No such file or directory",
    ),
    ("service update hello --to /etc", 3, "/etc: Is a directory"),
    (
        "service update hello --to /bin/busybox",
        1,
        "the file is not a service image",
    ),
    (
        "service update hello --to /dev/null",
        1,
        "the file is not a service image",
    ),
    (
        "service update hello --to /dev/hello/x",
        3,
        "/dev/hello/x: Not a directory",
    ),
    (
        "dd if=/dev/zero of=/tmp/big bs=1M count=4 2>/dev/null; service update hello --to /tmp/big",
        1,
        "the file is not a service image",
    ),
    (
        "dd if=/dev/zero of=/tmp/big bs=1M count=5 2>/dev/null; service update hello --to /tmp/big",
        3,
        "the images are too large",
    ),
    (
        "su nobody -s /bin/sh -c 'service down hello'",
        3,
        "Operation not permitted",
    ),
];

#[test]
fn wrong_commands_are_told_what_is_wrong() {
    let overlay = tempfile::tempdir().expect("a folder");
    let steps = WRONG.map(|(command, ..)| command.to_owned());
    let done = run(&overlay, &steps);
    let parts = parts(&done);
    let mut wrong = Vec::new();
    for (at, (command, status, said)) in WRONG.into_iter().enumerate() {
        let found = parts.get(at).map_or("", String::as_str);
        let end = format!("status {status}\nhello, reader {}\n", at + 1);
        if !(found.contains(said) && found.ends_with(&end)) {
            wrong.push(format!("{command}:\n{found}instead of {said}\n{end}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_undisturbed(parts.last().map_or("", String::as_str), &[]);
}

#[test]
fn the_state_survives_what_it_should() {
    let overlay = tempfile::tempdir().expect("a folder");
    // What is done, and the number that the next reader gets.
    let cases = [
        ("service refresh hello | sed 's/[0-9].*//'", 1),
        ("service update hello --to 2 >/dev/null", 2),
        ("service update hello --to 1 >/dev/null", 3),
        ("service fault hello memory", 4),
        ("service fault hello panic", 5),
        ("service fault hello branch", 6),
        ("service fault hello hang", 7),
        ("service restart hello", 1),
        ("service down hello; cat /dev/hello; service up hello", 1),
    ];
    let steps = cases.map(|(command, _)| command.to_owned());
    let done = run(&overlay, &steps);
    let parts = parts(&done);
    for (at, (command, reader)) in cases.into_iter().enumerate() {
        let found = parts.get(at).map_or("", String::as_str);
        let end = format!("status 0\nhello, reader {reader}\n");
        assert!(
            found.ends_with(&end),
            "{command}:\n{found}instead of\n{end}{}",
            done.report()
        );
    }
    let table = parts.last().map_or("", String::as_str);
    assert_undisturbed(table, &["hello"]);
    let hello = rows(table)
        .into_iter()
        .find(|row| row.name == "hello")
        .expect("hello");
    assert_eq!(
        (hello.state.as_str(), hello.version, hello.restarts),
        // The first fault met version 1 early: version 2 took over again.
        ("running", 2, 4)
    );
}
