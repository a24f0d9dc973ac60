//! The last things that happened, to be read after a failure.

use abi::{Endpoint, Event, EventKind, Pid};
use kernel_core::host::InstanceId;
use protocol::endpoint;
use std::collections::VecDeque;
use std::fmt;

/// Things remembered.
const KEPT: usize = 30;

#[derive(Clone, Debug)]
enum Happened {
    Start(InstanceId, u32, usize),
    Export(InstanceId),
    TakeOver(InstanceId),
    Event(InstanceId, Box<Event>),
    Died(InstanceId),
    Call(Pid, u64, [u64; 6]),
    Fault(Pid, u64),
}

/// The last things that happened.
#[derive(Debug, Default)]
pub struct Trace {
    last: VecDeque<Happened>,
    number: u64,
}

impl Trace {
    fn add(&mut self, happened: Happened) {
        self.number += 1;
        if self.last.len() == KEPT {
            self.last.pop_front();
        }
        self.last.push_back(happened);
    }

    /// A candidate begins, from an inbox of so many bytes.
    pub fn start(&mut self, id: InstanceId, version: u32, inbox: usize) {
        self.add(Happened::Start(id, version, inbox));
    }

    /// A predecessor is exported.
    pub fn export(&mut self, id: InstanceId) {
        self.add(Happened::Export(id));
    }

    /// A service handles an event, or goes on after its commit.
    pub fn turn(&mut self, id: InstanceId, event: Option<&Event>) {
        self.add(match event {
            Some(event) => Happened::Event(id, Box::new(*event)),
            None => Happened::TakeOver(id),
        });
    }

    /// A service dies.
    pub fn died(&mut self, id: InstanceId) {
        self.add(Happened::Died(id));
    }

    /// A program makes a system call.
    pub fn call(&mut self, pid: Pid, number: u64, arguments: [u64; 6]) {
        self.add(Happened::Call(pid, number, arguments));
    }

    /// A program touches memory that is not there.
    pub fn fault(&mut self, pid: Pid, address: u64) {
        self.add(Happened::Fault(pid, address));
    }
}

/// The name of a service.
#[must_use]
pub fn name(slot: Endpoint) -> &'static str {
    endpoint::name(slot).unwrap_or("a program")
}

impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let first = self.number - self.last.len() as u64;
        for (number, happened) in (first..).zip(&self.last) {
            write!(f, "  {number:6} ")?;
            match happened {
                Happened::Start(id, version, inbox) => {
                    writeln!(
                        f,
                        "{}: starts, version {version}, inbox of {inbox} bytes",
                        name(id.slot)
                    )
                }
                Happened::Export(id) => writeln!(f, "{}: is exported", name(id.slot)),
                Happened::TakeOver(id) => writeln!(f, "{}: takes over", name(id.slot)),
                Happened::Died(id) => writeln!(f, "{}: DIES", name(id.slot)),
                Happened::Event(id, event) => {
                    write!(f, "{}: ", name(id.slot))?;
                    write_event(f, event)
                }
                Happened::Call(pid, number, arguments) => {
                    writeln!(f, "program {}: system call {number} {arguments:x?}", pid.0)
                }
                Happened::Fault(pid, address) => {
                    writeln!(f, "program {}: page fault at {address:#x}", pid.0)
                }
            }?;
        }
        Ok(())
    }
}

fn write_event(f: &mut fmt::Formatter<'_>, event: &Event) -> fmt::Result {
    let kind = event.kind;
    if kind == EventKind::Request as u32 {
        let from = if event.from == Endpoint::NONE {
            "a program"
        } else {
            name(event.from)
        };
        writeln!(
            f,
            "request {:x} from {from} for {}: protocol {} kind {} {:x?}{}{}",
            event.id.0,
            event.caller.pid.0,
            event.message.protocol,
            event.message.kind,
            event.message.words,
            if event.again == 0 { "" } else { " AGAIN" },
            if event.cancelled == 0 {
                ""
            } else {
                " CANCELLED"
            },
        )
    } else if kind == EventKind::Completion as u32 {
        let (tag, reply) = (event.tag, event.reply);
        writeln!(
            f,
            "answer to {:x}/{}/{}: {} {:x?}",
            tag.parent.0, tag.index, tag.generation, reply.result, reply.words
        )
    } else if kind == EventKind::Cancel as u32 {
        writeln!(f, "cancellation of {:x}", event.id.0)
    } else if kind == EventKind::Notify as u32 {
        writeln!(f, "notification {:x}", event.bits)
    } else {
        writeln!(f, "timer")
    }
}
