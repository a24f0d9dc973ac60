//! Several services are updated in one transaction: all of them or none.

use tests::inside::{Done, Inside};
use tests::services::{assert_undisturbed, lay_images, misfit, rows};

/// The sets of core services, without and with vm and rs, in any order.
const SETS: [&str; 4] = [
    "pm vfs ds sched procfs pfs ramfs tty",
    "vfs vm pm ds sched procfs pfs ramfs tty",
    "pm vfs ds sched procfs pfs ramfs tty rs",
    "rs ramfs pm vm tty vfs ds sched procfs pfs",
];

/// Runs a script in a system with these files.
fn run(script: &str, overlay: &tempfile::TempDir) -> Done {
    let done = Inside::shell(script).overlay(overlay.path()).run();
    assert_eq!(done.status(), 0, "{}", done.report());
    done
}

/// What programs see of the services in between: files, pipes, processes, descriptors.
const USE: &str = "use() { read -r line <&4; echo $line | cat >/tmp/seen; read -r seen </tmp/seen; \
    echo \"$seen $(ls /tmp/folder) $(sh -c 'exit 7'; echo $?)\"; }\n\
    mkdir /tmp/folder; touch /tmp/folder/file; seq 1 100 >/tmp/numbers; exec 4</tmp/numbers\n";

/// S1: the four sets, there and back, while programs keep what they have open.
#[test]
fn sets_of_services_are_updated_together() {
    let mut script = format!("exec 2>&1\n{USE}");
    let mut expected = String::new();
    let mut line = 0;
    for set in SETS {
        for (from, to) in [(1, 2), (2, 1)] {
            line += 1;
            script.push_str(&format!(
                "service update {set} --to {to} | grep version; use\n"
            ));
            for name in set.split(' ') {
                expected.push_str(&format!("{name}: version {from} -> {to}\n"));
            }
            expected.push_str(&format!("{line} file 7\n"));
        }
    }
    script.push_str("echo @; service status\n");
    let done = run(&script, &tempfile::tempdir().expect("a folder"));
    let text = String::from_utf8_lossy(&done.stdout).into_owned();
    let (seen, table) = text.split_once("@\n").expect("a mark");
    assert_eq!(seen, expected, "{}", done.report());
    assert_undisturbed(table, &[]);
    let starts = rows(table).into_iter().map(|row| (row.name, row.starts));
    for (name, starts) in starts {
        let sets = SETS
            .iter()
            .filter(|set| set.split(' ').any(|one| one == name));
        assert_eq!(starts as usize, 1 + 2 * sets.count(), "{name}");
    }
}

#[test]
fn all_services_are_updated_together() {
    let script = format!(
        "{USE}service update --all | tail -n 2 | cut -d' ' -f 2-4; use\n\
         service status | awk 'NR > 1 {{ print $3, $5, $6 }}' | sort -u\n\
         service update --all --to 1 | grep -c version; use\n\
         service status | awk 'NR > 1 {{ print $3, $5, $6 }}' | sort -u\n"
    );
    let done = run(&script, &tempfile::tempdir().expect("a folder"));
    let output = done.output();
    let lines: Vec<&str> = output.lines().collect();
    assert_eq!(lines[0], "bytes of state", "{}", done.report());
    assert_eq!(
        lines[2..],
        ["1 file 7", "2 0 2", "15", "2 file 7", "1 0 3"],
        "{}",
        done.report()
    );
}

/// S1: one member of a set fails in each way; the old versions of all go on as if nothing had been.
#[test]
fn a_set_with_a_member_that_fails_is_left_as_it_was() {
    let failures = [
        ("panicking", "panic"),
        ("hanging", "deadline passed"),
        ("refusing", "it refused the state (a reason of its own)"),
        (
            "undecoding",
            "it refused the state (the state does not decode)",
        ),
    ];
    let overlay = tempfile::tempdir().expect("a folder");
    let members = ["pm", "vm", "rs"];
    let mut script = format!("exec 2>&1\n{USE}");
    let mut expected = String::new();
    let mut line = 0;
    for member in members {
        for (failure, said) in failures {
            let file = format!("{member}-{failure}");
            lay_images(overlay.path(), &[(&file, misfit(failure, member, 9))]);
            let others = members.iter().filter(|other| **other != member);
            let others: Vec<&str> = others.copied().collect();
            line += 1;
            script.push_str(&format!(
                "service update {} vfs {member}=/images/{file} ramfs --to 2; echo $?; use\n",
                others.join(" ")
            ));
            let refused = "the old version keeps running, the new one failed";
            expected.push_str(&format!(
                "service: {member}: {refused}: {said}\n1\n{line} file 7\n"
            ));
        }
    }
    script.push_str("echo @; service status\n");
    let done = run(&script, &overlay);
    let text = String::from_utf8_lossy(&done.stdout).into_owned();
    let (seen, table) = text.split_once("@\n").expect("a mark");
    assert_eq!(seen, expected, "{}", done.report());
    assert_undisturbed(table, &[]);
    for row in rows(table) {
        assert_eq!((row.version, row.starts), (1, 1), "{}", row.name);
    }
}

#[test]
fn a_set_that_cannot_be_is_refused_before_anything_starts() {
    let script = "exec 2>&1\n\
        service update vfs pm vfs; echo $?\n\
        service update vfs nobody; echo $?\n\
        service update vfs hello --to 7; echo $?\n\
        service update vfs hello=/etc/passwd; echo $?\n\
        service update vfs hello=/missing; echo $?\n\
        service update vfs pm --to /etc/passwd; echo $?\n\
        service update vfs --deadline 0 2>/dev/null; echo $?\n\
        service down hello; service update vfs hello; echo $?\n\
        service up hello; service status | awk 'NR > 1 && $1 != \"hello\" { print $3, $5, $6 }' | sort -u\n";
    let done = run(script, &tempfile::tempdir().expect("a folder"));
    let expected = "\
service: vfs: each service of an update is named once
1
service: nobody: no such service
1
service: vfs: the image has no such version
1
service: hello: the file is not a service image: not a service image
1
service: /missing: No such file or directory (os error 2)
3
service: an image is of one service: write NAME=FILE for each
2
2
service: hello: it is down
1
1 0 1
";
    assert_eq!(done.output(), expected, "{}", done.report());
}

/// The new instances are made and ended again; and a deadline that nobody can meet is kept.
#[test]
fn what_is_only_prepared_or_too_late_changes_nothing() {
    let overlay = tempfile::tempdir().expect("a folder");
    lay_images(
        overlay.path(),
        &[("hanging", misfit("hanging", "hello", 9))],
    );
    let script = format!(
        "exec 2>&1\n{USE}service update pm vm rs --prepare-only; use\n\
         service update pm hello=/images/hanging --deadline 100; use\n\
         service update rs vm pm --to 2 --deadline 60000 | grep -c version; use\n\
         service status | awk 'NR > 1 {{ print $3, $5, $6 }}' | sort | uniq -c\n"
    );
    let done = run(&script, &overlay);
    let expected = "\
pm: version 1 could become 2
vm: version 1 could become 2
rs: version 1 could become 2
nothing was changed
1 file 7
service: hello: the old version keeps running, the new one failed: deadline passed
2 file 7
3
3 file 7
";
    let output = done.output();
    let (seen, table) = output.split_at(expected.len().min(output.len()));
    assert_eq!(seen, expected, "{}", done.report());
    let counts: Vec<Vec<&str>> = table
        .lines()
        .map(|l| l.split_whitespace().collect())
        .collect();
    assert_eq!(counts, [["12", "1", "0", "1"], ["3", "2", "0", "2"]]);
}
