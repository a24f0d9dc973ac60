//! What a service knows, for who asks with `service state`: the service writes it into the caller's
//! memory itself, so that it comes in one piece and rs keeps nothing of it.

use crate::Reincarnation;
use crate::command::{no, refused};
use crate::record::Wanted;
use crate::resolve::find;
use abi::lease::Access;
use abi::word::index;
use abi::{Endpoint, Errno};
use control::{Reason, STATE_BYTES, ServiceName};
use protocol::introspection::Show;
use service::{Cx, Lend, Outcome};

/// Hands the request on to the service, with the `capacity` bytes of the caller's memory at
/// `response`.
pub(crate) async fn show(
    cx: Cx<Reincarnation>,
    name: ServiceName,
    (response, capacity): (u64, u64),
) -> Outcome {
    if index(capacity) > STATE_BYTES {
        return Err(Errno::TOOBIG.into());
    }
    let refusal = match find(&cx, &name) {
        Ok((slot, record)) if record.wanted == Wanted::Up => {
            return hand_on(&cx, slot, response, capacity);
        }
        Ok(_) => refused(Reason::NotUp, &name, ""),
        Err(refused) => no(refused),
    };
    let bytes = control::encode_response(&refusal, index(capacity)).map_err(|_| Errno::RANGE)?;
    cx.write_lease(0, response, &bytes)?;
    cx.end(|_| bytes.len() as u64)
}

fn hand_on(cx: &Cx<Reincarnation>, slot: Endpoint, response: u64, capacity: u64) -> Outcome {
    if slot == cx.slot() {
        let length = cx.show_state(0, response, capacity)?;
        return cx.end(|_| length);
    }
    let room = Lend::Part {
        index: 0,
        offset: response,
        length: capacity,
        access: Access::Write,
    };
    cx.forward(slot, &Show {}, &[room])
}
