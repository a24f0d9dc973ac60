//! `probe`, the program that misuses the system, on the host and inside.

use evernix::Project;
use evernix::build::extra;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use crate::programs::lay_program;

/// The program, which also runs on the host.
///
/// # Panics
/// When it cannot be built.
pub fn program() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| extra::program(&Project::here(), "probe").expect("probe can be built"))
}

/// A folder to lay over the root: probe as /bin/probe.
///
/// # Panics
/// When it cannot be made.
#[must_use]
pub fn overlay() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    lay_program(folder.path(), "probe");
    folder
}

/// What probe prints on the host.
///
/// # Panics
/// When it does not end well.
#[must_use]
pub fn on_host(group: &str) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    let done = Command::new(program())
        .arg(group)
        .env("TMPDIR", folder.path())
        .stdin(Stdio::null())
        .output()
        .expect("a run of probe");
    assert!(done.status.success(), "probe {group}: {done:?}");
    String::from_utf8(done.stdout).expect("text")
}

/// What came of each misuse, by its name: `call argument what` for the groups of arguments, the
/// name alone for the others.
#[must_use]
pub fn results(text: &str) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    for (name, results) in text.lines().filter_map(|line| line.split_once(": ")) {
        let words = results.split_whitespace();
        for word in words {
            match word.split_once('=') {
                Some((what, result)) => put(&mut all, &format!("{name} {what}"), result),
                None => put(&mut all, name, word),
            }
        }
    }
    all
}

/// Calls occur more than once with other arguments: their names get a number.
fn put(all: &mut BTreeMap<String, String>, name: &str, result: &str) {
    let mut unique = name.to_owned();
    let mut number = 2;
    while all.contains_key(&unique) {
        unique = format!("{name} ({number})");
        number += 1;
    }
    all.insert(unique, result.to_owned());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_result_has_a_name() {
        let text = "fcntl 0: a=ok b=EBADF\nfcntl 0: a=EPERM\nhalt: signal-11\n";
        let pairs: Vec<_> = results(text).into_iter().collect();
        let expected = [
            ("fcntl 0 a", "ok"),
            ("fcntl 0 a (2)", "EPERM"),
            ("fcntl 0 b", "EBADF"),
            ("halt", "signal-11"),
        ];
        assert_eq!(pairs, expected.map(|(a, b)| (a.to_owned(), b.to_owned())));
    }
}
