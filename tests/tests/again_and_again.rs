//! What works once works a hundred times: updates of much, of vm, and rollbacks; boots.

use std::path::Path;
use std::time::Duration;
use tests::inside::{Done, Inside};
use tests::services::{lay_images, misfit};

const LIMIT: Duration = Duration::from_secs(1500);

/// Runs a script of `scenarios/again`, with images that refuse every State.
fn again(words: &[&str], refusing: &[&str]) {
    let overlay = tempfile::tempdir().expect("a folder");
    for service in refusing {
        let file = format!("{service}-refusing");
        lay_images(overlay.path(), &[(&file, misfit("refusing", service, 9))]);
    }
    let scenarios = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let done = Inside::command(["/bin/sh"].iter().chain(words))
        .overlay(&scenarios)
        .overlay(overlay.path())
        .within(LIMIT)
        .run();
    assert_eq!(done.status(), 0, "{}", done.report());
    assert_eq!(said(&done), "done\n", "{}", done.report());
}

fn said(done: &Done) -> String {
    String::from_utf8_lossy(&done.stdout).into_owned() + &String::from_utf8_lossy(&done.stderr)
}

/// S4: a service with more than a mebibyte of State is updated a hundred times and has as much
/// memory as after the first; a rollback leaves the old instance all it had.
#[test]
fn a_large_state_leaks_nothing() {
    again(&["/again/large-state.sh", "100"], &["pfs"]);
}

/// S7: an update of vm fails fifty times after it has taken over the State, and fifty times as it
/// does so; S15: vm is updated a hundred times. Programs' memory is what it was, and works.
#[test]
fn vm_is_updated_and_fails_again_and_again() {
    again(&["/again/vm.sh", "100", "50"], &["vm", "hello"]);
}

/// S22: an update with rs in it is rolled back a hundred times, and no healthy service is taken for
/// dead, though each that runs for 300 ms without asking for an event is.
#[test]
fn rollbacks_with_rs_make_nobody_look_dead() {
    again(&["/again/rollback.sh", "100"], &["hello"]);
}

fn boots(times: usize) {
    for boot in 0..times {
        let done =
            Inside::shell("service status | awk 'NR > 1 { print $4, $5, $6 }' | sort -u").run();
        assert_eq!(done.output(), "running 0 1\n", "boot {boot}");
    }
}

/// S19: rs and vm start at every boot. Services have all their memory from the start, so that vm
/// never waits for one that faults.
#[test]
fn the_system_boots_ten_times() {
    boots(10);
}

/// S19, as often as the row says.
#[test]
#[ignore = "takes a quarter of an hour"]
fn the_system_boots_five_hundred_times() {
    boots(500);
}
