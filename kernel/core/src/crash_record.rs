//! What is kept of the last crashes.

use alloc::boxed::Box;

use abi::crash::{CRASHES, CrashRecord, RECENT_REQUESTS, RecentRequest, STACK_DEPTH};
use abi::{CallError, Endpoint, EventKind};

use crate::instance::InstanceIndex;
use crate::kernel::Kernel;
use crate::machine::Machine;
use crate::memory::{Memory, Place};
use crate::slot::{ROOM, Unacknowledged};
use crate::table::table;
use crate::thread::ThreadIndex;

/// Bytes of a stack that are looked at, from its top.
const STACK_BYTES: u64 = 8192;
/// Bytes of it that are read at a time: a part of a page, for which its tables are walked once.
const PIECE: usize = 256;
/// The longest encoding of a call instruction that is looked for.
const LONGEST_CALL: usize = 7;

/// The last crashes, and the last requests of each slot.
pub(crate) struct Crashes {
    records: Box<[CrashRecord]>,
    recent: Box<[Recent; ROOM]>,
    count: u64,
}

/// The last requests that a slot was given: a ring.
#[derive(Clone, Copy, Debug, Default)]
struct Recent {
    requests: [RecentRequest; RECENT_REQUESTS],
    next: usize,
}

impl Recent {
    fn newest_first(&self) -> [RecentRequest; RECENT_REQUESTS] {
        core::array::from_fn(|back| {
            self.requests[(self.next + RECENT_REQUESTS - 1 - back) % RECENT_REQUESTS]
        })
    }
}

impl Crashes {
    /// No crash yet.
    pub(crate) fn new() -> Crashes {
        Crashes {
            records: alloc::vec![CrashRecord::default(); CRASHES].into_boxed_slice(),
            recent: table(Recent::default()),
            count: 0,
        }
    }

    /// Notes that a slot is given a request.
    pub(crate) fn given(&mut self, slot: Endpoint, request: RecentRequest) {
        let recent = &mut self.recent[slot.index() % ROOM];
        recent.requests[recent.next] = request;
        recent.next = (recent.next + 1) % RECENT_REQUESTS;
    }

    fn keep(&mut self, record: CrashRecord) {
        self.count += 1;
        self.records[place(self.count)] = CrashRecord {
            number: self.count,
            ..record
        };
    }

    /// The number of the last crash.
    pub(crate) fn count(&self) -> u64 {
        self.count
    }

    /// What is kept of a crash.
    ///
    /// # Errors
    /// `BadArgument` when it is not kept any more, or has not been.
    pub(crate) fn get(&self, number: u64) -> Result<&CrashRecord, CallError> {
        let record = &self.records[place(number)];
        if number != 0 && record.number == number {
            Ok(record)
        } else {
            Err(CallError::BadArgument)
        }
    }
}

fn place(number: u64) -> usize {
    abi::word::index(number % CRASHES as u64)
}

impl<M: Machine> Kernel<M> {
    /// Keeps what there is to know of a crash of a slot's current instance.
    pub(crate) fn keep_crash(&mut self, slot: Endpoint, index: InstanceIndex, thread: ThreadIndex) {
        let record = self.slot(slot);
        let ended = self.ended_at;
        let (event, failure) = (event_of(record.unacknowledged), record.failure);
        let (address, generation) = (record.crash_address, record.generation);
        let Some(instance) = self.instances.get(index) else {
            return;
        };
        let layout = self.memory.instance_layout(instance.memory);
        let registers = self.threads[thread as usize].registers;
        let root = instance.root;
        let version = instance.version;
        let top = Place {
            root,
            address: registers.rsp,
        };
        let text = (layout.base, layout.text_end);
        let kept = CrashRecord {
            number: 0,
            time: self.now(),
            slot: slot.0.into(),
            failure: failure as u32,
            version,
            generation,
            address,
            base: layout.base,
            call: ended.map_or(u64::MAX, |ended| ended.call),
            before: ended.is_some_and(|ended| ended.before).into(),
            event: event as u32,
            registers,
            stack: return_addresses(&self.memory, &self.machine, top, text),
            recent: self.crashes.recent[slot.index() % ROOM].newest_first(),
        };
        self.crashes.keep(kept);
    }
}

