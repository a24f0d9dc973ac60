//! What rs does by itself: boot, and bringing back what has crashed.

use crate::Reincarnation;
use crate::catalogue::Catalogue;
use crate::record::{Record, Recovery, Wanted};
use crate::replace::{
    DEADLINE, Replaced, Set, begin, bit, finish, load_stored, owner_lives, replace,
};
use crate::update::{Source, load};
use abi::declaration::Policy;
use abi::slot::{Failure, Phase};
use abi::{Call, Endpoint, Errno};
use alloc::format;
use alloc::vec::Vec;
use core::task::Poll;
use protocol::{endpoint, startup};
use service::{Cx, NOTIFIED, Outcome, System};

/// The version of every service at boot.
const FIRST_VERSION: u32 = 1;

/// How often pm is asked to start the first program.
const INIT_ATTEMPTS: usize = 5;

/// Takes over: settles what the predecessor left, boots if nothing runs yet, prepares rs's own
/// standby, and looks after what crashed in the meantime.
pub(crate) async fn attach(cx: Cx<Reincarnation>) -> Outcome {
    settle(&cx).await;
    if cx.look("booted", |state| state.record(endpoint::PM).is_none()) {
        boot(&cx).await;
    }
    prepare_standby(&cx);
    start_init(&cx).await;
    supervise(cx).await
}

/// Has pm start the first program; again when a crash has cut that short.
async fn start_init(cx: &Cx<Reincarnation>) {
    for _ in 0..INIT_ATTEMPTS {
        let asked = cx.repeat("init", endpoint::PM, startup::StartInit {}, &[]);
        let Err(refused) = asked.await else {
            return;
        };
        cx.log(&format!(
            "rs: pm does not start the first program: {refused:?}"
        ));
        if refused.errno() != Some(Errno::FAULT) {
            return;
        }
    }
}

/// Ends the bookkeeping of a transaction that nobody waits for any more.
async fn settle(cx: &Cx<Reincarnation>) {
    let Some(left) = cx.look("left", crate::State::transaction) else {
        return;
    };
    if cx.kernel("owner", |kernel| owner_lives(kernel, left.owner)) {
        return;
    }
    cx.step_when("settled", NOTIFIED, |_, _| {
        let status = cx.system().transaction_status();
        if status.number == left.number && status.outcome == 0 {
            Poll::Pending
        } else {
            Poll::Ready(())
        }
    })
    .await;
    finish(cx, left.number);
}

/// Starts every service but rs in one transaction.
async fn boot(cx: &Cx<Reincarnation>) {
    let Some(catalogue) = Catalogue::read(cx.system().archive()) else {
        cx.log("rs: the boot archive cannot be read");
        return;
    };
    let slots: Vec<Endpoint> = catalogue
        .declarations()
        .iter()
        .map(|declaration| Endpoint(declaration.slot))
        .filter(|slot| {
            catalogue
                .image(&catalogue.name(*slot), FIRST_VERSION)
                .is_some()
        })
        .collect();
    let members = slots.iter().map(|slot| bit(*slot)).sum::<u64>() & !bit(endpoint::RS);
    let Ok(number) = begin(cx, members).await else {
        return;
    };
    let load = |kernel: &dyn System| load_all(kernel, &catalogue, members);
    let set = Set {
        number,
        members,
        fresh: members,
        deadline: DEADLINE,
    };
    let outcome = replace(cx, set, load).await;
    cx.step("records", |state| {
        for slot in slots {
            state.set_record(slot, Record::new(FIRST_VERSION));
        }
    });
    finish(cx, number);
    if let Replaced::RolledBack {
        member,
        failure,
        refusal,
    } = outcome
    {
        let name = catalogue.name(Endpoint(u16::try_from(member).unwrap_or(u16::MAX)));
        let failure = Failure::from_word(failure);
        cx.log(&format!(
            "rs: the system does not start: {name}: {failure:?} {refusal}"
        ));
    }
}

fn load_all(
    kernel: &dyn System,
    catalogue: &Catalogue<'_>,
    members: u64,
) -> Result<(), (Endpoint, abi::CallError)> {
    for declaration in catalogue.declarations() {
        let slot = Endpoint(declaration.slot);
        if members & bit(slot) == 0 {
            continue;
        }
        kernel
            .slot_declare(&declaration)
            .map_err(|error| (slot, error))?;
        let name = catalogue.name(slot);
        if let Some(stored) = catalogue.image(&name, FIRST_VERSION) {
            load_stored(kernel, slot, stored)?;
        }
    }
    Ok(())
}

