//! What the `service` command asks: decoding, the small answers, and the way back.

use crate::Reincarnation;
use crate::catalogue::Catalogue;
use crate::record::{Record, Wanted};
use crate::replace::DEADLINE;
use crate::show;
use crate::update::{self, Kind, Source, exchange};
use abi::declaration::Policy;
use abi::slot::{Failure, Fault, Phase, Refusal, SlotStatus};
use abi::word::index;
use abi::{Call, Endpoint, Errno};
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use control::{
    FILE_BYTES, How, Member, REQUEST_BYTES, Reason, Refused, Request, Response, ServiceName,
    ServiceStatus, Target,
};
use image::Image;
use service::{Cx, Outcome};

/// Nanoseconds in a millisecond.
const MILLISECOND: u64 = 1_000_000;
/// The user that may command.
const ROOT: u32 = 0;
/// Services without which nothing else can run, rs among them.
const INDISPENSABLE: [&str; 5] = ["rs", "pm", "vfs", "vm", "ramfs"];

/// Answers the system call `control::CALL`.
pub(crate) async fn command(cx: Cx<Reincarnation>) -> Outcome {
    let [
        request,
        request_bytes,
        response,
        capacity,
        file,
        file_bytes,
        _,
    ] = cx.message().words;
    if request_bytes > REQUEST_BYTES as u64 || file_bytes > FILE_BYTES as u64 {
        return Err(Errno::TOOBIG.into());
    }
    let bytes = cx.lease_bytes(0, request, index(request_bytes))?;
    let Ok(asked) = control::decode_request(&bytes) else {
        return Err(Errno::INVAL.into());
    };
    if asked != Request::Status && cx.caller().user != ROOT {
        return Err(Errno::PERM.into());
    }
    if let Request::State { name } = asked {
        return show::show(cx, name, (response, capacity)).await;
    }
    let file = cx.lease_bytes(0, file, index(file_bytes))?;
    let answer = answer(&cx, asked, file).await?;
    let bytes = control::encode_response(&answer, index(capacity)).map_err(|_| Errno::RANGE)?;
    cx.write_lease(0, response, &bytes)?;
    cx.end(|_| bytes.len() as u64)
}

/// Writes the states of all services into lease 0, for proc.
pub(crate) async fn inspect(cx: Cx<Reincarnation>) -> Outcome {
    let capacity = index(cx.lease(0).length);
    let bytes = control::encode_response(&status(&cx), capacity).map_err(|_| Errno::RANGE)?;
    cx.write_lease(0, 0, &bytes)?;
    cx.end(|_| bytes.len() as u64)
}

async fn answer(cx: &Cx<Reincarnation>, asked: Request, file: Vec<u8>) -> Result<Response, Errno> {
    let (name, change) = match asked {
        // Not asked here: what a service knows it says itself.
        Request::Status | Request::State { .. } => return Ok(status(cx)),
        Request::Update { members, how } => return update(cx, members, how, &file).await,
        Request::UpdateAll { to, how } => return update(cx, all_up(cx, to), how, &file).await,
        Request::Up { name } => (name, Change::Up),
        Request::Down { name } => (name, Change::Down),
        Request::Restart { name } => (name, Change::Restart),
        Request::Refresh { name } => (name, Change::Refresh),
        Request::Fault { name, kind } => (name, Change::Fault(kind)),
    };
    match find(cx, &name) {
        Ok((slot, record)) => change_service(cx, &name, slot, record, change).await,
        Err(refused) => Ok(Response::Refused(refused)),
    }
}

/// The slot and record of a service.
pub(crate) fn find(
    cx: &Cx<Reincarnation>,
    name: &ServiceName,
) -> Result<(Endpoint, Record), Refused> {
    let known = protocol::endpoint::NAMES
        .iter()
        .find(|(known, _)| *known == name.as_str());
    let unknown = |text| refusal(Reason::UnknownService, name, text);
    let (_, slot) = known.ok_or_else(|| unknown(""))?;
    let record = cx.look("record", |state| state.record(*slot));
    Ok((
        *slot,
        record.ok_or_else(|| unknown("it is not in the image"))?,
    ))
}

enum Change {
    Up,
    Down,
    Restart,
    Refresh,
    Fault(Fault),
}

