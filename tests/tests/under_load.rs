//! Every service is updated to its other version and back, and crashed in each way, many times,
//! while programs work: nothing that they or somebody at the terminal can see is different, and no
//! memory is lost.
//!
//! S20: each service, one at a time, crashes 80 times under load. Open files and pipes, a terminal's
//! session, names, pids and a sleeper's memory survive, programs see no error, the endpoint stays, and
//! restarts count each crash. (Mounts, mappings and the rest one by one: `held.rs`.)

use tests::load::under_load;

/// How often each service is updated and back, and crashed in each way.
const TIMES: &str = "20";

/// Disturbs these services one after the other.
fn disturb(services: &[&str]) {
    let words = [&["/load/disturb.sh", TIMES], services].concat();
    let _ = under_load(|inside| inside, &words);
}

#[test]
fn servers() {
    disturb(&["rs", "pm", "vfs", "vm"]);
}

#[test]
fn file_systems() {
    disturb(&["ramfs", "pfs", "procfs", "sched"]);
}

#[test]
fn drivers_of_terminals_and_links() {
    disturb(&["tty", "host-link", "ds"]);
}

#[test]
fn other_drivers() {
    disturb(&["memory", "random", "clock", "hello"]);
}
