//! Refresh, update, restart, up: replacements that a person asks for.

use crate::Reincarnation;
use crate::catalogue::Catalogue;
use crate::record::Record;
use crate::replace::{Figures, Replaced, begin, bit, finish, load_stored, replace};
use crate::supervise::prepare_standby;
use abi::slot::{Failure, Refusal};
use abi::{CallError, Endpoint, Errno};
use alloc::string::String;
use alloc::vec::Vec;
use control::{Reason, Refused, Response, ServiceName, Updated};
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

/// Replaces a service's instance; with `fresh` without its State.
///
/// # Errors
/// `RESTART` when the caller no longer wants to wait.
pub(crate) async fn exchange(
    cx: &Cx<Reincarnation>,
    slot: Endpoint,
    before: Record,
    source: Source,
    fresh: bool,
) -> Result<Response, Errno> {
    let version = source.version();
    if let Source::Given(image, _) = &source
        && !cx.look("room", |state| state.has_room(slot, image.len()))
    {
        let failure = Failure::NoMemory as u32;
        return Ok(Response::Refused(rolled_back(slot.0.into(), failure, 0)));
    }
    let number = begin(cx, bit(slot)).await?;
    let fresh_set = if fresh { bit(slot) } else { 0 };
    let load = |kernel: &dyn System| load(kernel, slot, &source);
    let outcome = replace(cx, number, bit(slot), fresh_set, load).await;
    let response = match outcome {
        Replaced::Committed(figures) => {
            cx.step("record", |state| {
                state.set_record(slot, Record::new(version));
                match source {
                    Source::Given(image, _) => state.keep(slot, image),
                    Source::Stored(_) => state.forget(slot),
                }
            });
            Response::Updated(updated(before.version, version, figures))
        }
        Replaced::RolledBack {
            member,
            failure,
            refusal,
        } => Response::Refused(rolled_back(member, failure, refusal)),
    };
    finish(cx, number);
    if slot == protocol::endpoint::RS {
        prepare_standby(cx);
    }
    Ok(response)
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

fn updated(from_version: u32, to_version: u32, figures: Figures) -> Updated {
    Updated {
        from_version,
        to_version,
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
