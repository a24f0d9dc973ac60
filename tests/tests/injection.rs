//! Faults are put into the text of running services: the system lives on, and what comes back after
//! a crash is right.
//!
//! A fault can also make a service answer wrongly while it is well in all other respects. No
//! recovery can help there, because nothing asks for one: such cases are bounded, not excluded.

use evernix::inject::{Options, Outcome, Report, campaign};
use evernix::machine::QEMU;
use evernix::{Project, build};

/// Puts so many faults into services, and checks that none was worse than it may be.
fn faults(seed: u64, count: u64) -> Report {
    QEMU.ensure().expect("an emulator");
    let built = build(&Project::here()).expect("the system can be built");
    let options = Options {
        count,
        seed,
        only: None,
        within: None,
    };
    let report = campaign(built, options).expect("the emulator runs");
    assert_eq!(report.cases.len() as u64, count);
    assert_eq!(report.count(Outcome::Lost), 0, "{}", report.text());
    let after_a_crash = report.bad().count() - report.unnoticed();
    assert_eq!(after_a_crash, 0, "{}", report.text());
    report
}

/// Few, at every run of the tests.
#[test]
fn services_take_faults() {
    let report = faults(2, 12);
    assert!(report.unnoticed() <= 1, "{}", report.text());
    // Faults that nobody notices would show nothing.
    let crashes: usize = report.cases.iter().map(|case| case.crashed.len()).sum();
    assert!(crashes >= 3, "{}", report.text());
}

#[test]
#[ignore = "takes hours"]
fn services_take_many_faults() {
    let report = faults(1, 2000);
    let manifested = report
        .cases
        .iter()
        .filter(|case| case.outcome.is_manifested())
        .count();
    assert!(report.unnoticed() * 20 < manifested, "{}", report.text());
}
