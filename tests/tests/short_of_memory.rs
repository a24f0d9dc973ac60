//! Updates for which there is too little memory.

use std::path::Path;

use tests::inside::Inside;
use tests::services::{assert_undisturbed, rows};

/// S6: out of memory while an update of all, vm among them, prepares: it ends with an error that names
/// the member, all old instances go on as they were and serve, time and again; when the memory is free
/// again the same update succeeds, and nothing was lost. (Out of memory before anything is exported:
/// `without_memory_a_transaction_is_rolled_back` in kernel/core.)
#[test]
fn an_update_without_memory_leaves_all_as_it_was() {
    let scenarios = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let done = Inside::shell("exec 2>&1; . /held/short.sh")
        .overlay(&scenarios)
        .memory("64M")
        .run();
    let output = done.output();
    let (told, table) = output.split_at(output.find("SERVICE ").expect("a table"));
    let lines: Vec<&str> = told.lines().collect();
    let attempts: Vec<&[&str]> = lines.chunks(2).collect();
    assert_eq!(attempts.len(), 3, "{}", done.report());
    for attempt in attempts {
        let [said, "1"] = attempt else {
            panic!("{}", done.report());
        };
        let member = said
            .strip_prefix("service: ")
            .and_then(|rest| rest.split_once(": "));
        let reason = "there is no memory for a second instance when";
        assert!(
            member.is_some_and(|(_, said)| said.starts_with(reason)),
            "{}",
            done.report()
        );
    }
    let log = &done.logs.kernel;
    assert!(log.contains("memory allocation of"), "{}", done.report());
    assert_undisturbed(table, &[]);
    for row in rows(table) {
        assert_eq!((row.version, row.starts), (2, 2), "{row:?}");
    }
}
