//! Linux is the oracle: every snippet of the corpus does inside Evernix what it does on the host.

use std::time::Duration;
use tests::corpus::{Batch, FOLDER, GROUPS, SCRIPT, Snippet};
use tests::corpus::{compare, folder, host_busybox, load, parse, run_on_host};
use tests::inside::Inside;

/// How long a snippet may take, at most.
const LIMIT: Duration = Duration::from_secs(60);
/// How long a group may take.
const GROUP_LIMIT: Duration = Duration::from_secs(600);
/// Where the root has busybox's applets.
const APPLETS: &str = "/bin:/sbin:/usr/bin:/usr/sbin";

/// Runs a group on the host and inside, and shows every difference.
fn check(group: &str) {
    assert!(GROUPS.contains(&group), "no group is called {group}");
    let all = load(&folder()).expect("the corpus");
    let snippets: Vec<Snippet> = all.into_iter().filter(|one| one.group == group).collect();
    let batch = Batch {
        snippets: &snippets,
        limit: LIMIT,
    };
    let busybox = host_busybox().expect("busybox");
    let expected = run_on_host(&busybox, &batch).expect("a run of the batch on the host");

    let overlay = tempfile::tempdir().expect("a folder");
    batch.write_overlay(overlay.path()).expect("an overlay");
    let corpus = format!("/{FOLDER}");
    let done = Inside::command(["/bin/sh", &format!("{corpus}/{SCRIPT}"), &corpus, APPLETS])
        .overlay(overlay.path())
        .within(GROUP_LIMIT)
        .run();
    let actual = parse(&done.stdout).unwrap_or_else(|error| panic!("{error}\n{}", done.report()));
    assert_eq!(done.status(), 0, "{}", done.report());
    let differences = compare(&snippets, &expected, &actual);
    assert!(differences.is_empty(), "\n{}", differences.join("\n"));
}

macro_rules! groups {
    ($($test:ident $group:literal,)*) => {
        $(#[test] fn $test() { check($group); })*

        #[test]
        fn every_group_is_run() {
            assert_eq!([$($group),*], GROUPS);
        }
    };
}

groups! {
    arithmetic_and_loops "arithmetic-and-loops",
    archives_and_compression "archives-and-compression",
    background_jobs_and_wait "background-jobs-and-wait",
    errors "errors",
    exit_statuses "exit-statuses",
    files_and_directories "files-and-directories",
    here_documents_and_quoting "here-documents-and-quoting",
    links_and_permissions "links-and-permissions",
    pipes_and_redirection "pipes-and-redirection",
    processes_and_proc "processes-and-proc",
    signals_and_traps "signals-and-traps",
    text_tools "text-tools",
}
