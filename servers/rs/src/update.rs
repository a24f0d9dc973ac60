//! Refresh, update, restart, up: replacements that a person asks for.

use crate::catalogue::Catalogue;
use crate::record::Record;
use crate::replace::{
    DEADLINE, Figures, Replaced, Set, begin, bit, finish, load_stored, prepare, replace,
};
use crate::supervise::prepare_standby;
use crate::{Reincarnation, State};
use abi::slot::{Failure, Refusal};
use abi::{CallError, Endpoint, Errno};
use alloc::string::String;
use alloc::vec::Vec;
use control::{Changed, Reason, Refused, Response, ServiceName, Updated};
use service::{Cx, System};

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
}

/// How instances are replaced.
#[derive(Clone, Copy)]
pub(crate) enum Kind {
    /// Without their States.
    Fresh,
    /// With their States, within so many nanoseconds from the freeze to the commit.
    Stateful(u64),
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
        let failure = Failure::NoMemory as u32;
        let refused = rolled_back(first.slot.0.into(), failure, 0);
        return Ok(Response::Refused(refused));
    }
    let slots = members.iter().map(|member| bit(member.slot)).sum();
    let number = begin(cx, slots).await?;
    let load = |kernel: &dyn System| {
        let mut each = members.iter();
        each.try_for_each(|member| load(kernel, member.slot, &member.source))
    };
    let set = |fresh, deadline| Set {
        number,
        members: slots,
        fresh,
        deadline,
    };
    let replaced = match kind {
        Kind::Fresh => replace(cx, set(slots, DEADLINE), load).await,
        Kind::Stateful(deadline) => replace(cx, set(0, deadline), load).await,
        Kind::Prepared => prepare(cx, slots, load),
    };
    let response = conclude(cx, members, replaced);
    finish(cx, number);
    if slots & bit(protocol::endpoint::RS) != 0 {
        prepare_standby(cx);
    }
    Ok(response)
}

/// Notes what has been replaced, and says it.
fn conclude(cx: &Cx<Reincarnation>, members: Vec<Member>, replaced: Replaced) -> Response {
    let changed = members.iter().filter_map(Member::changed).collect();
    match replaced {
        Replaced::Committed(figures) => {
            cx.step("record", |state| {
                members.into_iter().for_each(|member| member.record(state));
            });
            Response::Updated(updated(changed, figures))
        }
        Replaced::Prepared => Response::Prepared(changed),
        Replaced::RolledBack {
            member,
            failure,
            refusal,
        } => Response::Refused(rolled_back(member, failure, refusal)),
    }
}

impl Member {
    /// What is told of it when it has been replaced.
    fn changed(&self) -> Option<Changed> {
        Some(Changed {
            name: ServiceName::new(protocol::endpoint::name(self.slot)?).ok()?,
            from: self.before.version,
            to: self.source.version(),
        })
    }

    /// Notes that it has been replaced.
    fn record(self, state: &mut State) {
        state.set_record(self.slot, Record::new(self.source.version()));
        match self.source {
            Source::Given(image, _) => state.keep(self.slot, image),
            Source::Stored(_) => state.forget(self.slot),
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

fn updated(members: Vec<Changed>, figures: Figures) -> Updated {
    Updated {
        members,
        pause_ns: figures.freeze + figures.export + figures.import,
        freeze_ns: figures.freeze,
        export_ns: figures.export,
        import_ns: figures.import,
        state_bytes: figures.state_bytes,
    }
}

fn rolled_back(member: u32, failure: u32, refusal: u32) -> Refused {
    let failure = Failure::from_word(failure).unwrap_or_default();
    let slot = Endpoint(u16::try_from(member).unwrap_or(u16::MAX));
    let reason = if failure == Failure::NoMemory {
        Reason::NoMemory
    } else {
        Reason::RolledBack
    };
    Refused {
        reason,
        member: protocol::endpoint::name(slot).and_then(|name| ServiceName::new(name).ok()),
        failure,
        refusal: refusal_from_word(refusal),
        text: String::new(),
    }
}

fn refusal_from_word(word: u32) -> Refusal {
    [
        Refusal::Undecodable,
        Refusal::UnknownVersion,
        Refusal::Inconsistent,
        Refusal::Other,
    ]
    .into_iter()
    .find(|refusal| *refusal as u32 == word)
    .unwrap_or_default()
}
