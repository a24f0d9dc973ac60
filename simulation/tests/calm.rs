//! What the cases come to when nobody is disturbed: what Linux would answer. Without this, wrong
//! answers that are always the same would be taken for right ones.

use simulation::cases;
use simulation::disturbance::Disturbance;
use simulation::player::Noted;
use simulation::run::{Outcome, play};
use std::fmt::Write;

/// Who schedules must not matter.
const SEEDS: u64 = 5;

#[test]
fn programs_see_what_linux_shows_them() {
    for seed in 1..=SEEDS {
        let mut text = String::new();
        for maker in cases::ALL {
            let case = maker().unwrap();
            let played = play(&case, seed, &Disturbance::none()).unwrap();
            render(&mut text, case.name, &played.outcome);
        }
        assert_eq!(text, include_str!("calm.txt"), "seed {seed}");
    }
}

fn render(text: &mut String, name: &str, outcome: &Outcome) {
    let mut line = |line: String| writeln!(text, "{line}");
    let written = (|| {
        line(name.to_owned())?;
        for (name, noted) in &outcome.notes {
            let noted: Vec<String> = noted.iter().map(one).collect();
            line(format!("  {name}: {}", noted.join(", ")))?;
        }
        let (processes, requests) = (outcome.processes, outcome.requests);
        line(format!(
            "  left: {processes} processes, {requests} requests"
        ))?;
        line(format!("  printed: \"{}\"", outcome.printed.escape_ascii()))
    })();
    assert_eq!(written, Ok(()));
}

fn one(noted: &Noted) -> String {
    match noted {
        Noted::Number(number) => number.to_string(),
        Noted::Bytes(bytes) => format!("\"{}\"", bytes.escape_ascii()),
    }
}
