//! What a fault came to, judged from what was seen.

use std::fmt;

use super::transcript::Difference;

/// What was seen of one round.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Round {
    /// It was done, and differed so from the undisturbed one.
    Done(Difference),
    /// It was not done within the limit, while other programs got on: what it was at.
    Waiting(String),
    /// It was not done within the limit, nor was anything else: what it was at.
    Late(String),
    /// The load's own shell ended, and the system in good order.
    Left(String),
    /// The machine ended: why.
    Ended(String),
}

/// What was seen of an injection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Seen {
    /// Whether the instruction ran.
    pub(super) executed: bool,
    /// The round with the fault.
    pub(super) round: Round,
    /// The round after the fault was taken away, if there was one.
    pub(super) check: Option<Round>,
    /// Services that crashed, in order.
    pub(super) crashed: Vec<String>,
    /// Services that are down afterwards.
    pub(super) down: Vec<String>,
    /// Whether all programs ended and everything started anew.
    pub(super) anew: bool,
}

/// What the fault came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// The instruction did not run.
    NotExecuted,
    /// It ran, and nothing was different.
    Unaffected,
    /// A service crashed and came back, and no program saw anything.
    Transparent,
    /// A program saw an error; later everything was right.
    Error,
    /// A service was given up; the rest lives.
    Down,
    /// A program waited for what never came; the rest lives.
    Stuck,
    /// Programs see errors even after the fault is gone.
    Lasting,
    /// All programs ended, and everything started anew without the machine's end.
    Anew,
    /// A program had a wrong result without an error.
    Wrong,
    /// The system ended, or did not answer within the limit.
    Lost,
}

impl Outcome {
    /// All of them, from the best to the worst.
    pub const ALL: [Outcome; 10] = [
        Outcome::NotExecuted,
        Outcome::Unaffected,
        Outcome::Transparent,
        Outcome::Error,
        Outcome::Down,
        Outcome::Stuck,
        Outcome::Lasting,
        Outcome::Anew,
        Outcome::Wrong,
        Outcome::Lost,
    ];

    /// Whether anything was to be seen of the fault.
    #[must_use]
    pub fn is_manifested(self) -> bool {
        self > Outcome::Unaffected
    }

    /// Whether each such case is told in full.
    #[must_use]
    pub fn is_told(self) -> bool {
        self >= Outcome::Down
    }

    /// Whether it is what must not be.
    #[must_use]
    pub fn is_bad(self) -> bool {
        self >= Outcome::Wrong
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Outcome::NotExecuted => "not run",
            Outcome::Unaffected => "no effect",
            Outcome::Transparent => "recovered",
            Outcome::Error => "error",
            Outcome::Down => "down",
            Outcome::Stuck => "stuck",
            Outcome::Lasting => "lasting",
            Outcome::Anew => "anew",
            Outcome::Wrong => "WRONG",
            Outcome::Lost => "LOST",
        })
    }
}

/// Judges, and tells the reason.
pub(super) fn judge(seen: &Seen) -> (Outcome, String) {
    let (during, reason) = judge_round(&seen.round, false);
    let (after, later) = match &seen.check {
        Some(round) => judge_round(round, true),
        None => (Outcome::Unaffected, String::new()),
    };
    if seen.anew && during.max(after) < Outcome::Lost {
        // A round that was cut short says nothing.
        return (Outcome::Anew, "all programs ended".to_owned());
    }
    if during.max(after) > Outcome::Lasting {
        let reason = if after > during { later } else { reason };
        return (during.max(after), reason);
    }
    if !seen.down.is_empty() {
        return (
            Outcome::Down,
            format!("{} down; {reason}", seen.down.join(", ")),
        );
    }
    let worst = during.max(after);
    if worst > Outcome::Unaffected {
        let reasons = [reason, later];
        let reasons: Vec<String> = reasons
            .into_iter()
            .filter(|text| !text.is_empty())
            .collect();
        return (worst, reasons.join("; later: "));
    }
    let outcome = match (seen.crashed.is_empty(), seen.executed) {
        (false, _) => Outcome::Transparent,
        (true, true) => Outcome::Unaffected,
        (true, false) => Outcome::NotExecuted,
    };
    (outcome, String::new())
}

