//! Services that trespass: what they may not do is refused or kills them, and nobody else notices.

use abi::Call;
use std::collections::BTreeMap;
use tests::inside::{Done, Inside};
use tests::services::{assert_undisturbed, lay_images, misfit, rows};

/// Work beside, whose output is the same every time; what it wrote is shown at the end.
const LOAD: &str = "(while [ ! -e /tmp/stop ]; do seq 1 300 | md5sum; done) >/tmp/load 2>&1 &\n";
const LOAD_END: &str = "touch /tmp/stop; wait; echo '@ load'; sort -u /tmp/load; rm /tmp/stop\n\
                        echo '@ status'; service status\n";
/// `seq 1 300 | md5sum`.
const LOAD_RESULT: &str = "bf4fa7116e26846bba3502a134f9bcba  -\n";

fn run(script: &str, images: &[(&str, Vec<u8>)]) -> Done {
    let overlay = tempfile::tempdir().expect("a folder");
    lay_images(overlay.path(), images);
    let script = format!("exec 2>&1\n{LOAD}{script}{LOAD_END}");
    let done = Inside::shell(&script).overlay(overlay.path()).run();
    assert_eq!(done.status(), 0, "{}", done.report());
    done
}

/// A part of the output, by its name.
fn part(done: &Done, name: &str) -> String {
    let text = String::from_utf8_lossy(&done.stdout);
    let mut parts = text.split("@ ").filter_map(|part| part.split_once('\n'));
    let found = parts.find(|(known, _)| *known == name);
    found.map_or_else(String::new, |(_, content)| content.to_owned())
}

/// What the trespasser told the log: what it tried, and the result.
fn told(done: &Done) -> BTreeMap<String, String> {
    let lines = done.logs.kernel.lines();
    let told = lines.filter_map(|line| line.split_once("trespasser: "));
    let pairs = told.filter_map(|(_, rest)| rest.split_once(": "));
    pairs
        .map(|(what, result)| (what.to_owned(), result.trim().to_owned()))
        .collect()
}

fn assert_others_undisturbed(done: &Done, except: &[&str]) {
    assert_undisturbed(&part(done, "status"), except);
    assert_eq!(part(done, "load"), LOAD_RESULT, "{}", done.report());
}

/// What is refused, and how.
const REFUSALS: [(&str, &str); 34] = [
    ("read", "ok"),
    ("read-beyond", "BadLease"),
    ("read-across-end", "BadLease"),
    ("read-far", "BadLease"),
    ("read-wrapping", "BadLease"),
    ("read-too-much", "BadLease"),
    ("write-read-only", "BadLease"),
    ("no-such-lease", "BadLease"),
    ("no-such-index", "BadLease"),
    ("no-request", "NoRequest"),
    ("other-request", "NoRequest"),
    ("any-request", "NoRequest"),
    ("to-null", "BadAddress"),
    ("to-kernel", "BadAddress"),
    ("to-non-canonical", "BadAddress"),
    ("to-text", "BadAddress"),
    ("to-archive", "BadAddress"),
    ("log-null", "BadArgument"),
    ("log-kernel", "BadArgument"),
    ("reply-to-none", "NoRequest"),
    ("reply-to-next", "NoRequest"),
    ("reply-to-later", "NoRequest"),
    ("reply-to-any", "NoRequest"),
    ("forward-none", "NoRequest"),
    ("forward-next", "NoRequest"),
    ("forward-to-vfs", "NotPermitted"),
    ("forward-to-itself", "NotPermitted"),
    ("forward-to-nobody", "NoSlot"),
    ("forward-nowhere", "NoSlot"),
    ("cancel-children-of-any", "ok"),
    ("notify-pm", "NotPermitted"),
    ("notify-nowhere", "NoSlot"),
    ("answer", "ok"),
    ("answer-again", "NoRequest"),
];

