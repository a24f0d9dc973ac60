//! Faults are put into the text of running services: the system lives on, and what comes back after
//! a crash is right.
//!
//! A fault can also make a service answer wrongly while it is well in all other respects. No
//! recovery can help there, because nothing asks for one: such cases are bounded, not excluded.

use evernix::inject::{Options, Report, campaign};
use evernix::machine::QEMU;
use evernix::{Project, build};

/// Puts so many faults into services.
fn faults(seed: u64, count: u64, jobs: usize) -> Report {
    QEMU.ensure().expect("an emulator");
    let built = build(&Project::here()).expect("the system can be built");
    let options = Options {
        count,
        seed,
        from: 0,
        within: None,
        jobs,
    };
    let report = campaign(built, options).expect("the emulator runs");
    assert!(report.failure.is_none(), "{:?}", report.failure);
    assert_eq!(report.cases.len() as u64, count);
    println!("{}", report.text());
    report
}

/// Few, at every run of the tests. Another build has other instructions, so other faults: what so
/// few show is that faults strike and services come back, not how often.
#[test]
fn services_take_faults() {
    let report = faults(2, 10, 1);
    assert!(report.bad().count() <= 3, "{}", report.text());
    // Faults that nobody notices would show nothing.
    let crashes: usize = report.cases.iter().map(|case| case.crashed.len()).sum();
    assert!(crashes >= 2, "{}", report.text());
}

/// Of all faults that show, fewer than one in a hundred may lose the system or give a wrong result.
#[test]
#[ignore = "takes hours"]
fn services_take_many_faults() {
    let report = faults(1, 2000, 2);
    let all = report.cases.iter();
    let manifested = all.filter(|case| case.outcome.is_manifested()).count();
    assert!(report.bad().count() * 100 < manifested, "{}", report.text());
}