/// Makes the instance that the kernel starts when rs dies.
pub(crate) fn prepare_standby(cx: &Cx<Reincarnation>) {
    let version = cx
        .system()
        .slot_status(endpoint::RS)
        .unwrap_or_default()
        .version;
    let source = Source::running(cx, endpoint::RS, version);
    let done = cx.kernel("standby", |kernel| {
        let status = kernel.slot_status(endpoint::RS).unwrap_or_default();
        status.candidate != Phase::Absent as u32 || load(kernel, endpoint::RS, &source).is_ok()
    });
    if !done {
        cx.log("rs: no standby could be made");
    }
}

/// Brings back whatever has crashed, one after the other.
pub(crate) async fn supervise(cx: Cx<Reincarnation>) -> Outcome {
    while let Some(slot) = next_crashed(&cx, "scan") {
        let Ok(number) = begin(&cx, bit(slot)).await else {
            break;
        };
        if is_crashed(cx.system(), slot) {
            recover(&cx, slot, number).await;
        }
        finish(&cx, number);
    }
    cx.end(|_| ())
}

fn next_crashed(cx: &Cx<Reincarnation>, label: &'static str) -> Option<Endpoint> {
    let wanted = cx.look("wanted", |state| {
        let slots = endpoint::NAMES.iter().map(|(_, slot)| *slot);
        let up = |slot: &Endpoint| state.record(*slot).is_some_and(|r| r.wanted == Wanted::Up);
        slots
            .filter(|slot| *slot != endpoint::RS)
            .filter(up)
            .collect::<Vec<_>>()
    });
    cx.kernel(label, |kernel| {
        wanted
            .into_iter()
            .rev()
            .find(|slot| is_crashed(kernel, *slot))
    })
}

fn is_crashed(kernel: &dyn System, slot: Endpoint) -> bool {
    kernel
        .slot_status(slot)
        .is_ok_and(|status| status.current == Phase::Crashed as u32)
}

async fn recover(cx: &Cx<Reincarnation>, slot: Endpoint, number: u64) {
    let status = cx.system().slot_status(slot).unwrap_or_default();
    let catalogue = Catalogue::read(cx.system().archive());
    let policy = catalogue.map_or(Policy::Stateful, |catalogue| catalogue.policy(slot));
    let decided = cx.step("recovery", |state| {
        let mut record = state.record(slot)?;
        let recovery = record.recovery(policy, status.served);
        match recovery {
            Recovery::Stateful(row) | Recovery::Fresh(row) => record.recoveries = row,
            Recovery::GiveUp => record.wanted = Wanted::GivenUp,
        }
        record.served = status.served;
        state.set_record(slot, record);
        Some((recovery, record.version))
    });
    let Some((recovery, version)) = decided else {
        return;
    };
    let name = endpoint::name(slot).unwrap_or("?");
    let failure = Failure::from_word(status.failure).unwrap_or_default();
    let at = (
        status.crash_instruction.wrapping_sub(status.base),
        status.crash_address,
    );
    cx.log(&format!(
        "rs: {name} crashed: {failure:?} at image offset {:#x}, address {:#x}: {recovery:?}",
        at.0, at.1
    ));
    let fresh = match recovery {
        Recovery::Stateful(_) => 0,
        Recovery::Fresh(_) => bit(slot),
        Recovery::GiveUp => {
            cx.kernel("down", |kernel| {
                kernel.call(Call::SlotDown, &[u64::from(slot.0)]).is_ok()
            });
            return;
        }
    };
    let source = Source::running(cx, slot, version);
    let load = |kernel: &dyn System| load(kernel, slot, &source);
    let set = Set {
        number,
        members: bit(slot),
        fresh,
        deadline: DEADLINE,
    };
    if let Replaced::RolledBack {
        failure, refusal, ..
    } = replace(cx, set, load).await
    {
        let failure = Failure::from_word(failure);
        cx.log(&format!(
            "rs: {name} could not be brought back: {failure:?} {refusal}"
        ));
    }
}
