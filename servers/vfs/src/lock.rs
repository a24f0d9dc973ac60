//! Advisory locks: fcntl's and flock's.

use crate::arguments::{self, Context, MEMORY};
use crate::found::{self, Found};
use crate::release::LOCKS;
use crate::state::State;
use crate::tables::{Lock, LockOwner, Object, Tables};
use abi::{Errno, Pid, word};
use core::task::Poll;
use linux::file::flags::{reads, writes};
use linux::file::lock::{self, Holder, Kind, LOCK_BYTES, Range, Wanted};
use linux_raw_sys::general::{SEEK_CUR, SEEK_END};
use protocol::object;
use service::{Outcome, Refused, Wake};

/// All of a file.
const WHOLE: Range = Range {
    start: 0,
    last: u64::MAX,
};

fn owner(cx: &Context, found: &Found, holder: Holder) -> LockOwner {
    match holder {
        Holder::Process => LockOwner::Process(cx.caller().pid),
        Holder::Description => LockOwner::Description(found.id),
    }
}

/// Reads a `struct flock` and works out the range it means.
async fn wanted(
    cx: &Context,
    found: &Found,
    holder: Holder,
    address: u64,
) -> Result<([u8; LOCK_BYTES], Wanted, Range), Refused> {
    let bytes = arguments::structure::<LOCK_BYTES>(cx, "lock", address)?;
    let wanted = Wanted::parse(&bytes)?;
    if holder == Holder::Description && wanted.process != 0 {
        return Err(Errno::INVAL.into());
    }
    let Object { server, handle } = found.object;
    let base = match wanted.whence {
        SEEK_CUR => {
            let question = object::Position { handle };
            cx.repeat("position", server, question, &[]).await?
        }
        SEEK_END => {
            let question = object::Describe { handle };
            cx.repeat("describe", server, question, &[]).await?.length
        }
        _ => 0,
    };
    let range = wanted.range(base)?;
    Ok((bytes, wanted, range))
}

/// F_GETLK, F_OFD_GETLK.
pub(crate) async fn get(cx: Context, found: Found, holder: Holder, address: u64) -> Outcome {
    let (bytes, wanted, range) = wanted(&cx, &found, holder, address).await?;
    let kind = wanted.kind.ok_or(Errno::INVAL)?;
    let owner = owner(&cx, &found, holder);
    cx.end_with(|state| {
        let asked = Lock { owner, kind, range };
        let conflict = state.locks().conflict(found.file, asked).map(|lock| {
            let process = match lock.owner {
                LockOwner::Process(process) => process.0.cast_signed(),
                LockOwner::Description(_) | LockOwner::Whole(_) => -1,
            };
            (lock.kind, lock.range, process)
        });
        cx.write_lease(MEMORY, address, &lock::answer(&bytes, conflict))?;
        Ok(())
    })
}

/// F_SETLK, F_SETLKW and their OFD twins.
pub(crate) async fn set(
    cx: Context,
    found: Found,
    holder: Holder,
    address: u64,
    waits: bool,
) -> Outcome {
    let (_, wanted, range) = wanted(&cx, &found, holder, address).await?;
    let allowed = match wanted.kind {
        Some(Kind::Shared) => reads(found.flags),
        Some(Kind::Exclusive) => writes(found.flags),
        None => true,
    };
    if !allowed {
        return Err(Errno::BADF.into());
    }
    let owner = owner(&cx, &found, holder);
    change(cx, found, owner, (wanted.kind, range), waits).await
}

/// flock.
pub(crate) async fn lock_whole(cx: Context, number: u64, operation: u64) -> Outcome {
    let (kind, waits) = lock::whole_file_operation(word::low_32(operation))?;
    let found = found::usable(&cx, number)?;
    let owner = LockOwner::Whole(found.id);
    change(cx, found, owner, (kind, WHOLE), waits).await
}

async fn change(
    cx: Context,
    found: Found,
    owner: LockOwner,
    (kind, range): (Option<Kind>, Range),
    waits: bool,
) -> Outcome {
    let Some(kind) = kind else {
        cx.wake(LOCKS);
        return cx.end(|state| {
            state.locks_mut().unset(found.file, owner, range);
        });
    };
    let process = cx.caller().pid;
    // A lock that becomes a shared one, or shrinks, may let others go on.
    cx.wake(LOCKS);
    let lock = Lock { owner, kind, range };
    cx.end_when(LOCKS, |state, wake| {
        attempt(state, wake, process, &found, lock, waits)
    })
    .await
}

fn attempt(
    state: &mut State,
    wake: &Wake,
    process: Pid,
    found: &Found,
    lock: Lock,
    waits: bool,
) -> Poll<Result<(), Refused>> {
    // The process may have ended, or another of its requests closed the descriptor, meanwhile:
    // such a lock would stay for ever.
    let is_there = state.open(found.id).is_some() && state.places(process).is_some();
    if !is_there {
        return Poll::Ready(Err(Errno::BADF.into()));
    }
    match state.locks_mut().set(found.file, lock) {
        Err(Errno::AGAIN) if !waits => Poll::Ready(Err(Errno::AGAIN.into())),
        Err(Errno::AGAIN) if wake.cancelled => Poll::Ready(Err(Errno::RESTART.into())),
        Err(Errno::AGAIN) => Poll::Pending,
        set => Poll::Ready(set.map_err(Refused::from)),
    }
}
