//! Answers as text.

use std::fmt::Write;

use abi::slot::{Failure, Phase, Refusal};
use control::{Changed, Reason, Refused, Response, ServiceName, ServiceStatus, Updated};

/// The answer as text for a person: `Err` when rs refused or does not know the service.
///
/// # Errors
/// The refusal as text, which goes to standard error.
pub fn render(response: &Response, only: Option<&ServiceName>) -> Result<String, String> {
    match response {
        Response::Ok => Ok(String::new()),
        Response::Status(all) => status(all, only),
        Response::Updated(updated) => Ok(update(updated)),
        Response::Prepared(members) => Ok(format!(
            "{}nothing was changed\n",
            versions(members, "could become")
        )),
        Response::Refused(refused) => Err(refusal(refused)),
    }
}

fn status(all: &[ServiceStatus], only: Option<&ServiceName>) -> Result<String, String> {
    let wanted = |service: &&ServiceStatus| only.is_none_or(|name| *name == service.name);
    let mut rows = all.iter().filter(wanted).peekable();
    if let (None, Some(name)) = (rows.peek(), only) {
        return Err(format!("{}: no such service", name.as_str()));
    }
    let mut text = format!(
        "{:<16} {:>4} {:>7} {:<12} {:>8} {:>6} {:>7} {:>10}\n",
        "SERVICE", "SLOT", "VERSION", "STATE", "RESTARTS", "STARTS", "KIB", "SERVED"
    );
    for row in rows {
        // Writing to a string does not fail.
        let _ = writeln!(
            text,
            "{:<16} {:>4} {:>7} {:<12} {:>8} {:>6} {:>7} {:>10}",
            row.name.as_str(),
            row.slot,
            row.version,
            state(row),
            row.restarts,
            row.generation,
            row.pages * 4,
            row.served
        );
    }
    Ok(text)
}

fn state(row: &ServiceStatus) -> String {
    match row.phase {
        Phase::Running => "running".into(),
        Phase::Frozen | Phase::Exporting => "updating".into(),
        Phase::Crashed => format!("crashed ({})", failure(row.failure)),
        Phase::Down => "down".into(),
        Phase::Absent => "absent".into(),
        Phase::Loaded | Phase::Importing | Phase::Ready => "starting".into(),
    }
}

/// A line for each service: its version, what is between, and the other version.
fn versions(members: &[Changed], between: &str) -> String {
    let line = |one: &Changed| {
        let name = one.name.as_str();
        format!("{name}: version {} {between} {}\n", one.from, one.to)
    };
    members.iter().map(line).collect()
}

/// One service in one line; of several each in a line of its own.
fn update(updated: &Updated) -> String {
    let versions = match &updated.members[..] {
        [one] => format!("version {} -> {}, ", one.from, one.to),
        several => versions(several, "->"),
    };
    format!(
        "{versions}{} bytes of state\npause {} us (freeze {}, export {}, import {})\n",
        updated.state_bytes,
        updated.pause_ns / 1000,
        updated.freeze_ns / 1000,
        updated.export_ns / 1000,
        updated.import_ns / 1000,
    )
}

fn refusal(refused: &Refused) -> String {
    let mut text = String::new();
    if let Some(member) = &refused.member {
        text = format!("{}: ", member.as_str());
    }
    text.push_str(reason(refused.reason));
    if refused.failure != Failure::None {
        let _ = write!(text, ": {}", failure(refused.failure));
    }
    if refused.refusal != Refusal::None {
        let _ = write!(text, " ({})", own_reason(refused.refusal));
    }
    if !refused.text.is_empty() {
        let _ = write!(text, ": {}", refused.text);
    }
    text
}

const fn reason(reason: Reason) -> &'static str {
    match reason {
        Reason::UnknownService => "no such service",
        Reason::AlreadyUp => "it is up already",
        Reason::NotUp => "it is down",
        Reason::Busy => "another update is under way",
        Reason::UnknownVersion => "the image has no such version",
        Reason::Indispensable => "the system cannot do without it",
        Reason::NotAnImage => "the file is not a service image",
        Reason::DamagedImage => "the service image is damaged",
        Reason::WrongInterface => "the service image is for another kernel interface",
        Reason::WrongName => "the service image is of another service",
        Reason::NoMemory => "there is no memory for a second instance",
        Reason::RolledBack => "the old version keeps running, the new one failed",
        Reason::StartFailed => "it could not be started",
        Reason::BadSet => "each service of an update is named once",
    }
}

/// A failure in words.
#[must_use]
pub const fn failure(failure: Failure) -> &'static str {
    match failure {
        Failure::None => "no failure",
        Failure::BadMemoryAccess => "bad memory access",
        Failure::BadInstruction => "illegal instruction",
        Failure::Panic => "panic",
        Failure::Hang => "hang",
        Failure::RightsViolation => "rights violation",
        Failure::Refused => "it refused the state",
        Failure::Deadline => "deadline passed",
        Failure::OtherMember => "another member failed",
        Failure::NoMemory => "out of memory",
        Failure::Killed => "killed",
        Failure::WildBranch => "wild branch",
        Failure::StackOverflow => "stack overflow",
    }
}

const fn own_reason(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::None => "no reason",
        Refusal::Undecodable => "the state does not decode",
        Refusal::UnknownVersion => "the state is of an unknown version",
        Refusal::Inconsistent => "the state contradicts itself",
        Refusal::Other => "a reason of its own",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use abi::declaration::Policy;

    fn row(name: &str, phase: Phase) -> ServiceStatus {
        ServiceStatus {
            name: ServiceName::new(name).unwrap(),
            slot: 2,
            version: 1,
            phase,
            failure: Failure::Hang,
            restarts: 3,
            generation: 5,
            pages: 10,
            served: 99,
            policy: Policy::Stateful,
        }
    }

    #[test]
    fn one_row_a_service() {
        let all = Response::Status(vec![row("vfs", Phase::Running), row("tty", Phase::Crashed)]);
        let text = render(&all, None).unwrap();
        let words: Vec<Vec<_>> = text
            .lines()
            .map(|l| l.split_whitespace().collect())
            .collect();
        assert_eq!(words[1], ["vfs", "2", "1", "running", "3", "5", "40", "99"]);
        assert_eq!(words[2][3..5], ["crashed", "(hang)"]);
        let tty = ServiceName::new("tty").unwrap();
        assert_eq!(render(&all, Some(&tty)).unwrap().lines().count(), 2);
        let none = ServiceName::new("none").unwrap();
        assert_eq!(
            render(&all, Some(&none)),
            Err("none: no such service".into())
        );
    }

    #[test]
    fn a_refusal_says_who_and_why() {
        let refused = Refused {
            reason: Reason::RolledBack,
            member: ServiceName::new("vfs").ok(),
            failure: Failure::Refused,
            refusal: Refusal::Undecodable,
            text: String::new(),
        };
        let expected = "vfs: the old version keeps running, the new one failed: \
                        it refused the state (the state does not decode)";
        assert_eq!(
            render(&Response::Refused(refused), None),
            Err(expected.into())
        );
    }
}
