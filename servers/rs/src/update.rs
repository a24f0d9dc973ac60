//! Refresh, update, restart, up: replacements that a person asks for.

use crate::catalogue::Catalogue;
use crate::command::refused;
use crate::record::{Record, Wanted};
use crate::replace::{
    DEADLINE, Figures, Replaced, Set, begin, bit, finish, load_stored, prepare, replace,
};
use crate::supervise::prepare_standby;
use crate::{Reincarnation, State};
use abi::slot::{Failure, Phase, Refusal, SlotStatus};
use abi::{CallError, Endpoint, Errno, Time};
use alloc::string::String;
use alloc::vec::Vec;
use control::{Changed, Reason, Refused, Response, ServiceName, Step, Steps, Updated};
use core::task::Poll;
use service::{Cx, NOTIFIED, System};

/// Nanoseconds to wait for what new instances do first.
const ATTACH: u64 = 1_000_000_000;
/// Nanoseconds for which programs get on before and after a replacement: a few calls take as long. In the
/// simulation nobody is more urgent than others, and time passes only when nothing else can be done.
const BREATH: u64 = if cfg!(feature = "image") { 200_000 } else { 0 };
/// Slots that a set can name.
const SLOTS: u16 = 64;

/// Where the candidate of a replacement comes from.
pub(crate) enum Source {
    /// This version in the boot archive.
    Stored(u32),
    /// An image that the program has handed over, checked, of this version.
    Given(Vec<u8>, u32),
}

impl Source {
    /// The image that a service runs, from where it can be had again.
    pub(crate) fn running(cx: &Cx<Reincarnation>, slot: Endpoint, version: u32) -> Source {
        match cx.look("given", |state| state.given(slot)) {
            Some(given) => Source::Given(given.image, version),
            None => Source::Stored(version),
        }
    }

    fn version(&self) -> u32 {
        match self {
            Source::Stored(version) | Source::Given(_, version) => *version,
        }
    }
}

/// A service that is to be replaced.
pub(crate) struct Member {
    /// Its slot.
    pub(crate) slot: Endpoint,
    /// What rs has of it.
    pub(crate) before: Record,
    /// What it becomes.
    pub(crate) source: Source,
    /// Whether that is another image than the one that it runs.
    pub(crate) another: bool,
}

/// How instances are replaced.
#[derive(Clone, Copy)]
pub(crate) enum Kind {
    /// These of them without their States, one bit a slot.
    Fresh(u64),
    /// With their States, within so many nanoseconds from the freeze to the commit.
    Stateful(u64),
    /// Not at all: the new ones take over the States, and are ended again.
    Tried(u64),
    /// Not at all: the new ones are made, and ended again.
    Prepared,
}

/// Replaces the instances of services, all of them or none.
///
/// # Errors
/// `RESTART` when the caller no longer wants to wait.
pub(crate) async fn exchange(
    cx: &Cx<Reincarnation>,
    members: Vec<Member>,
    kind: Kind,
) -> Result<Response, Errno> {
    if let Some(first) = members.first()
        && !cx.look("room", |state| has_room(state, &members))
    {
        let failure = Failure::NoMemory;
        let refused = rolled_back(first.slot.0.into(), failure, Refusal::None, Phase::Absent);
        return Ok(Response::Refused([refused].into()));
    }
    let slots = members.iter().map(|member| bit(member.slot)).sum();
    let number = begin(cx, slots).await?;
    breathe(cx).await;
    if let Some(refused) = changed_meanwhile(cx, &members) {
        finish(cx, number);
        return Ok(refused);
    }
    let load = |kernel: &dyn System| {
        let mut each = members.iter();
        each.try_for_each(|member| load(kernel, member.slot, &member.source))
    };
    let set = |fresh, deadline, trial| Set {
        number,
        members: slots,
        fresh,
        deadline,
        trial,
    };
    let replaced = match kind {
        Kind::Fresh(fresh) => replace(cx, set(fresh, DEADLINE, false), load).await,
        Kind::Stateful(deadline) => replace(cx, set(0, deadline, false), load).await,
        Kind::Tried(deadline) => replace(cx, set(0, deadline, true), load).await,
        Kind::Prepared => prepare(cx, slots, load),
    };
    if let Replaced::Committed(_) = replaced {
        note(cx, &members, number);
        attached(cx, slots).await;
    }
    breathe(cx).await;
    let response = respond(cx, &members, replaced);
    finish(cx, number);
    if slots & bit(protocol::endpoint::RS) != 0 {
        prepare_standby(cx);
    }
    Ok(response)
}

