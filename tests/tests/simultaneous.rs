//! Commands that are given at the same time.

use tests::inside::Inside;
use tests::services::{assert_undisturbed, rows};

/// Two programs ask for an update of all at the same time: each is done, one after the other, and
/// nobody sees anything. (That one is asked for in the middle of another: simulation/tests/commands.rs.
/// On one processor no program runs then.)
#[test]
fn two_updates_of_all_take_turns() {
    let script = "\
        for n in 1 2; do (service update --all >/tmp/$n 2>&1; echo $? >>/tmp/$n) & done; wait\n\
        for n in 1 2; do grep -c 'running\\|->' /tmp/$n; tail -n 1 /tmp/$n; done\n\
        grep -c '1 -> 2 .*1 -> 2' /tmp/1 /tmp/2 | sort -t: -k 2 -n | cut -d: -f2\n\
        service status\n";
    let done = Inside::shell(script).run();
    let output = done.output();
    let (told, table) = output.split_at(output.find("SERVICE ").expect("a table"));
    assert_eq!(told, "15\n0\n15\n0\n0\n15\n", "{}", done.report());
    assert_undisturbed(table, &[]);
    for row in rows(table) {
        assert_eq!((row.version, row.starts), (2, 3), "{row:?}");
    }
}
