//! Answers as text.

use std::fmt::Write;

use abi::slot::{Failure, Phase, Refusal};
use control::{
    Changed, Crash, Reason, Refused, Request, Response, ServiceName, ServiceStatus, Step, Until,
    Updated,
};

use crate::crashes;
use crate::symbols::Symbols;

/// The answer as text for a person: `Err` when rs refused or does not know the service.
///
/// # Errors
/// The refusals as text, each of which goes to standard error.
pub fn render(response: &Response, only: Option<&ServiceName>) -> Result<String, Vec<String>> {
    match response {
        Response::Ok => Ok(String::new()),
        Response::Status(all) => status(all, only).map_err(|reason| vec![reason]),
        Response::Updated(updated) => Ok(update(updated)),
        Response::Prepared(members) => Ok(prepared(members)),
        Response::Refused(refused) => Err(refused.iter().map(refusal).collect()),
        Response::Crashed {
            name, failure: of, ..
        } => Ok(format!("{}: {}\n", name.as_str(), failure(*of))),
        Response::Crashes { crashes, .. } => Ok(all_crashes(crashes, only)),
    }
}

/// The crashes of a service, or of all, a paragraph each.
fn all_crashes(crashes: &[Crash], only: Option<&ServiceName>) -> String {
    let wanted = |crash: &&Crash| only.is_none_or(|name| *name == crash.name);
    let paragraph = |crash: &Crash| {
        let symbols = Symbols::of(crash.name.as_str(), crash.version);
        crashes::render(crash, &symbols)
    };
    crashes.iter().filter(wanted).map(paragraph).collect()
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
        Phase::Down if row.given_up => "given-up".into(),
        Phase::Down => "down".into(),
        Phase::Absent => "absent".into(),
        Phase::Loaded | Phase::Importing | Phase::Ready => "starting".into(),
    }
}

fn prepared(members: &[Changed]) -> String {
    let line = |one: &Changed| {
        let name = one.name.as_str();
        format!("{name}: version {} could become {}\n", one.from, one.to)
    };
    let mut text: String = members.iter().map(line).collect();
    text.push_str("nothing was changed\n");
    text
}

/// A line for each service, and one for the whole. Services take their steps side by side.
fn update(updated: &Updated) -> String {
    let mut text = format!(
        "{:<16} {:>10} {:>10} {:>10} {:>8} {:>8} {:>8} {:>8} {:>8}\n",
        "SERVICE", "VERSION", "STATE", "BYTES", "LOAD", "FREEZE", "EXPORT", "IMPORT", "ATTACH"
    );
    for member in &updated.members {
        let steps = &member.steps;
        let [load, freeze, export, import, attach] = [
            steps.load,
            steps.freeze,
            steps.export,
            steps.import,
            steps.attach,
        ]
        .map(|span| span / 1000);
        // Writing to a string does not fail.
        let _ = writeln!(
            text,
            "{:<16} {:>10} {:>10} {:>10} {load:>8} {freeze:>8} {export:>8} {import:>8} {attach:>8}",
            member.name.as_str(),
            change(member.from, member.to),
            change(steps.state_from, steps.state_to),
            steps.state_bytes,
        );
    }
    let bytes = updated
        .members
        .iter()
        .map(|member| member.steps.state_bytes);
    let _ = write!(
        text,
        "{} bytes of state, pause {} us (commit {}), all times in us\n{}",
        bytes.sum::<u64>(),
        updated.pause / 1000,
        updated.commit / 1000,
        if updated.committed {
            ""
        } else {
            "nothing was changed\n"
        },
    );
    text
}

fn change(from: u32, to: u32) -> String {
    format!("{from} -> {to}")
}

fn refusal(refused: &Refused) -> String {
    let mut text = String::new();
    if let Some(member) = &refused.member {
        text = format!("{}: ", member.as_str());
    }
    text.push_str(reason(refused.reason));
    if let Some(step) = refused.step {
        let _ = write!(text, " {}", of_step(step));
    }
    if refused.failure != Failure::None && refused.failure != Failure::NoMemory {
        let _ = write!(text, ": {}", failure(refused.failure));
    }
    if refused.failure == Failure::Refused && refused.refusal != Refusal::None {
        let _ = write!(text, " ({})", own_reason(refused.refusal));
    }
    if !refused.text.is_empty() {
        let _ = write!(text, ": {}", refused.text);
    }
    text
}

const fn of_step(step: Step) -> &'static str {
    match step {
        Step::Load => "when it was made",
        Step::Freeze => "before the old one had stopped",
        Step::Export => "when the state was written",
        Step::Import => "when it took over the state",
        Step::Ready => "when the others were not ready",
    }
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

/// What an update is about, before it has come to anything.
#[must_use]
pub fn announcement(request: &Request) -> Option<String> {
    let (whom, how) = match request {
        Request::Update { members, how } => {
            let names: Vec<&str> = members.iter().map(|one| one.name.as_str()).collect();
            (names.join(", "), how)
        }
        Request::UpdateAll { how, .. } => ("all services".to_owned(), how),
        _ => return None,
    };
    let milliseconds = how.deadline_ms;
    Some(match how.until {
        Until::Committed => {
            format!("updating {whom}: loading, then a pause of at most {milliseconds} ms ...")
        }
        Until::Ready => {
            format!("trying to update {whom}, with a pause of at most {milliseconds} ms ...")
        }
        Until::Prepared => format!("loading {whom} ..."),
    })
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
        Failure::Refused => "it refused it",
        Failure::Deadline => "deadline passed",
        Failure::OtherMember => "another member failed",
        Failure::NoMemory => "out of memory",
        Failure::Killed => "killed",
        Failure::WildBranch => "wild branch",
        Failure::StackOverflow => "stack overflow",
        Failure::LostTrack => "lost track of its requests",
        Failure::Runaway => "asked without an end",
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
    use control::{How, Member, Target};

    #[test]
    fn an_update_is_announced() {
        let how = How::default();
        let to = Target::Newest;
        let members = ["vfs", "vm"].map(|name| Member {
            name: ServiceName::new(name).unwrap(),
            to,
        });
        let set = Request::Update {
            members: members.into(),
            how,
        };
        assert_eq!(
            announcement(&set).unwrap(),
            "updating vfs, vm: loading, then a pause of at most 2000 ms ..."
        );
        let until = Until::Prepared;
        let all = Request::UpdateAll {
            to,
            how: How { until, ..how },
        };
        assert_eq!(announcement(&all).unwrap(), "loading all services ...");
        assert_eq!(announcement(&Request::Status), None);
    }

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
            given_up: false,
            points: 0,
            run_time: 0,
            former: None,
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
            Err(vec!["none: no such service".into()])
        );
    }

    #[test]
    fn a_refusal_says_who_and_why() {
        let refused = Refused {
            reason: Reason::RolledBack,
            member: ServiceName::new("vfs").ok(),
            step: Some(Step::Import),
            failure: Failure::Refused,
            refusal: Refusal::Undecodable,
            text: String::new(),
        };
        let expected = "vfs: the old version keeps running, the new one failed \
                        when it took over the state: it refused it (the state does not decode)";
        assert_eq!(
            render(&Response::Refused(vec![refused]), None),
            Err(vec![expected.into()])
        );
    }
}
