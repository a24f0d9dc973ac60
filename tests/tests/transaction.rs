//! Several services are updated in one transaction: all of them or none.

use tests::inside::{Done, Inside};
use tests::load::under_load;
use tests::services::{assert_undisturbed, lay_images, misfit, rows};

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

/// How often the four sets are updated and back, in a row.
const TIMES: usize = 25;
/// The core services, and how a member fails that does.
const CORE: [&str; 10] = [
    "pm", "vfs", "ds", "sched", "procfs", "pfs", "ramfs", "tty", "vm", "rs",
];
const FAILURES: [&str; 4] = ["panicking", "refusing", "hanging", "undecoding"];

/// S1, S6: four sets of core services, their members in different orders (vm first, vm last), are updated
/// to another version and back while programs work, each 26 times, without a retry; and members fail in
/// each way (`each` of them, or one by `turn`), and nothing has changed.
fn sets_under_load(memory: &str, who: &str) {
    let overlay = tempfile::tempdir().expect("a folder");
    for member in CORE {
        for failure in FAILURES {
            let file = format!("{member}-{failure}");
            lay_images(overlay.path(), &[(&file, misfit(failure, member, 9))]);
        }
    }
    let times = TIMES.to_string();
    let told = under_load(
        |inside| inside.overlay(overlay.path()).memory(memory),
        &["/load/sets.sh", &times, who],
    );
    let table = told.rfind("SERVICE ").expect("a table");
    assert_undisturbed(&told[table..], &[]);
    for row in rows(&told[table..]) {
        let sets = match row.name.as_str() {
            "vm" | "rs" => 2,
            name if CORE.contains(&name) => 4,
            _ => 0,
        };
        let starts = 1 + 2 * sets * (1 + TIMES);
        assert_eq!(
            (row.version, row.starts as usize),
            (1, starts),
            "{}",
            row.name
        );
    }
}

#[test]
fn sets_of_services_are_updated_together() {
    sets_under_load("256M", "each");
}

/// S9: the update of the whole system passes in 64 MiB.
#[test]
fn sets_of_services_are_updated_together_in_64_megabytes() {
    sets_under_load("64M", "turn");
}

/// S1, S6: all services, vm and rs among them, there and back.
#[test]
fn all_services_are_updated_together() {
    let script = format!(
        "{USE}service update --all | tail -n 1 | cut -d' ' -f 2-4; use\n\
         service status | awk 'NR > 1 {{ print $3, $5, $6 }}' | sort -u\n\
         service update --all --to 1 | grep -c '2 -> 1 .*2 -> 1'; use\n\
         service status | awk 'NR > 1 {{ print $3, $5, $6 }}' | sort -u\n"
    );
    let done = run(&script, &tempfile::tempdir().expect("a folder"));
    let output = done.output();
    let lines: Vec<&str> = output.lines().collect();
    assert_eq!(lines[0], "bytes of state,", "{}", done.report());
    assert_eq!(
        lines[1..],
        ["1 file 7", "2 0 2", "15", "2 file 7", "1 0 3"],
        "{}",
        done.report()
    );
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
service: hello: the image has no such version
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
         service update rs vm pm --to 2 --deadline 60000 | grep -c '1 -> 2 .*1 -> 2'; use\n\
         service status | awk 'NR > 1 {{ print $3, $5, $6 }}' | sort | uniq -c\n"
    );
    let done = run(&script, &overlay);
    let expected = "\
pm: version 1 could become 2
vm: version 1 could become 2
rs: version 1 could become 2
nothing was changed
1 file 7
service: hello: the old version keeps running, the new one failed when it took over the state: deadline passed
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
