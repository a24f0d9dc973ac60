//! What the `service` command asks: decoding, the small answers, and the way back.

use crate::fresh::company;
use crate::record::{Record, Wanted};
use crate::replace::{DEADLINE, bit};
use crate::resolve::{all_up, find, refusal, resolve};
use crate::supervise::INDISPENSABLE;
use crate::update::{self, Kind, exchange};
use crate::watch::watch;
use crate::{Reincarnation, report, show};
use abi::declaration::Policy;
use abi::slot::Fault;
use abi::word::index;
use abi::{Call, Endpoint, Errno};
use alloc::vec::Vec;
use control::{
    FILE_BYTES, How, Member, REQUEST_BYTES, Reason, Refused, Request, Response, ServiceName, Until,
};
use protocol::endpoint;
use service::{Cx, Outcome};

/// Nanoseconds in a millisecond.
const MILLISECOND: u64 = 1_000_000;
/// The user that may command.
const ROOT: u32 = 0;
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
    let bytes =
        control::encode_response(&report::status(&cx), capacity).map_err(|_| Errno::RANGE)?;
    cx.write_lease(0, 0, &bytes)?;
    cx.end(|_| bytes.len() as u64)
}

async fn answer(cx: &Cx<Reincarnation>, asked: Request, file: Vec<u8>) -> Result<Response, Errno> {
    let (name, change) = match asked {
        // Not asked here: what a service knows it says itself.
        Request::Status | Request::State { .. } => return Ok(report::status(cx)),
        Request::Update { members, how } => return update(cx, members, how, &file).await,
        Request::UpdateAll { to, how } => return update(cx, all_up(cx, to), how, &file).await,
        Request::Up { name } => (name, Change::Up),
        Request::Down { name } => (name, Change::Down),
        Request::Restart { name } => (name, Change::Restart),
        Request::Refresh { name } => (name, Change::Refresh),
        Request::Watch => return watch(cx).await,
        Request::Crashes { after } => return Ok(report::crashes(cx, after)),
        Request::Edit { name, policy } => (name, Change::Policy(policy)),
        Request::Fault { name, kind, count } => (name, Change::Fault(kind, count)),
    };
    match find(cx, &name) {
        Ok((slot, record)) => change_service(cx, &name, slot, record, change).await,
        Err(refused) => Ok(no(refused)),
    }
}

enum Change {
    Up,
    Down,
    Restart,
    Refresh,
    Policy(Option<Policy>),
    Fault(Fault, u64),
}

async fn change_service(
    cx: &Cx<Reincarnation>,
    name: &ServiceName,
    slot: Endpoint,
    before: Record,
    change: Change,
) -> Result<Response, Errno> {
    let up = before.wanted == Wanted::Up;
    let same = || [update::Member::same(cx, slot, before)].into();
    match change {
        Change::Policy(policy) => Ok(edit(cx, slot, before, policy)),
        Change::Up if up => Ok(refused(Reason::AlreadyUp, name, "")),
        Change::Up => start_again(cx, same()).await,
        _ if !up => Ok(refused(Reason::NotUp, name, "")),
        Change::Down => Ok(down(cx, name, slot, before)),
        Change::Fault(kind, count) => Ok(fault(cx, slot, kind, count)),
        // What programs stand on is not thrown away while they run.
        Change::Restart if INDISPENSABLE.contains(&name.as_str()) => {
            Ok(refused(Reason::Indispensable, name, ""))
        }
        Change::Restart => restart(cx, slot).await,
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
    let deadline = u64::from(how.deadline_ms) * MILLISECOND;
    let kind = match how.until {
        Until::Committed => Kind::Stateful(deadline),
        Until::Ready => Kind::Tried(deadline),
        Until::Prepared => Kind::Prepared,
    };
    match resolve(cx, members, file)? {
        Ok(members) => exchange(cx, members, kind).await,
        Err(refused) => Ok(Response::Refused(refused)),
    }
}

/// Starts a service without its State.
async fn restart(cx: &Cx<Reincarnation>, slot: Endpoint) -> Result<Response, Errno> {
    let company = company(cx, slot);
    let slots = endpoint::NAMES.iter().map(|(_, slot)| *slot);
    let members = slots.filter(|slot| company.members & bit(*slot) != 0);
    let members = members.filter_map(|slot| {
        let before = cx.look("record", |state| state.record(slot))?;
        Some(update::Member::same(cx, slot, before))
    });
    let members: Vec<update::Member> = members.collect();
    let response = exchange(cx, members, Kind::Fresh(company.fresh)).await?;
    Ok(without_times(response))
}

async fn start_again(
    cx: &Cx<Reincarnation>,
    members: Vec<update::Member>,
) -> Result<Response, Errno> {
    let fresh = members.iter().map(|member| bit(member.slot)).sum();
    let response = without_times(exchange(cx, members, Kind::Fresh(fresh)).await?);
    Ok(match response {
        Response::Refused(refused) => {
            let all = refused.into_iter().map(|refused| Refused {
                reason: Reason::StartFailed,
                ..refused
            });
            Response::Refused(all.collect())
        }
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
        return Response::Ok;
    }
    // It is a member of an update under way and stays what it is, or becomes what that makes of it.
    cx.step("stays up", |state| {
        let now = state.record(slot).unwrap_or(record);
        state.set_record(
            slot,
            Record {
                wanted: record.wanted,
                ..now
            },
        );
    });
    refused(Reason::Busy, name, "")
}

/// Follows another policy from now on.
fn edit(
    cx: &Cx<Reincarnation>,
    slot: Endpoint,
    before: Record,
    policy: Option<Policy>,
) -> Response {
    cx.step("edit", |state| {
        state.set_record(slot, Record { policy, ..before });
    });
    Response::Ok
}

fn fault(cx: &Cx<Reincarnation>, slot: Endpoint, kind: Fault, count: u64) -> Response {
    let number = cx.step("number", crate::State::next_fault);
    let arguments = [u64::from(slot.0), kind as u64, number, count];
    cx.kernel("fault", |kernel| {
        kernel.call(Call::SlotFault, &arguments).is_ok()
    });
    Response::Ok
}

pub(crate) fn refused(reason: Reason, name: &ServiceName, text: &str) -> Response {
    no(refusal(reason, name, text))
}

/// One reason.
pub(crate) fn no(refused: Refused) -> Response {
    Response::Refused([refused].into())
}
