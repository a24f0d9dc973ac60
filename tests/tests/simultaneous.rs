//! Commands that come while an update is under way: they wait for its end or are told of it.

use tests::inside::{Done, Inside};
use tests::services::{assert_undisturbed, lay_images, misfit, rows};

fn run(script: &str, overlay: &tempfile::TempDir) -> Done {
    let done = Inside::shell(&format!("exec 2>&1\n{script}"))
        .overlay(overlay.path())
        .run();
    assert_eq!(done.status(), 0, "{}", done.report());
    done
}

/// Two updates of all at once: each is done, one after the other, and nobody sees anything.
#[test]
fn two_updates_of_all_take_turns() {
    let script = "\
        for n in 1 2; do (service update --all >/tmp/$n 2>&1; echo $? >>/tmp/$n) & done; wait\n\
        for n in 1 2; do grep -c 'running\\|->' /tmp/$n; tail -n 1 /tmp/$n; done\n\
        grep -c '1 -> 2 .*1 -> 2' /tmp/1 /tmp/2 | sort -t: -k 2 -n | cut -d: -f2\n\
        service status\n";
    let done = run(script, &tempfile::tempdir().expect("a folder"));
    let output = done.output();
    let (told, table) = output.split_at(output.find("SERVICE ").expect("a table"));
    assert_eq!(told, "15\n0\n15\n0\n0\n15\n", "{}", done.report());
    assert_undisturbed(table, &[]);
    for row in rows(table) {
        assert_eq!((row.version, row.starts), (2, 3), "{row:?}");
    }
}

/// While an update waits for a member that hangs, another one waits for its turn, and a member is not
/// taken down; the first ends with its error, the second is done, and nothing else has changed.
#[test]
fn an_update_is_not_disturbed_by_the_next_command() {
    let overlay = tempfile::tempdir().expect("a folder");
    lay_images(
        overlay.path(),
        &[("hanging", misfit("hanging", "hello", 9))],
    );
    // Nobody starts a process while the update is under way but who commands.
    let script = "\
        mkfifo /tmp/clock; exec 3<>/tmp/clock\n\
        (service update hello=/images/hanging random --deadline 5000 >/tmp/first 2>&1; echo $? >>/tmp/first) &\n\
        read -t 2 x <&3\n\
        service down random; echo $?\n\
        service status random | awk 'NR > 1 { print $4 }'\n\
        [ -s /tmp/first ] && echo over\n\
        service update random clock | grep -c '1 -> 2'\n\
        wait; cat /tmp/first\n\
        head -c 4 /dev/urandom | wc -c\n\
        service refresh random | grep -c '2 -> 2'\n\
        service status\n";
    let done = run(script, &overlay);
    let output = done.output();
    let (told, table) = output.split_at(output.find("SERVICE ").expect("a table"));
    let expected = "\
service: random: another update is under way
1
updating
2
service: hello: the old version keeps running, the new one failed when it took over the state: deadline passed
1
4
1
";
    assert_eq!(told, expected, "{}", done.report());
    assert_undisturbed(table, &[]);
}