async fn change_service(
    cx: &Cx<Reincarnation>,
    name: &ServiceName,
    slot: Endpoint,
    before: Record,
    change: Change,
) -> Result<Response, Errno> {
    let up = before.wanted == Wanted::Up;
    let same = || {
        let source = Source::running(cx, slot, before.version);
        let member = update::Member {
            slot,
            before,
            source,
        };
        [member].into()
    };
    match change {
        Change::Up if up => Ok(refused(Reason::AlreadyUp, name, "")),
        Change::Up => start_again(cx, same()).await,
        _ if !up => Ok(refused(Reason::NotUp, name, "")),
        Change::Down => Ok(down(cx, name, slot, before)),
        Change::Fault(kind) => Ok(fault(cx, slot, kind)),
        Change::Restart => Ok(without_times(exchange(cx, same(), Kind::Fresh).await?)),
        Change::Refresh => exchange(cx, same(), Kind::Stateful(DEADLINE)).await,
    }
}

/// Updates services, all of them or none.
async fn update(
    cx: &Cx<Reincarnation>,
    members: Vec<Member>,
    how: How,
    file: &[u8],
) -> Result<Response, Errno> {
    if !(1..=How::LONGEST).contains(&how.deadline_ms) {
        return Err(Errno::INVAL);
    }
    let kind = if how.only_prepares {
        Kind::Prepared
    } else {
        Kind::Stateful(u64::from(how.deadline_ms) * MILLISECOND)
    };
    match resolve(cx, members, file)? {
        Ok(members) => exchange(cx, members, kind).await,
        Err(refused) => Ok(Response::Refused(refused)),
    }
}

/// All services that are up.
fn all_up(cx: &Cx<Reincarnation>, to: Target) -> Vec<Member> {
    let up = cx.look("up", |state| {
        let slots = protocol::endpoint::NAMES.iter().map(|(_, slot)| *slot);
        let is_up = |slot: &Endpoint| state.record(*slot).is_some_and(|r| r.wanted == Wanted::Up);
        slots.filter(is_up).collect::<Vec<_>>()
    });
    let names = up.into_iter().filter_map(protocol::endpoint::name);
    let names = names.filter_map(|name| ServiceName::new(name).ok());
    names.map(|name| Member { name, to }).collect()
}

/// Looks up every member of an update, and checks it, before anything is started.
///
/// # Errors
/// `INVAL` when the images are not as long as the file.
fn resolve(
    cx: &Cx<Reincarnation>,
    members: Vec<Member>,
    mut file: &[u8],
) -> Result<Result<Vec<update::Member>, Refused>, Errno> {
    let mut found: Vec<update::Member> = Vec::new();
    for Member { name, to } in members {
        let image = match to {
            Target::File(length) => {
                let (image, rest) = file.split_at_checked(length as usize).ok_or(Errno::INVAL)?;
                file = rest;
                image
            }
            Target::Newest | Target::Version(_) => &[],
        };
        let member = find(cx, &name).and_then(|(slot, before)| {
            if before.wanted != Wanted::Up {
                return Err(refusal(Reason::NotUp, &name, ""));
            }
            if found.iter().any(|other| other.slot == slot) {
                return Err(refusal(Reason::BadSet, &name, ""));
            }
            let source = source(cx, &name, to, image)?;
            Ok(update::Member {
                slot,
                before,
                source,
            })
        });
        match member {
            Ok(member) => found.push(member),
            Err(refused) => return Ok(Err(refused)),
        }
    }
    if found.is_empty() || !file.is_empty() {
        return Err(Errno::INVAL);
    }
    Ok(Ok(found))
}

async fn start_again(
    cx: &Cx<Reincarnation>,
    members: Vec<update::Member>,
) -> Result<Response, Errno> {
    let response = without_times(exchange(cx, members, Kind::Fresh).await?);
    Ok(match response {
        Response::Refused(refused) => Response::Refused(Refused {
            reason: Reason::StartFailed,
            ..refused
        }),
        other => other,
    })
}

fn without_times(response: Response) -> Response {
    match response {
        Response::Updated(_) => Response::Ok,
        other => other,
    }
}

