//! Programs that misuse the system: they get an error or a signal, and nobody else notices.

use std::collections::BTreeMap;
use tests::inside::Inside;
use tests::probe::{on_host, overlay, results};
use tests::services::assert_undisturbed;

/// Groups of misuse that Linux answers in the same way.
const GROUPS: [&str; 5] = [
    "wild",
    "descriptors",
    "lengths",
    "instructions",
    "executables",
];

/// Where Evernix answers otherwise on purpose: the names start so, and the results it may have.
const OTHERWISE: &[(&str, &[&str])] = &[];

fn is_allowed(name: &str, result: &str) -> bool {
    OTHERWISE
        .iter()
        .any(|(start, allowed)| name.starts_with(start) && allowed.contains(&result))
}

/// Shows every misuse with another result than on Linux.
fn compare(
    group: &str,
    linux: &BTreeMap<String, String>,
    here: &BTreeMap<String, String>,
) -> Vec<String> {
    let mut differences = Vec::new();
    for (name, expected) in linux {
        let found = here.get(name).map_or("nothing", String::as_str);
        if found != expected && !is_allowed(name, found) {
            differences.push(format!("{group}: {name}: {found} instead of {expected}"));
        }
    }
    differences
}

#[test]
fn wrong_arguments_are_answered_as_linux_answers_them() {
    let overlay = overlay();
    let script = GROUPS.map(|group| format!("echo '@ {group}'; probe {group}\n"));
    let script = script.concat() + "echo '@ end'; service status";
    let done = Inside::shell(&script).overlay(overlay.path()).run();
    assert_eq!(done.status(), 0, "{}", done.report());
    let text = String::from_utf8_lossy(&done.stdout).into_owned();
    std::fs::write("/tmp/inside.txt", &text).expect("x");
    let mut differences = Vec::new();
    for part in text.split("@ ").skip(1) {
        let (group, content) = part.split_once('\n').expect("a group");
        if GROUPS.contains(&group) {
            differences.extend(compare(group, &results(&on_host(group)), &results(content)));
        }
    }
    std::fs::write("/tmp/differences.txt", differences.join("\n")).expect("x");
    std::fs::write("/tmp/kernel.txt", &done.logs.kernel).expect("x");
    assert_undisturbed(&text, &[]);
    assert!(differences.is_empty(), "\n{}", differences.join("\n"));
}