/// The results that a kernel call may have that hello may make, whatever its arguments.
const OPEN_CALLS: [(u64, &[&str]); 18] = [
    (1, &["NoSlot", "NotPermitted"]),
    (2, &["NoRequest"]),
    (3, &["NoRequest", "NoSlot"]),
    (4, &["NoRequest", "ok"]),
    (5, &["NoRequest"]),
    (6, &["ok"]),
    (7, &["NoRequest"]),
    (8, &["NoRequest"]),
    (9, &["ok"]),
    (10, &["ok"]),
    (11, &["NoSlot", "NotPermitted"]),
    (12, &["BadArgument", "NoMemory", "ok"]),
    (13, &["BadArgument", "ok"]),
    (14, &["NotPermitted"]),
    (15, &["NotPermitted"]),
    (16, &["NotPermitted"]),
    (17, &["ok"]),
    (18, &[]),
];

fn check_numbers(told: &BTreeMap<String, String>) -> Vec<String> {
    let mut wrong = Vec::new();
    for number in (0..256).filter(|number| ![0, 18].contains(number)) {
        let open = OPEN_CALLS.iter().find(|(known, _)| *known == number);
        let allowed = match open {
            Some((_, allowed)) => allowed,
            None if Call::from_number(number).is_some() => &["NotPermitted"][..],
            None => &["UnknownCall"][..],
        };
        let found = told
            .get(&format!("call {number}"))
            .map_or("nothing", String::as_str);
        if found.split(' ').any(|result| !allowed.contains(&result)) {
            wrong.push(format!("call {number}: {found} instead of {allowed:?}"));
        }
    }
    wrong
}

/// S16: a service that gives the kernel an address that leads nowhere gets `BadAddress`, `BadLease` or
/// `BadArgument`, and goes on (`to-null`, `read-far`, `log-kernel` and others).
#[test]
fn calls_beyond_its_rights_are_refused() {
    let sets = ["leases", "requests", "protocols", "numbers", "twice"];
    let mut script = String::from("service update hello --to /images/trespasser\necho '@ sets'\n");
    for set in sets {
        script.push_str(&format!(
            "echo {set} >/dev/hello; echo {set} $?; cat /dev/hello\n"
        ));
    }
    let done = run(&script, &[("trespasser", misfit("trespasser", "hello", 9))]);
    let told = told(&done);
    let mut wrong = check_numbers(&told);
    for (what, expected) in REFUSALS {
        let found = told.get(what).map_or("nothing", String::as_str);
        if found != expected {
            wrong.push(format!("{what}: {found} instead of {expected}"));
        }
    }
    let expected = [
        ("accepted", "12/9"),
        ("refused", "BadArgument NoSlot NotPermitted"),
    ];
    for (what, expected) in expected {
        let found = told.get(what).map_or("nothing", String::as_str);
        if found != expected {
            wrong.push(format!("{what}: {found} instead of {expected}"));
        }
    }
    assert!(wrong.is_empty(), "{}\n{}", wrong.join("\n"), done.report());
    // The answer to `twice` was 6 of the 6 bytes that were written.
    let expected: Vec<_> = sets
        .iter()
        .enumerate()
        .map(|(at, set)| format!("{set} 0\nhello, reader {}\n", at + 1))
        .collect();
    assert_eq!(part(&done, "sets"), expected.concat());
    assert_others_undisturbed(&done, &[]);
}

#[test]
fn ports_of_others_are_out_of_reach() {
    let script = "service update clock --to /images/trespasser\necho x >/dev/rtc\n";
    let done = run(
        script,
        &[("trespasser", misfit("port-trespasser", "clock", 9))],
    );
    let told = told(&done);
    let expected = [
        ("own-port", "ok"),
        ("port-before", "NotPermitted"),
        ("port-behind", "NotPermitted"),
        ("port-across-end", "NotPermitted"),
        ("port-of-tty", "NotPermitted"),
        ("port-of-power", "NotPermitted"),
        ("port-65536", "NotPermitted"),
        ("port-wrapping", "BadArgument"),
        ("port-of-3-bytes", "BadArgument"),
        ("port-of-no-bytes", "BadArgument"),
        ("from-null", "BadArgument"),
        ("from-kernel", "BadArgument"),
        ("too-many", "BadArgument"),
        ("bytes-from-port", "NotPermitted"),
        ("interrupt-0", "NotPermitted"),
        ("interrupt-far", "NotPermitted"),
    ];
    let expected: BTreeMap<_, _> = expected
        .iter()
        .map(|(what, result)| ((*what).to_owned(), (*result).to_owned()))
        .collect();
    assert_eq!(told, expected, "{}", done.report());
    assert_others_undisturbed(&done, &[]);
}