fn down(cx: &Cx<Reincarnation>, name: &ServiceName, slot: Endpoint, record: Record) -> Response {
    if INDISPENSABLE.contains(&name.as_str()) {
        return refused(Reason::Indispensable, name, "");
    }
    cx.step("down", |state| {
        state.set_record(
            slot,
            Record {
                wanted: Wanted::Down,
                ..record
            },
        );
    });
    let done = cx.kernel("stop", |kernel| {
        kernel.call(Call::SlotDown, &[u64::from(slot.0)]).is_ok()
    });
    if done {
        Response::Ok
    } else {
        refused(Reason::Busy, name, "")
    }
}

fn fault(cx: &Cx<Reincarnation>, slot: Endpoint, kind: Fault) -> Response {
    let number = cx.step("number", crate::State::next_fault);
    cx.kernel("fault", |kernel| {
        kernel
            .call(Call::SlotFault, &[u64::from(slot.0), kind as u64, number])
            .is_ok()
    });
    Response::Ok
}

/// Finds or checks the image of an update before anything is started.
fn source(
    cx: &Cx<Reincarnation>,
    name: &ServiceName,
    target: Target,
    image: &[u8],
) -> Result<Source, Refused> {
    let refuse = |reason, text: &str| refusal(reason, name, text);
    let catalogue = Catalogue::read(cx.system().archive());
    let stored = |version| {
        let found = catalogue
            .as_ref()
            .and_then(|c| c.image(name.as_str(), version));
        found.map(|stored| Source::Stored(stored.version))
    };
    match target {
        Target::Newest => {
            let newest = catalogue.as_ref().and_then(|c| c.newest(name.as_str()));
            newest
                .and_then(stored)
                .ok_or_else(|| refuse(Reason::UnknownVersion, ""))
        }
        Target::Version(version) => {
            stored(version).ok_or_else(|| refuse(Reason::UnknownVersion, ""))
        }
        Target::File(_) => {
            let version = check(image, name)?;
            Ok(Source::Given(image.to_vec(), version))
        }
    }
}

fn check(file: &[u8], name: &ServiceName) -> Result<u32, Refused> {
    let image = Image::read(file).map_err(|error| {
        let reason = match error {
            image::ImageError::BadMagic => Reason::NotAnImage,
            image::ImageError::WrongAbi { .. } => Reason::WrongInterface,
            _ => Reason::DamagedImage,
        };
        refusal(reason, name, &error.to_string())
    })?;
    image
        .verify()
        .map_err(|error| refusal(Reason::DamagedImage, name, &error.to_string()))?;
    if image.name() != name.as_str().as_bytes() {
        let text = String::from_utf8_lossy(image.name()).into_owned();
        return Err(refusal(Reason::WrongName, name, &text));
    }
    Ok(image.version())
}

pub(crate) fn refused(reason: Reason, name: &ServiceName, text: &str) -> Response {
    Response::Refused(refusal(reason, name, text))
}

fn refusal(reason: Reason, name: &ServiceName, text: &str) -> Refused {
    Refused {
        reason,
        member: Some(name.clone()),
        failure: Failure::None,
        refusal: Refusal::None,
        text: text.into(),
    }
}

fn status(cx: &Cx<Reincarnation>) -> Response {
    let catalogue = Catalogue::read(cx.system().archive());
    let known = protocol::endpoint::NAMES.iter().filter_map(|(name, slot)| {
        cx.look("status", |state| state.record(*slot))?;
        let status = cx.system().slot_status(*slot).unwrap_or_default();
        let policy = catalogue
            .as_ref()
            .map_or(Policy::Stateful, |all| all.policy(*slot));
        let name = ServiceName::new(name).ok()?;
        Some(service_status(name, *slot, &status, policy))
    });
    Response::Status(known.collect())
}

fn service_status(
    name: ServiceName,
    slot: Endpoint,
    status: &SlotStatus,
    policy: Policy,
) -> ServiceStatus {
    ServiceStatus {
        name,
        slot: slot.0,
        version: status.version,
        phase: Phase::from_word(status.current).unwrap_or_default(),
        failure: Failure::from_word(status.failure).unwrap_or_default(),
        restarts: status.crashes,
        generation: status.generation,
        pages: status.pages,
        served: status.served,
        policy,
    }
}