/// Notes what the members run now.
fn note(cx: &Cx<Reincarnation>, members: &[Member], number: u64) {
    let served = |member: &Member| {
        let status = cx.system().slot_status(member.slot);
        status.map_or(0, |status| status.served)
    };
    cx.step("record", |state| {
        for member in members {
            member.record(state, served(member), number);
        }
    });
}

/// Who was taken down, or brought up, while others had the turn and programs got on.
fn changed_meanwhile(cx: &Cx<Reincarnation>, members: &[Member]) -> Option<Response> {
    let wanted: Vec<Option<Wanted>> = cx.look("wanted", |state| {
        let each = members.iter();
        each.map(|member| Some(state.record(member.slot)?.wanted))
            .collect()
    });
    let mut each = members.iter().zip(wanted);
    let (member, wanted) = each.find(|(member, wanted)| *wanted != Some(member.before.wanted))?;
    let reason = match wanted {
        Some(Wanted::Up) => Reason::AlreadyUp,
        _ => Reason::NotUp,
    };
    let name = ServiceName::new(protocol::endpoint::name(member.slot)?).ok()?;
    Some(refused(reason, &name, ""))
}

/// Lets programs get on, which are less urgent than all of this: so a call of theirs waits for what comes
/// before, or for what follows, and not for both.
async fn breathe(cx: &Cx<Reincarnation>) {
    let end = cx.kernel("breath", |kernel| kernel.clock().after(BREATH));
    cx.step_when("breathed", NOTIFIED, |_, wake| {
        if wake.passed(end) {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    })
    .await;
}

/// Waits until the new instances have asked for their first events, or have failed at that.
async fn attached(cx: &Cx<Reincarnation>, slots: u64) {
    let patience = cx.kernel("patience", |kernel| kernel.clock().after(ATTACH));
    let waits = |slot: u16| {
        let status = cx.system().slot_status(Endpoint(slot)).unwrap_or_default();
        status.current == Phase::Running as u32 && status.attached == Time::NEVER
    };
    cx.step_when("attached", NOTIFIED, |_, wake| {
        let all = (0..SLOTS).filter(|slot| slots >> slot & 1 == 1);
        if all.into_iter().any(waits) && !wake.passed(patience) {
            Poll::Pending
        } else {
            Poll::Ready(())
        }
    })
    .await;
}

/// Says what has been replaced.
fn respond(cx: &Cx<Reincarnation>, members: &[Member], replaced: Replaced) -> Response {
    let changed = |figures| {
        let all = members.iter();
        all.filter_map(|member| changed(cx.system(), member, figures))
            .collect()
    };
    match replaced {
        Replaced::Committed(figures) => Response::Updated(updated(changed(figures), figures, true)),
        Replaced::Tried(figures) => Response::Updated(updated(changed(figures), figures, false)),
        Replaced::Prepared => Response::Prepared(changed(Figures::default())),
        Replaced::RolledBack {
            member,
            failure,
            refusal,
            phase,
        } => Response::Refused([rolled_back(member, failure, refusal, phase)].into()),
    }
}

/// What is told of a member when it has been replaced.
fn changed(kernel: &dyn System, member: &Member, figures: Figures) -> Option<Changed> {
    let status = if figures == Figures::default() {
        SlotStatus::default()
    } else {
        kernel.slot_status(member.slot).unwrap_or_default()
    };
    let began = match status.exported {
        Time::NEVER => status.frozen,
        exported => exported,
    };
    Some(Changed {
        name: ServiceName::new(protocol::endpoint::name(member.slot)?).ok()?,
        from: member.before.version,
        to: member.source.version(),
        steps: Steps {
            load: status.load,
            freeze: span(figures.started, status.frozen),
            export: span(status.frozen, status.exported),
            import: span(began, status.ready),
            attach: span(figures.ended, status.attached),
            state_bytes: status.state_bytes,
            state_from: status.state_version,
            state_to: status.own_version,
        },
    })
}

/// Nanoseconds from one moment to another; 0 when it has not come to that.
const fn span(from: Time, to: Time) -> u64 {
    if to.0 == Time::NEVER.0 {
        0
    } else {
        to.since(from)
    }
}

impl Member {
    /// A service that is to run what it runs.
    pub(crate) fn same(cx: &Cx<Reincarnation>, slot: Endpoint, before: Record) -> Member {
        Member {
            slot,
            before,
            source: Source::running(cx, slot, before.version),
            another: false,
        }
    }

    /// Notes that the update of a number has replaced it when it had served so many requests.
    fn record(&self, state: &mut State, served: u64, number: u64) {
        let version = self.source.version();
        let another = self.another.then_some(number);
        let record = self.before.updated(version, served, another);
        state.set_record(self.slot, record);
        if self.another {
            let image = match &self.source {
                Source::Given(image, _) => Some(image.clone()),
                Source::Stored(_) => None,
            };
            state.change_image(self.slot, image);
        }
    }
}

/// Whether the images that were given can be kept.
fn has_room(state: &State, members: &[Member]) -> bool {
    let bytes = members.iter().map(|member| match &member.source {
        Source::Given(image, _) => image.len(),
        Source::Stored(_) => 0,
    });
    let slots: Vec<Endpoint> = members.iter().map(|member| member.slot).collect();
    state.has_room(&slots, bytes.sum())
}

/// Makes a candidate.
pub(crate) fn load(
    kernel: &dyn System,
    slot: Endpoint,
    source: &Source,
) -> Result<(), (Endpoint, CallError)> {
    match source {
        Source::Given(bytes, _) => kernel
            .instance_create_from(slot, bytes)
            .map_err(|error| (slot, error)),
        Source::Stored(version) => {
            let name = protocol::endpoint::name(slot).unwrap_or_default();
            let stored = Catalogue::read(kernel.archive()).and_then(|c| c.image(name, *version));
            load_stored(kernel, slot, stored.ok_or((slot, CallError::BadImage))?)
        }
    }
}

fn updated(members: Vec<Changed>, figures: Figures, committed: bool) -> Updated {
    let steps = members.iter().map(|member| member.steps);
    let ready = steps.map(|steps| steps.freeze + steps.export + steps.import);
    let pause = figures.ended.since(figures.started);
    Updated {
        pause,
        commit: pause.saturating_sub(ready.max().unwrap_or(0)),
        committed,
        members,
    }
}

fn rolled_back(member: u32, failure: Failure, refusal: Refusal, phase: Phase) -> Refused {
    let slot = Endpoint(u16::try_from(member).unwrap_or(u16::MAX));
    let reason = if failure == Failure::NoMemory {
        Reason::NoMemory
    } else {
        Reason::RolledBack
    };
    Refused {
        reason,
        member: protocol::endpoint::name(slot).and_then(|name| ServiceName::new(name).ok()),
        step: Some(step(phase)),
        failure,
        refusal,
        text: String::new(),
    }
}

/// What a member was at whose candidate did this.
fn step(phase: Phase) -> Step {
    match phase {
        Phase::Loaded => Step::Freeze,
        Phase::Exporting => Step::Export,
        Phase::Importing => Step::Import,
        Phase::Ready => Step::Ready,
        _ => Step::Load,
    }
}
