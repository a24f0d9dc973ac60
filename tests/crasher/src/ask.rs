//! What is asked of rs.

use std::io;
use std::thread::sleep;
use std::time::Duration;

use abi::slot::{Fault, Phase};
use control::{Crash, How, Member, Request, Response, ServiceName, ServiceStatus, Target};

/// How often a service is looked at that is to come back.
const LOOK: Duration = Duration::from_millis(5);
/// How often it is looked at before it is taken for lost.
const LOOKS: u32 = 2000;

fn ask(request: &Request) -> io::Result<Response> {
    service_command::ask::response(request, &[])
}

/// All services.
///
/// # Errors
/// What the call answers.
pub fn status() -> io::Result<Vec<ServiceStatus>> {
    match ask(&Request::Status)? {
        Response::Status(all) => Ok(all),
        other => Err(io::Error::other(format!("{other:?}"))),
    }
}

/// A service.
///
/// # Errors
/// What the call answers; `NotFound`.
pub fn status_of(name: &ServiceName) -> io::Result<ServiceStatus> {
    let all = status()?.into_iter().find(|one| one.name == *name);
    all.ok_or_else(|| io::ErrorKind::NotFound.into())
}

/// All services once all of them run.
///
/// # Errors
/// What the call answers; `TimedOut` with what does not run.
pub fn settled() -> io::Result<Vec<ServiceStatus>> {
    let mut left = LOOKS;
    loop {
        let all = status()?;
        let down: Vec<&str> = all
            .iter()
            .filter(|one| one.phase != Phase::Running)
            .map(|one| one.name.as_str())
            .collect();
        if down.is_empty() {
            return Ok(all);
        }
        left -= 1;
        if left == 0 {
            return Err(io::Error::new(
                io::ErrorKind::TimedOut,
                format!("{down:?} do not come back"),
            ));
        }
        sleep(LOOK);
    }
}

/// Has a service end at its n-th point from now; 0: not at all.
///
/// # Errors
/// What the call answers.
pub fn end_at(name: &ServiceName, point: u64) -> io::Result<()> {
    end(name, Fault::AtPoint, point)
}

/// Has a service crash.
///
/// # Errors
/// What the call answers.
pub fn end(name: &ServiceName, kind: Fault, count: u64) -> io::Result<()> {
    let name = name.clone();
    ask(&Request::Fault { name, kind, count }).map(drop)
}

/// Updates a set of services to a version.
///
/// # Errors
/// What the call answers.
pub fn update(set: &[ServiceName], version: u32) -> io::Result<Response> {
    let member = |name: &ServiceName| Member {
        name: name.clone(),
        to: Target::Version(version),
    };
    ask(&Request::Update {
        members: set.iter().map(member).collect(),
        how: How::default(),
    })
}

/// Replaces a service by a new instance of the same version; answers the bytes of its State.
///
/// # Errors
/// What the call answers, and a refusal.
pub fn refresh(name: &ServiceName) -> io::Result<u64> {
    match ask(&Request::Refresh { name: name.clone() })? {
        Response::Updated(updated) => {
            let bytes = updated.members.iter().map(|one| one.steps.state_bytes);
            Ok(bytes.sum())
        }
        other => Err(io::Error::other(format!("{other:?}"))),
    }
}

/// The last crash.
///
/// # Errors
/// What the call answers.
pub fn last_crash() -> io::Result<Option<Crash>> {
    let mut found = None;
    let mut after = 0;
    loop {
        let Response::Crashes { crashes, last } = ask(&Request::Crashes { after })? else {
            return Err(io::ErrorKind::InvalidData.into());
        };
        found = crashes.into_iter().next_back().or(found);
        match &found {
            Some(crash) if crash.number < last => after = crash.number,
            _ => return Ok(found),
        }
    }
}
