//! S21: the system ends in bounded time, whoever is dead or dies meanwhile.

use evernix::run::Ending;
use std::time::Duration;
use tests::inside::{Done, Inside};

/// A shutdown that takes longer is one that hangs.
const LIMIT: Duration = Duration::from_secs(60);

fn run(script: &str) -> Done {
    let script = format!("{script}\nexit 7");
    Inside::shell(&script).within(LIMIT).run()
}

/// Ends a command after `script`, and with it the system.
fn ends(script: &str) {
    let done = run(script);
    assert_eq!(done.status(), 7, "{script}: {}", done.report());
}

/// A driver or a file system is dead and stays so; what was asked of it has failed.
#[test]
fn with_a_service_that_is_dead() {
    let dead = |name: &str, poke: &str| {
        format!(
            "service edit {name} --policy leave; service fault {name} panic; ({poke}) 2>/dev/null"
        )
    };
    let services = [
        ("pfs", "echo | cat"),
        ("procfs", "cat /proc/uptime"),
        ("memory", "cat /dev/null"),
        ("random", "head -c 1 /dev/urandom"),
        ("clock", "hwclock -r"),
        ("hello", "cat /dev/hello"),
        ("sched", "nice true"),
    ];
    let all: Vec<String> = services.map(|(name, poke)| dead(name, poke)).into();
    ends(&all.join("\n"));
    ends(&dead("tty", "stty </dev/ttyS0"));
    // Without names, no device can be opened any more, and the host is not told the status.
    let done = run(&dead("ds", "service refresh hello"));
    let log = &done.logs.kernel;
    assert!(log.contains("ends the machine: Off"), "{}", done.report());
}

/// A service ends when it has run for a while longer: in the middle of the shutdown, which takes a
/// few million instructions.
#[test]
fn with_a_service_that_dies_half_way() {
    for (name, nanoseconds) in [
        ("pm", 100_000),
        ("pm", 400_000),
        ("vfs", 100_000),
        ("vm", 100_000),
        ("ramfs", 100_000),
        ("tty", 10_000),
        ("host-link", 20_000),
    ] {
        ends(&format!("service fault {name} --after {nanoseconds}"));
    }
    let points = "for name in pm vfs vm ramfs host-link; do service fault $name --at 25; done";
    ends(points);
}

/// A service that nothing can do without is given up: the machine ends, and says why.
#[test]
fn with_a_service_that_nothing_can_do_without() {
    for name in ["pm", "vfs", "vm", "ramfs"] {
        let done = run(&format!(
            "service edit {name} --policy leave; service fault {name} panic; ls /; sleep 100"
        ));
        assert!(
            matches!(done.ending, Ending::Failed(_)),
            "{}",
            done.report()
        );
        let log = &done.logs.kernel;
        let said = format!("rs: the system cannot do without {name} and ends");
        assert!(log.contains(&said), "{}", done.report());
        assert!(
            log.contains("ends the machine: Failure"),
            "{}",
            done.report()
        );
    }
}