/// Judges a round, with the fault or after it.
fn judge_round(round: &Round, is_later: bool) -> (Outcome, String) {
    match round {
        Round::Done(Difference::None) => (Outcome::Unaffected, String::new()),
        Round::Done(Difference::Error(steps)) if is_later => (Outcome::Lasting, steps.join("; ")),
        Round::Done(Difference::Error(steps)) => (Outcome::Error, steps.join("; ")),
        Round::Done(Difference::Stuck(steps)) => (Outcome::Stuck, steps.join("; ")),
        Round::Done(Difference::Wrong(steps)) => (Outcome::Wrong, steps.join("; ")),
        Round::Left(how) => (Outcome::Error, how.clone()),
        Round::Waiting(at) => (Outcome::Stuck, format!("others get on; it was at: {at}")),
        Round::Late(at) => (Outcome::Lost, format!("no answer; it was at: {at}")),
        Round::Ended(why) => (Outcome::Lost, why.clone()),
    }
}

/// The services that the kernel's log says have crashed.
pub(super) fn crashes(log: &str) -> Vec<String> {
    let name = |line: &str| {
        let (_, said) = line.split_once("] kernel: ")?;
        Some(said.split_once(" crashed: ")?.0.to_owned())
    };
    log.lines().filter_map(name).collect()
}

/// Whether the log says that all programs ended for a service that has lost its State.
pub(super) fn starts_anew(log: &str) -> bool {
    log.contains("starts without its State: all programs end")
}

/// The services that the table of `service status` shows as not running.
pub(super) fn not_running(table: &str) -> Vec<String> {
    let row = |line: &str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let state = words.get(3)?;
        (*state != "running").then(|| words[0].to_owned())
    };
    table.lines().skip(1).filter_map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAME: Round = Round::Done(Difference::None);

    fn seen(round: Round, check: Option<Round>) -> Seen {
        Seen {
            executed: true,
            round,
            check,
            crashed: vec!["pm".to_owned()],
            down: Vec::new(),
            anew: false,
        }
    }

    fn outcome(seen: &Seen) -> Outcome {
        judge(seen).0
    }

    #[test]
    fn what_nobody_sees_is_told_apart() {
        let crashed = seen(SAME, Some(SAME));
        assert_eq!(outcome(&crashed), Outcome::Transparent);
        let quiet = Seen {
            crashed: Vec::new(),
            ..crashed
        };
        assert_eq!(outcome(&quiet), Outcome::Unaffected);
        let unused = Seen {
            executed: false,
            ..quiet
        };
        assert_eq!(outcome(&unused), Outcome::NotExecuted);
    }

    #[test]
    fn the_worst_decides() {
        let lines = || vec!["step: a became b".to_owned()];
        let error = || Round::Done(Difference::Error(lines()));
        let wrong = || Round::Done(Difference::Wrong(lines()));
        assert_eq!(outcome(&seen(error(), Some(SAME))), Outcome::Error);
        assert_eq!(outcome(&seen(error(), Some(error()))), Outcome::Lasting);
        assert_eq!(outcome(&seen(SAME, Some(error()))), Outcome::Lasting);
        assert_eq!(outcome(&seen(error(), Some(wrong()))), Outcome::Wrong);
        assert_eq!(outcome(&seen(wrong(), Some(SAME))), Outcome::Wrong);
        let late = Round::Late("files".to_owned());
        assert_eq!(outcome(&seen(late, None)), Outcome::Lost);
        let waiting = Round::Waiting("files".to_owned());
        assert_eq!(outcome(&seen(waiting, None)), Outcome::Stuck);
        let ended = Round::Ended("the system failed".to_owned());
        assert_eq!(judge(&seen(wrong(), Some(ended))).1, "the system failed");
        let down = Seen {
            down: vec!["tty".to_owned()],
            ..seen(error(), Some(error()))
        };
        assert_eq!(outcome(&down), Outcome::Down);
        let anew = Seen {
            anew: true,
            ..seen(wrong(), Some(SAME))
        };
        assert_eq!(outcome(&anew), Outcome::Anew);
        let lost = Seen {
            round: Round::Late(String::new()),
            ..anew
        };
        assert_eq!(outcome(&lost), Outcome::Lost);
        assert_eq!(
            outcome(&seen(Round::Left(String::new()), None)),
            Outcome::Error
        );
    }

    #[test]
    fn logs_and_tables_are_read() {
        let log = "[   24.570197] kernel: vm crashed: Memory at 0x1 (base 0x0), address 0x0\n\
                   [   24.579447] rs: vm crashed: Memory\n";
        assert_eq!(crashes(log), ["vm"]);
        let table = "SERVICE SLOT VERSION STATE RESTARTS STARTS KIB SERVED\n\
                     tty 6 1 crashed (hang) 2 3 40 99\npm 1 1 running 0 1 40 99\nds 12 1 down 0 1 0 0\n";
        assert_eq!(not_running(table), ["tty", "ds"]);
    }
}
