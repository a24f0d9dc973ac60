//! Whether the kernel's tables agree with each other.

use alloc::format;
use alloc::string::String;
use alloc::vec;

use abi::Endpoint;

use super::Host;
use crate::kernel::Kernel;
use crate::list::{Chain, List};
use crate::request::{Origin, Owner, Request, RequestIndex, RequestState};
use crate::slot::{Slot, Unacknowledged};
use crate::thread::State;

use super::Pretend;

impl Host {
    /// Looks for contradictions in the kernel's tables.
    ///
    /// # Errors
    /// The first one, in words.
    pub fn check(&self) -> Result<(), String> {
        let kernel = &self.kernel;
        let mut placed = 0;
        for (slot, record) in kernel.slots.all() {
            placed += check_slot(kernel, slot, record)?;
        }
        let requests = &kernel.requests;
        let used = requests.items.len() - requests.free_count() as usize;
        if placed != used {
            return Err(format!("{used} requests in use, {placed} in a place"));
        }
        check_waiters(kernel)?;
        check_loans(kernel)
    }
}

/// The requests of a list, at most as many as there are records.
fn members(requests: &[Request], list: &List, chain: Chain) -> impl Iterator<Item = RequestIndex> {
    let mut at = list.first();
    (0..requests.len()).map_while(move |_| {
        let index = at?;
        at = List::after(requests, chain, index);
        Some(index)
    })
}

/// Checks one slot; answers how many requests have their place there.
fn check_slot(kernel: &Kernel<Pretend>, slot: Endpoint, record: &Slot) -> Result<usize, String> {
    let requests = &kernel.requests.items;
    let lists = [
        (&record.queue, RequestState::Queued),
        (&record.delivered, RequestState::Delivered),
        (&record.held, RequestState::Held),
        (&record.completions, RequestState::Ended),
    ];
    let mut placed = 0;
    for (list, state) in lists {
        let mut order = 0;
        let mut fresh = false;
        for index in members(requests, list, Chain::Place) {
            let request = &requests[index as usize];
            let here = match request.origin {
                Origin::Submission(maker, _) if state == RequestState::Ended => maker == slot,
                _ => request.at == slot && state != RequestState::Ended,
            };
            if request.state != state || !here {
                return Err(format!("slot {}: {request:?} among the {state:?}", slot.0));
            }
            if state == RequestState::Queued {
                // Those delivered before come first, in the order of their first delivery.
                if request.known && (fresh || request.order < order) {
                    return Err(format!("slot {}: {request:?} is out of order", slot.0));
                }
                fresh |= !request.known;
                order = request.order;
            }
            placed += 1;
        }
    }
    if let Unacknowledged::Completion(index) = record.unacknowledged {
        if requests[index as usize].state != RequestState::Ended {
            return Err(format!("slot {}: an unheard completion lives", slot.0));
        }
        placed += 1;
    }
    for index in members(requests, &record.cancels, Chain::Cancel) {
        let request = &requests[index as usize];
        if !request.cancelled || !request.cancel_told || request.state != RequestState::Delivered {
            return Err(format!("slot {}: {request:?} to be told", slot.0));
        }
    }
    for index in members(requests, &record.submitted, Chain::Maker) {
        let request = &requests[index as usize];
        if !matches!(request.origin, Origin::Submission(maker, tag)
            if maker == slot && kernel.requests.tagged(slot, tag) == Some(index))
        {
            return Err(format!("slot {}: {request:?} is not its own", slot.0));
        }
    }
    if record.down && !(record.queue.is_empty() && record.delivered.is_empty()) {
        return Err(format!("slot {}: requests at a slot that is down", slot.0));
    }
    Ok(placed)
}

/// Every program that waits is waited for, and no other.
fn check_waiters(kernel: &Kernel<Pretend>) -> Result<(), String> {
    for thread in &kernel.threads {
        if let State::Waiting(id) = thread.state
            && !kernel.requests.lives(id)
        {
            return Err(format!("a program waits for {:x}, which has ended", id.0));
        }
    }
    for request in &kernel.requests.items {
        let (Origin::Call(thread) | Origin::Report(thread, _) | Origin::Fault { thread, .. }) =
            request.origin
        else {
            continue;
        };
        if kernel.threads[thread as usize].state != State::Waiting(request.id) {
            return Err(format!("nobody waits for {request:?}"));
        }
    }
    Ok(())
}

/// Every instance counts the leases of its memory.
fn check_loans(kernel: &Kernel<Pretend>) -> Result<(), String> {
    let mut lent = vec![0; kernel.instances.items.len()];
    for lease in kernel.requests.items.iter().flat_map(|r| &r.leases) {
        if let Owner::Instance(index) = lease.owner {
            lent[index as usize] += 1;
        }
    }
    for (index, (instance, lent)) in kernel.instances.items.iter().zip(lent).enumerate() {
        let counted = instance.map_or(0, |instance| instance.lent);
        if lent != counted {
            return Err(format!(
                "instance {index}: {lent} leases, {counted} counted"
            ));
        }
        if instance.is_some_and(|instance| instance.ended && instance.lent == 0) {
            return Err(format!("instance {index} has ended and is still there"));
        }
    }
    Ok(())
}