/// What the trespasser dies of, and how the kernel calls it.
const CRIMES: [(&str, &str); 24] = [
    ("load-null", "BadMemoryAccess"),
    ("store-null", "BadMemoryAccess"),
    ("load-kernel", "BadMemoryAccess"),
    ("store-kernel", "BadMemoryAccess"),
    ("load-non-canonical", "BadMemoryAccess"),
    ("load-program", "BadMemoryAccess"),
    ("store-archive", "BadMemoryAccess"),
    ("load-inbox", "BadMemoryAccess"),
    ("load-kept", "BadMemoryAccess"),
    ("store-text", "BadMemoryAccess"),
    ("jump-heap", "WildBranch"),
    ("jump-event-page", "WildBranch"),
    ("jump-kernel", "WildBranch"),
    ("overflow", "StackOverflow"),
    ("halt", "BadMemoryAccess"),
    ("mask-interrupts", "BadMemoryAccess"),
    ("read-port", "BadMemoryAccess"),
    ("undefined", "BadInstruction"),
    ("breakpoint", "BadInstruction"),
    ("divide", "BadInstruction"),
    ("single-step", "BadInstruction"),
    ("lose-track", "LostTrack"),
    ("wait-for-nothing", "Panic"),
    ("ask-without-end", "Runaway"),
];

#[test]
fn violations_kill_the_violator_alone() {
    // A request that crashes its server twice is ended, so each crime is committed twice.
    let mut script = String::from("service update hello --to /images/trespasser >/dev/null\n");
    // Who has served enough is trusted, and no crime brings the old version back.
    script.push_str("for n in 1 2 3 4 5; do cat /dev/hello; done\necho '@ crimes'\n");
    for (crime, _) in CRIMES {
        script.push_str(&format!(
            "echo {crime} 2>&1 >/dev/hello; echo {crime} $?; cat /dev/hello\n"
        ));
    }
    let image = misfit("trespasser", "hello", 9);
    let done = run(&script, &[("trespasser", image)]);
    let mut wrong = Vec::new();
    let crashes: Vec<&str> = done
        .logs
        .kernel
        .lines()
        .filter_map(|line| {
            line.split_once("kernel: hello crashed: ")?
                .1
                .split(' ')
                .next()
        })
        .collect();
    for (at, (crime, expected)) in CRIMES.iter().enumerate() {
        let found = crashes.get(2 * at..2 * at + 2).unwrap_or_default();
        if found != [*expected; 2] {
            wrong.push(format!("{crime}: {found:?} instead of twice {expected}"));
        }
    }
    assert!(wrong.is_empty(), "{}\n{}", wrong.join("\n"), done.report());
    assert!(!done.logs.kernel.contains("survived"), "{}", done.report());
    let text = part(&done, "crimes");
    for (at, (crime, _)) in CRIMES.iter().enumerate() {
        let expected = format!("{crime} 1\nhello, reader {}\n", at + 6);
        assert!(
            text.contains(&expected),
            "{crime}: no {expected} in {text}\n{}",
            done.report()
        );
    }
    assert_others_undisturbed(&done, &["hello"]);
    let table = part(&done, "status");
    let hello = rows(&table)
        .into_iter()
        .find(|row| row.name == "hello")
        .expect("hello");
    assert_eq!((hello.state.as_str(), hello.version), ("running", 9));
    assert_eq!(hello.restarts as usize, 2 * CRIMES.len());
}