fn event_of(unacknowledged: Unacknowledged) -> EventKind {
    match unacknowledged {
        Unacknowledged::None => EventKind::None,
        Unacknowledged::Request(_) => EventKind::Request,
        Unacknowledged::Completion(_) => EventKind::Completion,
        Unacknowledged::Cancel(_) => EventKind::Cancel,
        Unacknowledged::Notify => EventKind::Notify,
        Unacknowledged::Timer(_) => EventKind::Timer,
    }
}

/// The words on a stack that point behind a call instruction in the text.
fn return_addresses<M: Machine>(
    memory: &Memory,
    machine: &M,
    top: Place,
    text: (u64, u64),
) -> [u64; STACK_DEPTH] {
    let mut found = [0; STACK_DEPTH];
    let mut free = found.iter_mut();
    let mut bytes = [0; PIECE];
    let mut address = top.address;
    while let Some(end) = next_piece(address)
        && address - top.address < STACK_BYTES
    {
        let piece = &mut bytes[..abi::word::index(end - address)];
        if memory
            .read(machine, Place { address, ..top }, piece)
            .is_err()
        {
            break;
        }
        for word in piece.as_chunks::<8>().0 {
            let value = u64::from_le_bytes(*word);
            if (text.0..text.1).contains(&value) && follows_call(memory, machine, top, value) {
                match free.next() {
                    Some(slot) => *slot = value,
                    None => return found,
                }
            }
        }
        address = end;
    }
    found
}

/// Where the next piece of memory begins, if there is one.
fn next_piece(address: u64) -> Option<u64> {
    address
        .checked_add(1)?
        .checked_next_multiple_of(PIECE as u64)
}

/// Whether a call instruction ends at an address: `E8 rel32`, or `FF /2` with any operand (Intel's
/// manual, volume 2, "CALL").
fn follows_call<M: Machine>(memory: &Memory, machine: &M, top: Place, address: u64) -> bool {
    let mut before = [0; LONGEST_CALL];
    let place = Place {
        address: address.saturating_sub(LONGEST_CALL as u64),
        ..top
    };
    memory.read(machine, place, &mut before).is_ok() && ends_with_call(before)
}

fn ends_with_call(bytes: [u8; LONGEST_CALL]) -> bool {
    // The lengths of FF /2 by its operand: a register, memory without, with a byte's and with a
    // word's displacement, each also with a scaled index.
    bytes[2] == 0xe8
        || [2, 3, 4, 6, 7].into_iter().any(|length| {
            let at = LONGEST_CALL - length;
            bytes[at] == 0xff && bytes[at + 1] >> 3 & 7 == 2
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_told_from_other_instructions() {
        assert!(ends_with_call([0, 0, 0xe8, 1, 2, 3, 4]), "call rel32");
        assert!(ends_with_call([0, 0, 0, 0, 0, 0xff, 0xd0]), "call rax");
        assert!(ends_with_call([0, 0xff, 0x15, 1, 2, 3, 4]), "call [rip+d]");
        assert!(!ends_with_call([0, 0, 0, 0, 0, 0xff, 0xe0]), "jmp rax");
        assert!(!ends_with_call([0x90; 7]), "nop");
    }

    #[test]
    fn the_last_crashes_are_kept() {
        let mut crashes = Crashes::new();
        let all = CRASHES as u64 + 3;
        for address in 1..=all {
            crashes.keep(CrashRecord {
                address,
                ..CrashRecord::default()
            });
        }
        assert_eq!(crashes.count(), all);
        assert_eq!(crashes.get(all).map(|record| record.address), Ok(all));
        assert_eq!(crashes.get(4).map(|record| record.number), Ok(4));
        for number in [0, 3, all + 1] {
            assert_eq!(crashes.get(number), Err(CallError::BadArgument));
        }
    }

    #[test]
    fn the_newest_request_comes_first() {
        let mut crashes = Crashes::new();
        for id in 1..=10 {
            let request = RecentRequest {
                id: abi::RequestId(id),
                ..RecentRequest::default()
            };
            crashes.given(Endpoint(3), request);
        }
        let ids = crashes.recent[3].newest_first().map(|request| request.id.0);
        assert_eq!(ids, [10, 9, 8, 7, 6, 5, 4, 3]);
    }
}
