//! Faults are put into the text of running services: the system lives on, and no program is given
//! a wrong result.

use evernix::inject::{Options, Report, campaign};
use evernix::machine::QEMU;
use evernix::{Project, build};

/// Puts so many faults into services.
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
    println!("{}", report.text());
    report
}

/// Few, at every run of the tests.
#[test]
fn services_take_faults() {
    let report = faults(SEED, 12);
    assert_eq!(report.cases.len(), 12);
    assert_eq!(report.bad().count(), 0, "{}", report.text());
    // Faults that nobody notices would show nothing.
    let crashes: usize = report.cases.iter().map(|case| case.crashed.len()).sum();
    assert!(crashes >= 3, "{}", report.text());
}

/// The seed of the few.
const SEED: u64 = 2;

/// Many. A fault can make a service answer wrongly without crashing, which nobody can notice but
/// the program that knows better: those are counted and bounded. The system may never be lost.
#[test]
#[ignore = "takes hours"]
fn services_take_many_faults() {
    use evernix::inject::Outcome;
    let report = faults(1, 2000);
    assert_eq!(report.cases.len(), 2000);
    assert_eq!(report.count(Outcome::Lost), 0, "{}", report.text());
    let manifested = report
        .cases
        .iter()
        .filter(|case| case.outcome.is_manifested())
        .count();
    assert!(report.bad().count() * 20 < manifested, "{}", report.text());
}
