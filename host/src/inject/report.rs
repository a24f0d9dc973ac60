//! What a campaign came to, as text.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::outcome::Outcome;
use super::plan::Injection;
use crate::Error;

/// One injection and what came of it.
#[derive(Clone, Debug)]
pub struct Case {
    /// The fault.
    pub injection: Injection,
    /// What it came to.
    pub outcome: Outcome,
    /// Why it is taken for that.
    pub reason: String,
    /// The services that crashed.
    pub crashed: Vec<String>,
    /// What the kernel logged meanwhile.
    pub log: String,
}

impl Case {
    /// The case in one line.
    #[must_use]
    pub fn line(&self) -> String {
        let Injection {
            number,
            service,
            kind,
            place,
            ..
        } = &self.injection;
        let outcome = self.outcome;
        let crashed = match self.crashed.len() {
            0 => String::new(),
            count => format!(" ({count} crashes)"),
        };
        let place = shorten(place);
        format!("{number:>5} {outcome:<9} {service:<9} {kind:<20} {place}{crashed}")
    }

    /// All that is known of it, and how to see it again.
    #[must_use]
    pub fn tell(&self, seed: u64) -> String {
        let injection = &self.injection;
        let (service, offset, number) = (&injection.service, injection.offset, injection.number);
        let mut text = format!("{}\n", self.line());
        push(
            &mut text,
            format_args!("      {service} at {offset:#x}: {}\n", injection.change()),
        );
        push(&mut text, format_args!("      seen: {}\n", self.reason));
        for line in self.log.lines().take(LOG_LINES) {
            push(&mut text, format_args!("      log: {line}\n"));
        }
        push(
            &mut text,
            format_args!("      again: --seed {seed} --from {number} --count 1\n"),
        );
        text
    }
}

/// The end of a long name: generic ones say most there.
fn shorten(name: &str) -> String {
    let count = name.chars().count();
    if count <= PLACE_CHARACTERS {
        return name.to_owned();
    }
    let end: String = name.chars().skip(count - PLACE_CHARACTERS).collect();
    format!("...{end}")
}

/// Characters of a place in a line.
const PLACE_CHARACTERS: usize = 60;
/// Lines of the kernel's log that are told of a case.
const LOG_LINES: usize = 12;

/// A whole campaign.
#[derive(Debug)]
pub struct Report {
    /// The seed.
    pub seed: u64,
    /// Each injection.
    pub cases: Vec<Case>,
    /// How often a machine was booted.
    pub boots: usize,
    /// What ended it early.
    pub failure: Option<Error>,
}

/// Counts of outcomes.
type Counts = BTreeMap<Outcome, usize>;

impl Report {
    /// How many cases came to this.
    #[must_use]
    pub fn count(&self, outcome: Outcome) -> usize {
        let same = |case: &&Case| case.outcome == outcome;
        self.cases.iter().filter(same).count()
    }

    /// Cases that must not be.
    pub fn bad(&self) -> impl Iterator<Item = &Case> {
        self.cases.iter().filter(|case| case.outcome.is_bad())
    }

    /// Wrong results of which nobody could know: the service answered them as if it were well. No
    /// recovery can help there, because nothing asks for one.
    #[must_use]
    pub fn unnoticed(&self) -> usize {
        let is_unnoticed = |case: &&Case| case.outcome == Outcome::Wrong && case.crashed.is_empty();
        self.cases.iter().filter(is_unnoticed).count()
    }

