//! How long programs wait when services are updated or crash, in guest instructions.

use std::time::Duration;
use tests::inside::Inside;
use tests::programs::lay_program;

const LIMIT: Duration = Duration::from_secs(1500);
const SERVICES: &str = "rs pm vfs vm ramfs pfs tty memory hello ds sched";
/// Those with little to do when they are replaced, and the most that their replacement may take from
/// the freeze to the commit.
const SMALL: [&str; 6] = ["pfs", "tty", "memory", "hello", "ds", "sched"];
const SMALL_PAUSE: u64 = 90_000;
/// The most for any other service, for ramfs, which knows the most, and for all of these.
const PAUSE: u64 = 170_000;
const PAUSE_OF_RAMFS: u64 = 2_050_000;
const PAUSE_OF_ALL: u64 = 2_800_000;
/// The longest call that meets an update: nothing else gets on while candidates are loaded, and until the
/// new instances wait for requests.
const CALL: u64 = 400_000;
const CALL_OF_RAMFS: u64 = 2_500_000;
const CALL_OF_ALL: u64 = 4_600_000;
/// The longest call when a service crashes three times: the third time it may have served nothing
/// since the second, and then rs waits for 100 ms.
const CRASH: u64 = 150_000_000;

/// A line of the report.
#[derive(Debug)]
struct Row {
    what: String,
    /// Calls; the time that half of them do not exceed, and 99 in 100, and all; the longest pause.
    numbers: Vec<u64>,
}

fn row(line: &str) -> Option<Row> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let (what, numbers) = words.split_at_checked(words.len().checked_sub(5)?)?;
    let numbers: Result<Vec<u64>, _> = numbers.iter().map(|word| word.parse()).collect();
    Some(Row {
        what: what.join(" "),
        numbers: numbers.ok()?,
    })
}

/// What is measured is printed, and may be half as much again as when the limits were chosen.
#[test]
fn programs_wait_for_a_few_million_instructions() {
    let overlay = tempfile::tempdir().expect("a folder");
    lay_program(overlay.path(), "crasher");
    let words = ["/bin/crasher", "pauses"];
    let done = Inside::command(words.into_iter().chain(SERVICES.split(' ')))
        .overlay(overlay.path())
        .counted()
        .within(LIMIT)
        .run();
    let report = done.output();
    println!("{report}");
    let rows: Vec<Row> = report.lines().filter_map(row).collect();
    let crashes = rows.iter().filter(|row| row.what.starts_with("crash"));
    let updates = 2 + SERVICES.split(' ').count();
    assert_eq!((rows.len(), crashes.count()), (updates + 7, 7), "{report}");
    let calm = rows[0].numbers[2];
    for Row { what, numbers } in &rows {
        let [_, _, most, longest, pause] = numbers[..] else {
            panic!("{report}");
        };
        let service = what.rsplit(' ').next().unwrap_or_default();
        let (pause_limit, call_limit) = match service {
            _ if what.starts_with("crash") => (1, CRASH),
            "all" => (PAUSE_OF_ALL, CALL_OF_ALL),
            "ramfs" => (PAUSE_OF_RAMFS, CALL_OF_RAMFS),
            _ if SMALL.contains(&service) => (SMALL_PAUSE, CALL),
            _ => (PAUSE, CALL),
        };
        assert!(pause < pause_limit, "{what}: {report}");
        assert!(longest < call_limit, "{what}: {report}");
        // Only the calls that met the update itself take longer.
        assert!(most < 2 * calm, "{what}: {report}");
    }
}
