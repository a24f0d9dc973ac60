//! What rs does by itself: boot, and bringing back what has crashed.

use crate::Reincarnation;
use crate::catalogue::Catalogue;
use crate::fresh::{Company, adopt, company, end_programs};
use crate::record::{Record, Recovery};
use crate::replace::{
    DEADLINE, Replaced, Set, begin, bit, finish, load_stored, owner_lives, replace,
};
use crate::update::{Source, load};
use crate::watch::CRASHED;
use abi::declaration::Policy;
use abi::slot::{Failure, Phase, SlotStatus};
use abi::{Call, Endpoint, Errno, Time};
use alloc::format;
use alloc::vec::Vec;
use core::task::Poll;
use protocol::{Question, endpoint, startup};
use service::context::First;
use service::{Cx, NOTIFIED, Outcome, System};

/// The version of every service at boot.
const FIRST_VERSION: u32 = 1;

/// Services without which nothing else can run.
pub(crate) const INDISPENSABLE: [&str; 5] = ["rs", "pm", "vfs", "vm", "ramfs"];
/// How `Call::PowerOff` ends a machine that failed.
const FAILURE: u64 = 2;

/// How often pm is asked to start the first program.
const INIT_ATTEMPTS: usize = 5;
/// Nanoseconds to wait for that, where rs has other things to do.
const INIT_PATIENCE: u64 = 1_000_000_000;

/// Takes over: settles what the predecessor left, boots if nothing runs yet, prepares rs's own
/// standby, and looks after what crashed in the meantime.
pub(crate) async fn attach(cx: Cx<Reincarnation>) -> Outcome {
    settle(&cx).await;
    // An update that somebody waits for is noted by who answers, who also sees to the standby of rs.
    let answered = cx.look("answered", crate::State::transaction);
    if answered.is_none() {
        reconcile(&cx);
    }
    if cx.look("knows", |state| state.record(endpoint::PM).is_none()) && !adopt(&cx) {
        boot(&cx).await;
    }
    if answered.is_none_or(|of| of.members & bit(endpoint::RS) == 0) {
        prepare_standby(&cx);
    }
    start_init(&cx).await;
    supervise(cx).await
}

/// Has pm start the first program; again when a crash has cut that short.
async fn start_init(cx: &Cx<Reincarnation>) {
    for _ in 0..INIT_ATTEMPTS {
        let asked = cx.repeat("init", endpoint::PM, startup::StartInit {}, &[]);
        match asked.await {
            Err(refused) if may_start_again(cx, refused.errno()) => {}
            _ => return,
        }
    }
}

/// Tells why pm does not start the first program. Whether it is worth asking again: a crash has cut it
/// short.
fn may_start_again(cx: &Cx<Reincarnation>, errno: Option<Errno>) -> bool {
    cx.log(&format!(
        "rs: pm does not start the first program: {errno:?}"
    ));
    errno == Some(Errno::FAULT)
}

