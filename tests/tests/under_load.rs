//! Every service is updated to its other version and back, and crashed in each way, many times,
//! while programs work: nothing that they or somebody at the terminal can see is different, and no
//! memory is lost.

use std::path::Path;
use std::time::Duration;
use tests::inside::Inside;
use tests::lines::Lines;
use tests::typist::Typist;

/// How often each service is updated and back, and crashed in each way.
const TIMES: &str = "20";
/// How long a run may take.
const LIMIT: Duration = Duration::from_secs(3000);

/// Disturbs these services one after the other.
fn disturb(services: &[&str]) {
    let scenarios = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let (typist, typed, shown) = Typist::start();
    let command = ["/bin/sh", "/load/disturb.sh", TIMES];
    let done = Inside::command(command.iter().chain(services))
        .overlay(&scenarios)
        .reads(Lines::default())
        .console(typed, shown)
        .within(LIMIT)
        .run();
    let errors = String::from_utf8_lossy(&done.stderr);
    assert_eq!(done.status(), 0, "{}", done.report());
    assert!(!errors.contains("WRONG"), "{errors}{}", done.report());

    Lines::check(&done.stdout);
    let answered = typist.answered();
    assert!(
        answered.as_ref().is_ok_and(|lines| *lines > 10),
        "{answered:?}\n{}",
        done.report()
    );
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
