//! Who watches services about whose crashes a script decides.

use crate::{Reincarnation, State};
use abi::slot::Failure;
use abi::{Endpoint, Errno, Time};
use control::{Response, ServiceName};
use core::task::Poll;
use protocol::endpoint;
use service::Cx;

/// What wakes those who watch.
pub(crate) const CRASHED: u64 = 2;

/// Waits for a service that has crashed, and tells one who watches.
///
/// # Errors
/// `RESTART` when the caller no longer wants to wait.
pub(crate) async fn watch(cx: &Cx<Reincarnation>) -> Result<Response, Errno> {
    let (slot, attempts) = cx
        .step_when("heard", CRASHED, |state, wake| {
            match hear(state, cx.now()) {
                Some(heard) => Poll::Ready(Ok(heard)),
                None if wake.cancelled => Poll::Ready(Err(Errno::RESTART)),
                None => Poll::Pending,
            }
        })
        .await?;
    let status = cx.system().slot_status(slot).unwrap_or_default();
    let name = endpoint::name(slot).and_then(|name| ServiceName::new(name).ok());
    Ok(Response::Crashed {
        name: name.ok_or(Errno::IO)?,
        failure: Failure::from_word(status.failure).unwrap_or_default(),
        attempts,
    })
}

/// The first crash that nobody has heard of: the service, and how often it was brought back in a row.
fn hear(state: &mut State, now: Time) -> Option<(Endpoint, u32)> {
    let slots = endpoint::NAMES.iter().map(|(_, slot)| *slot);
    let records = slots.filter_map(|slot| Some((slot, state.record(slot)?)));
    let mut records = records.map(|(slot, mut record)| (slot, record.hear(now), record));
    let (slot, _, record) = records.find(|(_, news, _)| *news)?;
    state.set_record(slot, record);
    Some((slot, record.recoveries))
}