/// Has pm start the first program, unless it takes too long: a service may have to be brought back
/// first. Whether that is over: it has been started, or cannot be.
async fn init_starts(cx: &Cx<Reincarnation>) -> bool {
    let question = (endpoint::PM, startup::StartInit {}.message());
    let deadline = cx.kernel("now", |kernel| kernel.clock().after(INIT_PATIENCE));
    match cx.first_of("init", &[question], deadline).await {
        First::Answered(_, reply) => Errno::check(reply.result)
            .err()
            .is_none_or(|errno| !may_start_again(cx, Some(errno))),
        First::Deadline | First::Cancelled => false,
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
        trial: false,
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
        phase,
    } = outcome
    {
        let name = catalogue.name(Endpoint(u16::try_from(member).unwrap_or(u16::MAX)));
        cx.log(&format!(
            "rs: the system does not start: {name}: {failure:?} {refusal:?} when {phase:?}"
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

/// Brings back whatever has crashed, one after the other, each when it is due.
pub(crate) async fn supervise(cx: Cx<Reincarnation>) -> Outcome {
    let mut programs_ended = false;
    loop {
        match scan(&cx) {
            Next::Nothing if programs_ended => programs_ended = !init_starts(&cx).await,
            Next::Nothing => return cx.end(|_| ()),
            Next::Wait(due) => wait(&cx, due).await,
            Next::Recover(slot) => {
                let Ok(number) = begin(&cx, bit(slot)).await else {
                    return cx.end(|_| ());
                };
                if crashed(cx.system()) & bit(slot) != 0 {
                    programs_ended |= recover(&cx, slot, number).await;
                }
                finish(&cx, number);
            }
        }
    }
}

/// What is to be done for the services that have crashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    /// None has.
    Nothing,
    /// The next is not due before.
    Wait(Time),
    /// This one is brought back.
    Recover(Endpoint),
}

/// Looks for services that have crashed. Mostly there are none: each change of any slot, as each update
/// makes, is a reason to look.
fn scan(cx: &Cx<Reincarnation>) -> Next {
    let crashed = cx.kernel("crashed", crashed);
    if crashed == 0 {
        return Next::Nothing;
    }
    let now = cx.kernel("now", |kernel| kernel.clock());
    next(crashed, &cx.look("wanted", wanted), now)
}

/// The services that are to run, and when each may be brought back.
fn wanted(state: &crate::State) -> Vec<(Endpoint, Time)> {
    let others = state.up().filter(|slot| *slot != endpoint::RS);
    let due = |slot| Some((slot, state.record(slot)?.due.unwrap_or(Time(0))));
    others.filter_map(due).collect()
}

/// Of those that have crashed, one bit a slot, the last in the order of the slots that is due.
fn next(crashed: u64, wanted: &[(Endpoint, Time)], now: Time) -> Next {
    let all = wanted.iter().rev();
    let crashed = all.filter(|(slot, _)| crashed & bit(*slot) != 0);
    if let Some((slot, _)) = crashed.clone().find(|(_, due)| *due <= now) {
        return Next::Recover(*slot);
    }
    match crashed.map(|(_, due)| *due).min() {
        Some(due) => Next::Wait(due),
        None => Next::Nothing,
    }
}

/// Waits until then, or until there is something to be done before: another service may have crashed.
async fn wait(cx: &Cx<Reincarnation>, due: Time) {
    cx.step_when("due", NOTIFIED, |state, wake| {
        if wake.passed(due) {
            return Poll::Ready(());
        }
        match next(crashed(cx.system()), &wanted(state), Time(0)) {
            Next::Wait(other) if other >= due => Poll::Pending,
            Next::Nothing | Next::Wait(_) | Next::Recover(_) => Poll::Ready(()),
        }
    })
    .await;
}

/// The services that have crashed, one bit a slot.
fn crashed(kernel: &dyn System) -> u64 {
    kernel.call(Call::SlotsCrashed, &[]).unwrap_or(0)
}

/// Brings back a service, or gives it up. Whether the programs have ended for that.
async fn recover(cx: &Cx<Reincarnation>, slot: Endpoint, number: u64) -> bool {
    let status = cx.system().slot_status(slot).unwrap_or_default();
    let catalogue = Catalogue::read(cx.system().archive());
    let policy = catalogue.map_or(Policy::Stateful, |catalogue| catalogue.policy(slot));
    let now = cx.kernel("clock", |kernel| kernel.clock());
    let decided = cx.step("recovery", |state| {
        let mut record = state.record(slot)?;
        let recovery = record.recovery(policy, status.served);
        record.note(recovery, status.served, now);
        state.set_record(slot, record);
        Some((recovery, record))
    });
    let Some((recovery, record)) = decided else {
        return false;
    };
    let name = endpoint::name(slot).unwrap_or("?");
    tell(cx, name, &status, recovery);
    let company = match recovery {
        Recovery::Stateful(_) => Company::stateful(bit(slot)),
        Recovery::Fresh(_) => company(cx, slot),
        Recovery::Former => Company::stateful(revert(cx, &record)),
        Recovery::Ask => {
            cx.wake(CRASHED);
            return false;
        }
        Recovery::GiveUp => {
            give_up(cx, slot, name, &record);
            return false;
        }
    };
    if company.programs_end {
        cx.log(&format!(
            "rs: {name} starts without its State: all programs end, and every service starts anew"
        ));
        end_programs(cx);
    }
    let set = Set {
        number,
        members: company.members,
        fresh: company.fresh,
        deadline: DEADLINE,
        trial: false,
    };
    if let Replaced::RolledBack {
        failure, refusal, ..
    } = replace_noted(cx, set).await
    {
        cx.log(&format!(
            "rs: {name} could not be brought back: {failure:?} {refusal:?}"
        ));
        reconcile(cx);
    }
    company.programs_end
}

/// Replaces instances by ones of the versions that are noted.
async fn replace_noted(cx: &Cx<Reincarnation>, set: Set) -> Replaced {
    let versions = cx.look("versions", |state| versions(state, set.members));
    let sources: Vec<(Endpoint, Source)> = versions
        .into_iter()
        .map(|(slot, version)| (slot, Source::running(cx, slot, version)))
        .collect();
    let load = |kernel: &dyn System| {
        let mut each = sources.iter();
        each.try_for_each(|(slot, source)| load(kernel, *slot, source))
    };
    replace(cx, set, load).await
}

/// Has all that were updated with a service run what they ran before; answers who they are.
fn revert(cx: &Cx<Reincarnation>, record: &Record) -> u64 {
    let update = record.former.map_or(0, |former| former.update);
    cx.step("revert", |state| {
        let members = state.updated_by(update);
        for (slot, version) in &members {
            if let Some(record) = state.record(*slot) {
                state.set_record(*slot, record.reverted(*version));
                state.change_back(*slot);
            }
        }
        members.iter().map(|(slot, _)| bit(*slot)).sum()
    })
}

/// The versions that are to run in some slots.
fn versions(state: &crate::State, members: u64) -> Vec<(Endpoint, u32)> {
    let slots = endpoint::NAMES.iter().map(|(_, slot)| *slot);
    let members = slots.filter(|slot| members & bit(*slot) != 0);
    members
        .filter_map(|slot| Some((slot, state.record(slot)?.version)))
        .collect()
}

/// Corrects what is noted of the versions that run: rs may have died, or have been replaced itself,
/// between noting that services go back and their doing so, or not.
fn reconcile(cx: &Cx<Reincarnation>) {
    let running: Vec<(Endpoint, u32)> = cx.kernel("running", |kernel| {
        let slots = endpoint::NAMES.iter().map(|(_, slot)| *slot);
        let version = |slot: Endpoint| Some((slot, kernel.slot_status(slot).ok()?.version));
        slots.filter_map(version).collect()
    });
    cx.step("reconcile", |state| {
        for (slot, version) in running {
            if let Some(record) = state.record(slot)
                && version != 0
                && record.version != version
            {
                state.set_record(slot, record.reverted(version));
                state.change_back(slot);
            }
        }
    });
}

fn tell(cx: &Cx<Reincarnation>, name: &str, status: &SlotStatus, recovery: Recovery) {
    let failure = Failure::from_word(status.failure).unwrap_or_default();
    let offset = status.crash_instruction.wrapping_sub(status.base);
    let address = status.crash_address;
    cx.log(&format!(
        "rs: {name} crashed: {failure:?} at image offset {offset:#x}, address {address:#x}: \
         {recovery:?}"
    ));
}

/// Leaves a service down: what waits for it ends with `EIO`. A system that cannot do without it is
/// ended, because nothing that its programs could still do would be right.
fn give_up(cx: &Cx<Reincarnation>, slot: Endpoint, name: &str, record: &Record) {
    let reason = match record.recoveries {
        0 => "as its policy says".into(),
        attempts => format!("after {attempts} attempts in a row"),
    };
    cx.log(&format!(
        "rs: {name} is given up {reason}; `service crashes` tells why, `service up {name}` starts \
         it again"
    ));
    if INDISPENSABLE.contains(&name) {
        cx.log(&format!("rs: the system cannot do without {name} and ends"));
        cx.kernel("end", |kernel| {
            kernel.call(Call::PowerOff, &[FAILURE]).is_ok()
        });
    }
    cx.kernel("down", |kernel| {
        kernel.call(Call::SlotDown, &[u64::from(slot.0)]).is_ok()
    });
}

#[cfg(test)]
mod tests {
    use super::{Next, Time, bit, endpoint, next};

    #[test]
    fn the_last_that_is_due_comes_first() {
        let wanted = [
            (endpoint::PM, Time(5)),
            (endpoint::VFS, Time(0)),
            (endpoint::DS, Time(9)),
        ];
        let all = wanted.iter().map(|(slot, _)| bit(*slot)).sum();
        assert_eq!(next(0, &wanted, Time(10)), Next::Nothing);
        assert_eq!(next(bit(endpoint::VM), &wanted, Time(10)), Next::Nothing);
        assert_eq!(next(all, &wanted, Time(10)), Next::Recover(endpoint::DS));
        assert_eq!(next(all, &wanted, Time(6)), Next::Recover(endpoint::VFS));
        let later = bit(endpoint::PM) | bit(endpoint::DS);
        assert_eq!(next(later, &wanted, Time(4)), Next::Wait(Time(5)));
    }
}
