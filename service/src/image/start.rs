//! From the entry point to the main loop.
#![expect(
    unsafe_code,
    reason = "the inbox is a range of addresses; faults on request are real"
)]

use super::export;
use super::heap::is_exhausted;
use super::kernel::Kernel;
use super::kernel_call::{call, event, outgoing_words, set_outgoing};
use crate::instance::{Answered, Instance, Service};
use crate::state::{Start, State};
use abi::event::Holding;
use abi::slot::{Fault, Refusal};
use abi::word::{index, low_16, low_32};
use abi::{Call, Endpoint, RequestId, layout};
use alloc::rc::Rc;
use core::fmt::{self, Write};
use core::panic::PanicInfo;

/// Runs an instance: starts fresh or imports, waits for the commit, attaches, and serves.
pub fn run<S: Service>() -> ! {
    // A candidate that cannot even ask what it is for cannot say so either.
    let inbox = call(Call::StartInformation, [0; 6]).unwrap_or(0);
    let [version, seed_0, seed_1, seed_2, identity, archive] = outgoing_words();
    let start = Start {
        seed: [seed_0, seed_1, seed_2],
        slot: Endpoint(low_16(identity >> 32)),
        generation: low_32(identity),
    };
    let system = Rc::new(Kernel {
        archive: index(archive),
    });
    let prepared = if inbox == 0 {
        Ok(Instance::<S>::fresh(system, start))
    } else {
        Instance::import(system, start, low_32(version), inbox_bytes(inbox))
    };
    let mut instance = match prepared {
        Ok(instance) => instance,
        Err(refusal) => refuse(refusal),
    };
    export::publish(&instance);
    // Returns after the commit; when the kernel answers otherwise there is nothing to serve.
    let own = u64::from(<S::State as State>::VERSION);
    if call(Call::Ready, [Refusal::None as u64, own, 0, 0, 0, 0]).is_err() {
        abort();
    }
    let now = call(Call::Clock, [0; 6]).unwrap_or(0);
    instance.take_over(abi::Time(now));
    let mut answer = None;
    loop {
        receive(instance.holding(), answer);
        let event = event();
        if let Some(fault) = Fault::from_word(u64::from(event.fault)) {
            suffer(fault);
        }
        answer = instance.turn_to_answer(event);
    }
}

/// Gives the answer to a request, if there is one, and waits for the next event.
fn receive(holding: Holding, answer: Option<Answered>) {
    let ended = answer.map_or(RequestId::NONE, |(id, reply)| {
        set_outgoing(|outgoing| outgoing.reply = reply);
        id
    });
    let Holding {
        requests,
        questions,
        waiting,
    } = holding;
    if call(Call::Receive, [ended.0, requests, questions, waiting, 0, 0]).is_err() {
        abort();
    }
}

fn inbox_bytes(length: u64) -> &'static [u8] {
    let start = core::ptr::with_exposed_provenance(index(layout::SERVICE_INBOX));
    // SAFETY: the kernel maps this many bytes there, read only, until the commit; the import is
    // over before `Ready` is called and keeps no reference.
    unsafe { core::slice::from_raw_parts(start, index(length)) }
}

fn refuse(refusal: Refusal) -> ! {
    // The kernel ends a candidate that refuses.
    let _ = call(Call::Ready, [refusal as u64, 0, 0, 0, 0, 0]);
    abort()
}

fn abort() -> ! {
    let reason = u64::from(is_exhausted());
    loop {
        // The kernel ends the instance and does not return.
        let _ = call(Call::Abort, [reason, 0, 0, 0, 0, 0]);
    }
}

/// A real crash, where rs was asked for one.
fn suffer(fault: Fault) -> ! {
    match fault {
        Fault::Panic => panic!("a fault was asked for"),
        Fault::Hang => loop {
            core::hint::spin_loop();
        },
        Fault::BadMemoryAccess => {
            let nowhere: *mut u64 = core::ptr::without_provenance_mut(8);
            // SAFETY: none: the store faults, which is what was asked for; address 8 is never mapped.
            unsafe { nowhere.write_volatile(1) };
        }
        Fault::WildBranch => {
            // SAFETY: none: the jump faults, which is what was asked for; the heap is not executable.
            unsafe {
                core::arch::asm!("jmp {}", in(reg) layout::SERVICE_HEAP + 0x123, options(noreturn));
            }
        }
        // The kernel does these itself.
        Fault::AtPoint | Fault::AfterTime => {}
    }
    abort()
}

/// Logs a panic and ends the instance.
pub fn panicked(information: &PanicInfo<'_>) -> ! {
    let mut line = Line {
        bytes: [0; 400],
        length: 0,
    };
    // A line that is full is cut.
    let _ = write!(line, "{information}");
    let at = line.bytes.as_ptr().expose_provenance() as u64;
    // The log is the only place to tell.
    let _ = call(Call::Log, [at, line.length as u64, 0, 0, 0, 0]);
    abort()
}

struct Line {
    bytes: [u8; 400],
    length: usize,
}

impl Write for Line {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for byte in text.bytes() {
            let slot = self.bytes.get_mut(self.length).ok_or(fmt::Error)?;
            *slot = if byte == b'\n' { b' ' } else { byte };
            self.length += 1;
        }
        Ok(())
    }
}
