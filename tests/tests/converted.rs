//! Every service is updated to its other version and back, and what it knew is used in each: the
//! fields that the two versions keep differently still mean the same.

use std::path::Path;
use tests::inside::Inside;

/// What `scenarios/converted/run.sh` finds, where `{}` is what changes from one time to the next.
const FOUND: &str = "\
vfs: {digit} in /tmp/prepared, umask 0027
ramfs: mode 640
ramfs: 2 links, 18 bytes, mode 640
ramfs: numbers, fifo link numbers second
pfs: one two three
procfs: {version}
memory:  00 00 00, full: No space left on device
random: 40 bytes
hello: hello, reader {reader}
tty: 41 101
^H
-echo
pm: 99 files, still here
sched: nice {nice}
pm: timers run
clock: 2031-05-06
clock: the device answers
vm: 23897 23892
rs: hello has version 2 after {restarts} restarts
ds: 00 00
";

#[test]
fn what_a_service_knew_is_used_by_its_other_version() {
    let scenarios = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let done = Inside::command(["/bin/sh", "/converted/run.sh"])
        .overlay(&scenarios)
        .run();
    let states = ["as prepared", "version 2", "version 1"];
    // The three calls read on where the one before has ended.
    let version = ["Lin", "ux ", "ver"];
    let expected: String = (1..)
        .zip(states)
        .zip(version)
        .map(|((nth, state), version)| {
            // Five were there before; each time one meets a fault, after the one who counts.
            let found = FOUND
                .replace("{digit}", &nth.to_string())
                .replace("{version}", version)
                .replace("{reader}", &(4 + 2 * nth).to_string())
                .replace("{nice}", &(3 * nth).to_string())
                .replace("{restarts}", &nth.to_string());
            format!("{state}\n{found}")
        })
        .collect();
    assert_eq!(done.status(), 0, "{}", done.report());
    let output = String::from_utf8_lossy(&done.stdout);
    assert_eq!(output, expected, "{}", done.report());
}
