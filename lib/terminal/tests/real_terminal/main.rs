//! Compares the terminal with that of the Linux the test runs on: the same bytes are typed at a
//! pseudo-terminal and at a [`terminal::Terminal`], and echo, output, reads and counts must be
//! equal byte by byte.
#![expect(
    clippy::unwrap_used,
    clippy::too_many_lines,
    reason = "a test fails by panicking, and tables of cases are long"
)]

mod cases;
mod pair;
mod random;

use pair::Pair;
use terminal::Settings;

/// One thing that happens to both terminals.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// Bytes come from the line; the echo must be equal.
    Type(Vec<u8>),
    /// The program reads without waiting; the outcome must be equal.
    Read(usize),
    /// The program writes; what is taken and what comes out must be equal.
    Write(Vec<u8>),
    /// The program changes the settings.
    Change(Settings),
    /// Bytes to read and readiness must be equal.
    Look,
}

/// A script.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) settings: fn(&mut Settings),
    pub(crate) steps: Vec<Step>,
}

fn run(settings: Settings, steps: &[Step]) -> Result<(), String> {
    let mut pair = Pair::new(settings);
    for (number, step) in steps.iter().enumerate() {
        pair.step(step)
            .map_err(|difference| format!("step {number}: {difference}"))?;
    }
    Ok(())
}

#[test]
fn scripted_cases_are_equal() {
    let cases = cases::all();
    assert!(cases.len() >= 60, "only {} cases", cases.len());
    let mut failures = Vec::new();
    for case in &cases {
        let mut settings = Settings::default();
        (case.settings)(&mut settings);
        if let Err(difference) = run(settings, &case.steps) {
            failures.push(format!("{}: {difference}", case.name));
        }
    }
    assert!(
        failures.is_empty(),
        "{} differ:\n{}",
        failures.len(),
        failures.join("\n")
    );
}

#[test]
fn random_cases_are_equal() {
    let mut failures = Vec::new();
    for seed in 1..=150 {
        let (settings, steps) = random::script(seed);
        if let Err(difference) = run(settings, &steps) {
            failures.push(format!("seed {seed}: {difference}"));
        }
    }
    assert!(
        failures.is_empty(),
        "{} differ:\n{}",
        failures.len(),
        failures.join("\n")
    );
}

#[test]
fn the_defaults_are_equal() {
    let ours = Settings::default();
    let theirs = Pair::defaults();
    assert_eq!(theirs.input_modes.bits(), ours.input.bits());
    assert_eq!(theirs.output_modes.bits(), ours.output.bits());
    assert_eq!(theirs.local_modes.bits(), ours.local.bits());
    for (index, special) in pair::CODES {
        assert_eq!(
            theirs.special_codes[index], ours.characters[special as usize],
            "{special}"
        );
    }
}
