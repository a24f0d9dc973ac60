//! What the `service` command asks: decoding, the small answers, and the way back.

use crate::Reincarnation;
use crate::catalogue::Catalogue;
use crate::record::{Record, Wanted};
use crate::update::{Source, exchange};
use abi::declaration::Policy;
use abi::slot::{Failure, Fault, Phase, Refusal, SlotStatus};
use abi::word::index;
use abi::{Call, Endpoint, Errno};
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use control::{
    FILE_BYTES, REQUEST_BYTES, Reason, Refused, Request, Response, ServiceName, ServiceStatus,
    Target,
};
use image::Image;
use service::{Cx, Outcome};

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
        Request::Status => return Ok(status(cx)),
        Request::Up { name } => (name, Change::Up),
        Request::Down { name } => (name, Change::Down),
        Request::Restart { name } => (name, Change::Restart),
        Request::Refresh { name } => (name, Change::Refresh),
        Request::Update { name, to } => (name, Change::Update(to)),
        Request::Fault { name, kind } => (name, Change::Fault(kind)),
    };
    let slot = protocol::endpoint::NAMES
        .iter()
        .find(|(known, _)| *known == name.as_str());
    let Some((_, slot)) = slot.copied() else {
        return Ok(refused(Reason::UnknownService, &name, ""));
    };
    let Some(record) = cx.look("record", |state| state.record(slot)) else {
        return Ok(refused(
            Reason::UnknownService,
            &name,
            "it is not in the image",
        ));
    };
    change_service(cx, &name, slot, record, change, file).await
}

enum Change {
    Up,
    Down,
    Restart,
    Refresh,
    Update(Target),
    Fault(Fault),
}

async fn change_service(
    cx: &Cx<Reincarnation>,
    name: &ServiceName,
    slot: Endpoint,
    record: Record,
    change: Change,
    file: Vec<u8>,
) -> Result<Response, Errno> {
    let up = record.wanted == Wanted::Up;
    let running = || Source::running(cx, slot, record.version);
    match change {
        Change::Up if up => Ok(refused(Reason::AlreadyUp, name, "")),
        Change::Up => start_again(cx, slot, record).await,
        _ if !up => Ok(refused(Reason::NotUp, name, "")),
        Change::Down => Ok(down(cx, name, slot, record)),
        Change::Fault(kind) => Ok(fault(cx, slot, kind)),
        Change::Restart => Ok(without_times(
            exchange(cx, slot, record, running(), true).await?,
        )),
        Change::Refresh => exchange(cx, slot, record, running(), false).await,
        Change::Update(target) => match source(cx, name, target, file) {
            Ok(source) => exchange(cx, slot, record, source, false).await,
            Err(refused) => Ok(Response::Refused(refused)),
        },
    }
}

async fn start_again(
    cx: &Cx<Reincarnation>,
    slot: Endpoint,
    record: Record,
) -> Result<Response, Errno> {
    let source = Source::running(cx, slot, record.version);
    let response = without_times(exchange(cx, slot, record, source, true).await?);
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
    file: Vec<u8>,
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
        Target::File => {
            let version = check(&file, name)?;
            Ok(Source::Given(file, version))
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

fn refused(reason: Reason, name: &ServiceName, text: &str) -> Response {
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