    /// The tables, the shares, and the cases that are told in full.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        self.table(&mut text, "service", |case| case.injection.service.clone());
        text.push('\n');
        self.table(&mut text, "mutation", |case| {
            case.injection.kind.to_string()
        });
        text.push('\n');
        self.shares(&mut text);
        for case in self.cases.iter().filter(|case| case.outcome.is_told()) {
            text.push('\n');
            text.push_str(&case.tell(self.seed));
        }
        text
    }

    fn table(&self, text: &mut String, heading: &str, key: impl Fn(&Case) -> String) {
        let mut rows: BTreeMap<String, Counts> = BTreeMap::new();
        let mut total = Counts::new();
        for case in &self.cases {
            *rows
                .entry(key(case))
                .or_default()
                .entry(case.outcome)
                .or_default() += 1;
            *total.entry(case.outcome).or_default() += 1;
        }
        let headings: Vec<String> = Outcome::ALL.iter().map(ToString::to_string).collect();
        push(
            text,
            format_args!("| {heading} | all | {} |\n", headings.join(" | ")),
        );
        push(
            text,
            format_args!("| --- |{}\n", " ---: |".repeat(headings.len() + 1)),
        );
        let total = ("total".to_owned(), total);
        for (name, counts) in rows.into_iter().chain([total]) {
            let cells = Outcome::ALL.map(|outcome| counts.get(&outcome).unwrap_or(&0).to_string());
            let all: usize = counts.values().sum();
            push(
                text,
                format_args!("| {name} | {all} | {} |\n", cells.join(" | ")),
            );
        }
    }

    fn shares(&self, text: &mut String) {
        let all = self.cases.len();
        let executed = all - self.count(Outcome::NotExecuted);
        let manifested = self
            .cases
            .iter()
            .filter(|c| c.outcome.is_manifested())
            .count();
        let bad = self.bad().count();
        let crashes: usize = self.cases.iter().map(|case| case.crashed.len()).sum();
        let boots = self.boots;
        push(
            text,
            format_args!(
                "Seed {}: {all} faults, {executed} of them executed, {manifested} manifested; \
                 {crashes} crashes, {boots} boots. Wrong or lost: {bad} of the manifested ({}), \
                 {} of them wrong without a crash.\n",
                self.seed,
                percent(bad, manifested),
                self.unnoticed()
            ),
        );
    }
}

fn push(text: &mut String, more: std::fmt::Arguments<'_>) {
    // Writing into a string never fails.
    let _ = text.write_fmt(more);
}

/// A share in tenths of a percent.
fn percent(part: usize, whole: usize) -> String {
    let tenths = (part * 1000 + whole / 2).checked_div(whole).unwrap_or(0);
    format!("{}.{} %", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::super::mutation::Kind;
    use super::*;

    fn case(number: u64, service: &str, outcome: Outcome) -> Case {
        Case {
            injection: Injection {
                number,
                service: service.to_owned(),
                offset: 0x10,
                place: "take+0x3".to_owned(),
                kind: Kind::Branch,
                before: b"\x74\x05".to_vec(),
                after: b"\x75\x05".to_vec(),
            },
            outcome,
            reason: "files: a became b".to_owned(),
            crashed: vec![service.to_owned()],
            log: "kernel: it crashed".to_owned(),
        }
    }

    #[test]
    fn long_names_end_well() {
        assert_eq!(shorten("short+0x1"), "short+0x1");
        let long = shorten(&format!("{}::take+0x1", "a".repeat(100)));
        assert!(long.starts_with("...aaa") && long.ends_with("::take+0x1"));
        assert_eq!(long.len(), PLACE_CHARACTERS + 3);
    }

    #[test]
    fn counts_and_bad_cases_are_told() {
        let report = Report {
            seed: 7,
            cases: vec![
                case(0, "pm", Outcome::Transparent),
                case(1, "pm", Outcome::NotExecuted),
                case(2, "vm", Outcome::Wrong),
            ],
            boots: 2,
            failure: None,
        };
        let text = report.text();
        assert!(
            text.contains("| pm | 2 | 1 | 0 | 1 | 0 | 0 | 0 | 0 | 0 | 0 |"),
            "{text}"
        );
        assert!(text.contains("| total | 3 | 1 | 0 | 1 | 0 | 0 | 0 | 0 | 0 | 1 | 0 |"));
        assert!(text.contains("Wrong or lost: 1 of the manifested (50.0 %)"));
        assert!(text.contains("vm at 0x10: `je 17h` became `jne 17h`"));
        assert!(text.contains("again: --seed 7 --from 2 ") && !text.contains("--from 0"));
        assert_eq!(
            (report.bad().count(), percent(0, 0)),
            (1, "0.0 %".to_owned())
        );
    }
}
