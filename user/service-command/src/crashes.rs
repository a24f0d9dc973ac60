//! Crashes as text.

use std::fmt::Write;

use abi::message::{PROTOCOL_KERNEL, PROTOCOL_LINUX, kernel_kind};
use abi::{Call, Endpoint, EventKind};
use control::{Crash, Recent};

use crate::symbols::Symbols;
use crate::text::failure;

/// A crash as a paragraph.
#[must_use]
pub fn render(crash: &Crash, symbols: &Symbols) -> String {
    let (seconds, micros) = (crash.time / 1_000_000_000, crash.time / 1000 % 1_000_000);
    let mut text = format!(
        "{}: {} crashed at {seconds}.{micros:06} s: {}\n  version {}, instance {}, loaded at {:#x}\n",
        crash.number,
        crash.name.as_str(),
        failure(crash.failure),
        crash.version,
        crash.generation,
        crash.base,
    );
    // Writing to a string does not fail.
    let _ = writeln!(text, "  busy with {}", busy(crash));
    if let Some(call) = crash.call {
        let when = if crash.before { "before" } else { "after" };
        let _ = writeln!(text, "  ended {when} the kernel call {}", call_name(call));
    }
    if crash.address != 0 {
        let _ = writeln!(text, "  address {:#x}", crash.address);
    }
    let offset = |address: u64| symbols.describe(address.wrapping_sub(crash.base));
    let instruction = crash.registers.first().copied().unwrap_or_default();
    let _ = writeln!(text, "  at {}", offset(instruction));
    for address in &crash.stack {
        let _ = writeln!(text, "  from {}", offset(*address));
    }
    registers(&mut text, crash);
    for before in crash.recent.iter().skip(usize::from(has_request(crash))) {
        let _ = writeln!(text, "  request before: {}", request(before));
    }
    text
}

fn has_request(crash: &Crash) -> bool {
    crash.event == EventKind::Request as u32
}

fn busy(crash: &Crash) -> String {
    const EVENTS: [(EventKind, &str); 4] = [
        (EventKind::Completion, "an answer"),
        (EventKind::Cancel, "a cancellation"),
        (EventKind::Notify, "a notification"),
        (EventKind::Timer, "its timer"),
    ];
    match crash.recent.first() {
        Some(first) if has_request(crash) => request(first),
        _ => {
            let event = EVENTS.iter().find(|(kind, _)| *kind as u32 == crash.event);
            event.map_or("nothing", |(_, name)| name).into()
        }
    }
}

fn request(recent: &Recent) -> String {
    let from = protocol::endpoint::name(Endpoint(recent.from)).unwrap_or("a program");
    let again = if recent.again { ", given again" } else { "" };
    format!(
        "{} from {from} for process {}{again} (request {:x})",
        message(recent.protocol, recent.kind),
        recent.pid,
        recent.id
    )
}

/// The name of a message.
#[must_use]
pub fn message(protocol: u16, kind: u32) -> String {
    let kernels = [
        (kernel_kind::PAGE_FAULT, "page fault"),
        (kernel_kind::EXCEPTION, "exception"),
        (kernel_kind::INTERRUPTED, "interrupted"),
    ];
    let name = match protocol {
        PROTOCOL_LINUX if u64::from(kind) == control::CALL => Some("service".to_owned()),
        PROTOCOL_LINUX => {
            let call = linux::calls::ALL.iter().find(|(_, number)| *number == kind);
            call.map(|(name, _)| (*name).to_owned())
        }
        PROTOCOL_KERNEL => {
            let found = kernels.iter().find(|(number, _)| *number == kind);
            found.map(|(_, name)| (*name).to_owned())
        }
        _ => {
            protocol::message(protocol, kind).map(|(of, message)| format!("{of}.{}", message.name))
        }
    };
    name.unwrap_or_else(|| format!("message {kind} of protocol {protocol}"))
}

fn call_name(number: u64) -> String {
    let call = Call::ALL.iter().find(|(call, _)| *call as u64 == number);
    call.map_or_else(|| number.to_string(), |(_, name)| (*name).to_owned())
}

/// Three registers a line.
fn registers(text: &mut String, crash: &Crash) {
    let named: Vec<String> = Crash::REGISTERS
        .iter()
        .zip(&crash.registers)
        .map(|(name, value)| format!("{name:>6} {value:016x}"))
        .collect();
    for row in named.chunks(3) {
        let _ = writeln!(text, "  {}", row.join("  "));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use abi::slot::Failure;
    use control::ServiceName;

    #[test]
    fn a_crash_tells_where_it_was_and_what_it_did() {
        let one = |id, kind| Recent {
            id,
            pid: 7,
            from: Endpoint::NONE.0,
            protocol: PROTOCOL_LINUX,
            kind,
            again: id == 0x2a,
        };
        let crash = Crash {
            number: 3,
            time: 1_500_000_000,
            name: ServiceName::new("vfs").unwrap(),
            failure: Failure::Killed,
            version: 1,
            generation: 2,
            address: 0,
            base: 0x1000,
            call: Some(Call::Reply as u64),
            before: true,
            event: EventKind::Request as u32,
            registers: (0..18).map(|n| 0x1010 + n).collect(),
            stack: vec![0x1020],
            recent: vec![one(0x2a, 0), one(0x29, 1)],
        };
        let text = render(&crash, &Symbols::read("0 first\n18 second\n"));
        let lines: Vec<&str> = text.lines().map(str::trim).collect();
        assert_eq!(lines[0], "3: vfs crashed at 1.500000 s: killed");
        assert_eq!(lines[1], "version 1, instance 2, loaded at 0x1000");
        let busy = "busy with read from a program for process 7, given again (request 2a)";
        assert_eq!(lines[2], busy);
        assert_eq!(lines[3], "ended before the kernel call Reply");
        assert_eq!(lines[4..6], ["at 0x10 first+0x10", "from 0x20 second+0x8"]);
        assert!(lines[6].starts_with("rip 0000000000001010"), "{text}");
        let before = "request before: write from a program for process 7 (request 29)";
        assert_eq!(*lines.last().unwrap(), before);
    }

    #[test]
    fn messages_are_called_by_their_names() {
        assert_eq!(message(PROTOCOL_KERNEL, 1), "page fault");
        assert_eq!(message(protocol::inspect::NUMBER, 3), "inspect.Services");
        assert_eq!(message(63, 9), "message 9 of protocol 63");
    }
}
