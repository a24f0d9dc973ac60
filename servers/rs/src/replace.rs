//! The one operation: replace instances by candidates, and wait for the outcome.

use crate::Reincarnation;
use abi::slot::{Failure, Phase, Refusal, TransactionStatus};
use abi::{Call, CallError, Endpoint, Errno, RequestId, Time};
use core::task::Poll;
use minicbor::{Decode, Encode};
use service::{Cx, NOTIFIED, System};
use shape::Shape;

/// Who has the turn to run a transaction changes under this key.
pub(crate) const TURN: u64 = 1;
/// Nanoseconds from the freeze to the commit, at most, where nobody says otherwise.
pub(crate) const DEADLINE: u64 = 2_000_000_000;

/// What became of a replacement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Shape)]
pub(crate) enum Replaced {
    /// The candidates serve.
    #[n(0)]
    Committed(#[n(0)] Figures),
    /// The candidates could be made; the old instances go on.
    #[n(2)]
    Prepared,
    /// The candidates could serve; the old instances go on.
    #[n(3)]
    Tried(#[n(0)] Figures),
    /// The old instances go on.
    #[n(1)]
    RolledBack {
        /// The slot that failed.
        #[n(0)]
        member: u32,
        /// A `Failure`.
        #[n(1)]
        failure: Failure,
        /// A `Refusal`.
        #[n(2)]
        refusal: Refusal,
        /// What its candidate did then.
        #[n(3)]
        phase: Phase,
    },
}

/// When a transaction happened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, Shape)]
pub(crate) struct Figures {
    /// When the members were told to freeze.
    #[n(0)]
    pub(crate) started: Time,
    /// When it was over.
    #[n(1)]
    pub(crate) ended: Time,
}

impl Replaced {
    fn of(status: &TransactionStatus) -> Option<Replaced> {
        let figures = Figures {
            started: status.started,
            ended: status.ended,
        };
        match status.outcome {
            1 => Some(Replaced::Committed(figures)),
            2 => Some(Replaced::RolledBack {
                member: status.member,
                failure: Failure::from_word(status.failure).unwrap_or_default(),
                refusal: refusal_from_word(status.refusal),
                phase: Phase::from_word(status.phase).unwrap_or_default(),
            }),
            3 => Some(Replaced::Tried(figures)),
            _ => None,
        }
    }

    /// A refusal by the kernel before anything was started.
    fn refused(slot: Endpoint, error: CallError) -> Replaced {
        let failure = match error {
            CallError::NoMemory => Failure::NoMemory,
            _ => Failure::Refused,
        };
        Replaced::RolledBack {
            member: u32::from(slot.0),
            failure,
            refusal: Refusal::Other,
            phase: Phase::Absent,
        }
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

/// A set of slots.
pub(crate) fn bit(slot: Endpoint) -> u64 {
    1 << slot.0
}

/// Waits for the turn to run a transaction.
///
/// # Errors
/// `RESTART` when the caller no longer wants to wait.
pub(crate) async fn begin(cx: &Cx<Reincarnation>, members: u64) -> Result<u64, Errno> {
    let owner = cx.request();
    cx.step_when("turn", TURN, |state, wake| {
        match state.begin(members, owner) {
            Some(number) => Poll::Ready(Ok(number)),
            None if wake.cancelled => Poll::Ready(Err(Errno::RESTART)),
            None => Poll::Pending,
        }
    })
    .await
}

/// Gives the turn back.
pub(crate) fn finish(cx: &Cx<Reincarnation>, number: u64) {
    cx.step("finish", |state| state.finish(number));
    cx.wake(TURN);
}

/// What is to be replaced.
#[derive(Clone, Copy)]
pub(crate) struct Set {
    /// The number of the transaction.
    pub(crate) number: u64,
    /// The members, one bit a slot.
    pub(crate) members: u64,
    /// Those without their State.
    pub(crate) fresh: u64,
    /// Nanoseconds from the freeze to the commit, at most.
    pub(crate) deadline: u64,
    /// Whether it is only tried.
    pub(crate) trial: bool,
}

/// Has the kernel replace a set by candidates that `load` makes, and waits for the outcome. The turn
/// must have been taken.
pub(crate) async fn replace(
    cx: &Cx<Reincarnation>,
    set: Set,
    load: impl FnOnce(&dyn System) -> Result<(), (Endpoint, CallError)>,
) -> Replaced {
    let started = cx.kernel("replace", |kernel| {
        start(kernel, set, load).map_err(|(slot, error)| Replaced::refused(slot, error))
    });
    if let Err(refused) = started {
        return refused;
    }
    cx.step_when("outcome", NOTIFIED, |_, _| {
        let status = cx.system().transaction_status();
        let ended = (status.number == set.number)
            .then(|| Replaced::of(&status))
            .flatten();
        ended.map_or(Poll::Pending, Poll::Ready)
    })
    .await
}

fn start(
    kernel: &dyn System,
    set: Set,
    load: impl FnOnce(&dyn System) -> Result<(), (Endpoint, CallError)>,
) -> Result<(), (Endpoint, CallError)> {
    // Run again after a crash, the transaction may be under way or over: then it is not started
    // again, because it is numbered.
    if kernel.transaction_status().number >= set.number {
        return Ok(());
    }
    let any = Endpoint(u16::try_from(set.members.trailing_zeros()).unwrap_or(0));
    let started = load(kernel).and_then(|()| {
        let deadline = kernel.clock().after(set.deadline);
        let trial = u64::from(set.trial);
        let arguments = [set.members, set.fresh, deadline.0, set.number, trial];
        let started = kernel.call(Call::Replace, &arguments);
        started.map(drop).map_err(|error| (any, error))
    });
    if started.is_err() {
        drop_candidates(kernel, set.members);
    }
    started
}

/// Has candidates made by `load`, and ends them again.
pub(crate) fn prepare(
    cx: &Cx<Reincarnation>,
    members: u64,
    load: impl FnOnce(&dyn System) -> Result<(), (Endpoint, CallError)>,
) -> Replaced {
    cx.kernel("prepare", |kernel| {
        let loaded = load(kernel);
        drop_candidates(kernel, members);
        match loaded {
            Ok(()) => Replaced::Prepared,
            Err((slot, error)) => Replaced::refused(slot, error),
        }
    })
}

fn drop_candidates(kernel: &dyn System, members: u64) {
    for slot in (0..64).filter(|slot| members & (1 << slot) != 0) {
        // A member without a candidate is what is wanted.
        let _ = kernel.call(Call::InstanceDestroy, &[slot]);
    }
}

/// Makes a candidate from the boot archive.
pub(crate) fn load_stored(
    kernel: &dyn System,
    slot: Endpoint,
    stored: crate::catalogue::Stored,
) -> Result<(), (Endpoint, CallError)> {
    let arguments = [u64::from(slot.0), 0, stored.offset, stored.length];
    kernel
        .call(Call::InstanceCreate, &arguments)
        .map(drop)
        .map_err(|error| (slot, error))
}

/// Whether a request still has to be ended by rs, or rs does the work by itself.
pub(crate) fn owner_lives(kernel: &dyn System, owner: RequestId) -> bool {
    owner != RequestId::NONE && kernel.is_live(owner)
}
