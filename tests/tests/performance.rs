//! What operations of programs cost, in guest instructions.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use evernix::Project;
use evernix::bench::{Cost, Options, Report, Sample, What, measure};
use evernix::machine::{Hardware, Memory};
use tests::inside::{Inside, built};
use tests::programs::lay_program;

const LIMIT: Duration = Duration::from_secs(1200);
/// An operation may cost this much more than is recorded, in hundredths.
const MORE: u64 = 5;

/// Instructions by operation.
type Figures = BTreeMap<String, u64>;

fn record() -> PathBuf {
    Project::here().source("tests/instructions.toml")
}

/// What each operation takes once.
fn measured() -> Figures {
    let overlay = tempfile::tempdir().expect("a folder");
    lay_program(overlay.path(), "bench");
    let done = Inside::command(["/bin/bench"])
        .overlay(overlay.path())
        .counted()
        .within(LIMIT)
        .run();
    println!("{}", done.output());
    let sample = Sample::read(done.output()).expect("what the program prints");
    let each = |cost: Cost| (cost.name, cost.ticks.div_ceil(cost.count));
    let own = own_report(measure(built(), &own()).expect("Evernix can be measured"));
    let requests = own
        .into_iter()
        .filter(|(name, _)| name.starts_with("request"));
    sample.costs.into_iter().map(each).chain(requests).collect()
}

/// What Linux has not.
fn own() -> Options {
    Options {
        what: What::Own,
        ..once()
    }
}

/// What each took, in instructions.
fn own_report(report: Report) -> Figures {
    println!("{}", report.own_table());
    let value: serde_json::Value = serde_json::from_str(&report.own_json()).expect("JSON");
    let rows = value["operations"].as_array().expect("a list");
    rows.iter()
        .map(|row| {
            let name = row["operation"].as_str().expect("a name").to_owned();
            let taken = row["instructions"].as_f64().expect("a number").ceil();
            (name, format!("{taken}").parse().expect("a whole number"))
        })
        .collect()
}

/// Whoever changes the record says in the commit why an operation may cost more.
#[test]
fn operations_cost_what_is_recorded() {
    let text = std::fs::read_to_string(record()).expect("a record");
    let recorded: Figures = toml::from_str(&text).expect("operations and numbers");
    let measured = measured();
    let known: Vec<&String> = recorded.keys().collect();
    assert_eq!(known, measured.keys().collect::<Vec<_>>());
    let dearer: Vec<String> = measured
        .iter()
        .filter(|(name, cost)| **cost > recorded[*name] + recorded[*name] * MORE / 100)
        .map(|(name, cost)| format!("{name}: {cost}, recorded {}", recorded[name]))
        .collect();
    assert!(dearer.is_empty(), "{dearer:#?}");
}

/// Writes what operations cost now:
/// `cargo test -p tests --test performance -- --ignored record`.
#[test]
#[ignore = "writes the record"]
fn record_what_operations_cost() {
    let text = toml::to_string(&measured()).expect("numbers");
    let head =
        "# Guest instructions of one operation each (user/bench, tests/tests/performance.rs).\n";
    std::fs::write(record(), format!("{head}{text}")).expect("a file");
}

fn once() -> Options {
    Options {
        what: What::Operations(Vec::new()),
        rounds: 1,
        hardware: Hardware::default(),
        accelerated: false,
        limit: LIMIT,
    }
}

/// The same program runs in Linux, and everything is told of both systems.
#[test]
fn evernix_is_measured_beside_linux() {
    let options = Options {
        what: What::Operations(["getppid", "stat"].map(str::to_owned).to_vec()),
        ..once()
    };
    let report = measure(built(), &options).expect("both systems can be measured");
    let table = report.table();
    println!("{table}");
    let names: Vec<&str> = table
        .lines()
        .skip(2)
        .filter_map(|line| line.split('|').nth(1))
        .map(str::trim)
        .collect();
    assert_eq!(names, ["boot", "getppid", "stat"]);
    let value: serde_json::Value = serde_json::from_str(&report.json()).expect("JSON");
    for operation in value["operations"].as_array().expect("a list") {
        let both = ["evernix", "linux"].map(|system| &operation[system]["instructions"]);
        assert!(
            both.iter().all(|count| count.as_f64() > Some(1.0)),
            "{operation}"
        );
    }
    assert!(report.chart().contains(">getppid<"));
}

/// Requests between services, replacements of each service, and what waits when something is raised.
#[test]
fn what_linux_has_not_is_measured() {
    let figures = own_report(measure(built(), &own()).expect("Evernix can be measured"));
    let between = ["request", "request_kept", "request_64", "request_4k"];
    for name in between
        .into_iter()
        .chain(["boot", "interrupt", "notification"])
    {
        assert!(figures.contains_key(name), "{name}: {figures:?}");
    }
    for (service, _) in protocol::endpoint::NAMES {
        for how in ["refresh", "update", "crash"] {
            let taken = figures.get(&format!("{how} {service}"));
            assert!(
                taken.is_some_and(|taken| *taken > 10_000),
                "{how} {service}: {taken:?}"
            );
        }
    }
    // The bytes are written, and answers are kept.
    assert!(figures["request"] < figures["request_64"]);
    assert!(figures["request_64"] + 256 < figures["request_4k"]);
    assert!(figures["request"] < figures["request_kept"]);
}

/// An operation that is not there is refused by name, and nothing is measured.
#[test]
fn an_unknown_operation_is_refused() {
    let options = Options {
        what: What::Operations(vec!["fly".to_owned()]),
        ..once()
    };
    let error = measure(built(), &options).expect_err("there is no such operation");
    assert!(error.to_string().contains("no operation fly"), "{error}");
}

/// What grows with the size of a process, the depth of a path or the number of processes grows no
/// worse than in Linux.
#[test]
#[ignore = "takes ten minutes"]
fn costs_grow_as_in_linux() {
    let options = Options {
        what: What::Growth,
        hardware: Hardware {
            memory: Memory::LARGE,
            ..Hardware::default()
        },
        ..once()
    };
    let report = measure(built(), &options).expect("both systems can be measured");
    println!("{}", report.growth_table());
    let series = report.series();
    assert!(
        series.iter().all(|series| series.points.len() > 2),
        "{series:?}"
    );
    let worse: Vec<_> = series
        .iter()
        .map(|series| (&series.name, series.growth()))
        .filter(|(_, (evernix, linux))| *evernix > 1.1 * linux)
        .collect();
    assert!(!series.is_empty() && worse.is_empty(), "{worse:?}");
    assert!(report.growth_chart().contains("<polyline"));
}
