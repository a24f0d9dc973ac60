//! What programs hold of services is there when a service has crashed: each of them, one at a time.

use std::path::Path;

use tests::inside::{Done, Inside};

/// Every service: the servers, file systems and drivers.
const SERVICES: &str =
    "tty ramfs pfs procfs ds pm vfs vm memory sched rs random clock host-link hello";

fn run(words: &[&str]) -> Done {
    let scenarios = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let done = Inside::command(["/bin/sh"].iter().chain(words))
        .overlay(&scenarios)
        .run();
    assert_eq!(done.status(), 0, "{}", done.report());
    done
}

/// S20: one service at a time crashes while a program has a file open and is in its middle, a pipe has
/// content, a terminal has a session and settings, and there are processes, a mount, mappings, and
/// published names. All of it survives, no program has an error, the endpoint is the same, restarts
/// are one more. (With many crashes and more work: `under_load.rs`.)
#[test]
fn what_is_held_of_a_service_survives_its_crash() {
    let words: Vec<&str> = ["/held/crash.sh"]
        .into_iter()
        .chain(SERVICES.split(' '))
        .collect();
    let done = run(&words);
    assert_eq!(
        done.output(),
        "     15 running 1\ndone\n",
        "{}",
        done.report()
    );
}

/// S11: `/proc/service/vm` shows vm's policy, which is to be restarted with its State. It crashes in
/// each way while a program's memory is in use: same endpoint, one restart more each time, and
/// everything is alive.
#[test]
fn vm_is_restarted_in_place() {
    let script = "\
        of() { awk -F '\\t' -v of=\"$1:\" '$1 == of { print $2 }' /proc/service/vm/status; }\n\
        exec 2>&1\n\
        echo $(of Name) $(of Policy) $(of Slot) $(of State) $(of Restarts)\n\
        text=$(seq 1 3000); before=$(echo \"$text\" | md5sum)\n\
        for way in memory panic branch hang; do\n\
            service fault vm $way\n\
            after=$(text=\"$text\"; echo \"$text\" | md5sum)\n\
            [ \"$before\" = \"$after\" ] && echo $way $(of Slot) $(of State) $(of Restarts)\n\
        done\n\
        service status | awk 'NR > 1 && $1 != \"vm\" { print $4, $5, $6 }' | sort -u\n";
    let done = Inside::shell(script).run();
    let expected = "vm stateful 14 running 0\nmemory 14 running 1\npanic 14 running 2\n\
                    branch 14 running 3\nhang 14 running 4\nrunning 0 1\n";
    assert_eq!(done.output(), expected, "{}", done.report());
}

/// S5: only the State travels, never the allocator's own: a service whose heap is full of holes is
/// replaced; its State is whole, and its new heap is as large as when there were no holes, and serves.
#[test]
fn a_heap_full_of_holes_is_left_behind() {
    let done = run(&["/held/fragmented.sh"]);
    assert_eq!(done.output(), "done\n", "{}", done.report());
}
