//! What a round of the load prints (`load/round.sh`), and how two rounds differ.

/// One step of a round.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Step {
    name: String,
    output: Vec<String>,
    status: Option<u8>,
    /// Its standard error, and whatever else came behind the status.
    errors: Vec<String>,
}

/// The steps of a round.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Transcript {
    steps: Vec<Step>,
    /// The status of the round's shell.
    status: u8,
}

/// How a round differs from the undisturbed one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Difference {
    /// Not at all.
    None,
    /// Programs saw errors: in which steps, with the first lines that differ.
    Error(Vec<String>),
    /// A program waited for something that did not come: in which steps.
    Stuck(Vec<String>),
    /// A program had another result and no error: in which steps, with lines.
    Wrong(Vec<String>),
}

/// The status of a step that was killed because it took too long.
const KILLED: u8 = 137;

impl Transcript {
    /// Reads what a round printed, and its shell's status.
    pub(super) fn read(text: &str, status: u8) -> Transcript {
        let mut steps: Vec<Step> = vec![Step::default()];
        for line in text.lines() {
            let name = line
                .strip_prefix('[')
                .and_then(|rest| rest.strip_suffix(']'));
            if let Some(name) = name {
                steps.push(Step {
                    name: name.to_owned(),
                    ..Step::default()
                });
                continue;
            }
            let Some(step) = steps.last_mut() else {
                continue;
            };
            let ended = line
                .strip_prefix("= ")
                .and_then(|status| status.parse().ok());
            match ended {
                _ if step.status.is_some() || step.name.is_empty() => {
                    step.errors.push(line.to_owned());
                }
                Some(status) => step.status = Some(status),
                None => step.output.push(line.to_owned()),
            }
        }
        Transcript { steps, status }
    }

    /// Whether all steps ended well.
    pub(super) fn is_good(&self) -> bool {
        let ended = |step: &Step| step.name.is_empty() || step.status == Some(0);
        self.status == 0 && self.steps.len() > 1 && self.steps.iter().all(ended)
    }

    /// How this round differs from the undisturbed one: the worst of its steps decides.
    pub(super) fn differs_from(&self, calm: &Transcript) -> Difference {
        let mut errors = Vec::new();
        let mut stuck = Vec::new();
        let mut wrong = Vec::new();
        for expected in &calm.steps {
            let got = self.steps.iter().find(|step| step.name == expected.name);
            match got {
                Some(got) if got == expected => {}
                Some(got) if got.status == Some(KILLED) => stuck.push(describe(expected, got)),
                Some(got) if got.tells_error(expected) => errors.push(describe(expected, got)),
                Some(got) if got.status.is_none() && self.status != 0 => {
                    errors.push(describe(expected, got));
                }
                Some(got) => wrong.push(describe(expected, got)),
                None if self.status != 0 => errors.push(format!("{}: not run", expected.name)),
                None => wrong.push(format!("{}: not run", expected.name)),
            }
        }
        match (wrong.is_empty(), stuck.is_empty(), errors.is_empty()) {
            (false, _, _) => Difference::Wrong(wrong),
            (_, false, _) => Difference::Stuck(stuck),
            (_, _, false) => Difference::Error(errors),
            _ => Difference::None,
        }
    }
}

impl Step {
    /// Whether it says by its status or its standard error that something failed.
    fn tells_error(&self, expected: &Step) -> bool {
        let failed = self.status.is_some_and(|status| status != 0);
        failed
            || self
                .errors
                .iter()
                .any(|line| !expected.errors.contains(line))
    }
}

/// The first lines that differ.
fn describe(expected: &Step, got: &Step) -> String {
    let lines = |step: &Step| {
        let mut lines = step.output.clone();
        lines.push(format!("= {:?}", step.status));
        lines.extend(step.errors.iter().cloned());
        lines
    };
    let (wanted, seen) = (lines(expected), lines(got));
    let first = wanted.iter().zip(&seen).take_while(|(a, b)| a == b).count();
    let piece = |lines: &[String]| {
        let piece: Vec<&str> = lines
            .iter()
            .skip(first)
            .take(2)
            .map(String::as_str)
            .collect();
        piece.join(" / ")
    };
    let error = got
        .errors
        .iter()
        .find(|line| !expected.errors.contains(line));
    let error = error.map_or(String::new(), |line| format!(" ({line})"));
    format!(
        "{}: {:?} became {:?}{error}",
        expected.name,
        piece(&wanted),
        piece(&seen)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const CALM: &str = "[one]\na\nb\n= 0\n! Terminated\n[two]\nc\n= 0\n";

    fn difference(text: &str, status: u8) -> Difference {
        Transcript::read(text, status).differs_from(&Transcript::read(CALM, 0))
    }

    #[test]
    fn the_same_is_the_same() {
        assert!(Transcript::read(CALM, 0).is_good());
        assert!(!Transcript::read("", 0).is_good());
        assert_eq!(difference(CALM, 0), Difference::None);
    }

    #[test]
    fn errors_are_told_by_status_or_message() {
        let is_error =
            |text: &str, status| matches!(difference(text, status), Difference::Error(_));
        assert!(is_error("[one]\na\n= 1\n! Terminated\n[two]\nc\n= 0\n", 0));
        assert!(is_error("[one]\na\n= 0\n! I/O error\n[two]\nc\n= 0\n", 0));
        assert!(is_error("[one]\na\nb\n= 0\n! Terminated\n", 1));
        assert!(is_error("[one]\na\nb\n", 139));
        assert!(is_error(
            "sh: cannot\n[one]\na\nb\n= 0\n! Terminated\n[two]\nc\n= 0\n",
            0
        ));
    }

    #[test]
    fn another_result_without_an_error_is_wrong() {
        let is_wrong =
            |text: &str, status| matches!(difference(text, status), Difference::Wrong(_));
        assert!(is_wrong(
            "[one]\na\nx\n= 0\n! Terminated\n[two]\nc\n= 0\n",
            0
        ));
        assert!(is_wrong("[one]\na\nb\n= 0\n[two]\nc\n= 0\n", 0));
        assert!(is_wrong("[one]\na\nb\n= 0\n! Terminated\n", 0));
        // Wrong beside an error stays wrong.
        assert!(is_wrong("[one]\nx\n= 0\n! Terminated\n[two]\nc\n= 1\n", 0));
    }

    #[test]
    fn a_step_that_was_killed_was_stuck() {
        let text = "[one]\na\n= 137\n! Killed\n[two]\nc\n= 0\n";
        let Difference::Stuck(steps) = difference(text, 0) else {
            panic!("something else");
        };
        assert!(
            steps[0].starts_with("one: \"b / = Some(0)\" became "),
            "{steps:?}"
        );
    }
}
