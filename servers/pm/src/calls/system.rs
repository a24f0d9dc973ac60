//! The system as a whole: names, memory, log, processors, its end.

use crate::state::Name;
use crate::{Context, arguments, caller};
use abi::layout::PAGE_SIZE;
use abi::limits::LOG_BYTES;
use abi::{Call, Errno, word};
use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;
use linux::process::names::{NAME_BYTES, SystemNames};
use linux::process::system_information::SystemInformation;
use linux::process::time::SECOND;
use linux_raw_sys::general as number;
use service::{Handler, Outcome};

use crate::state::Counter;

/// The release that programs are told: the interface is that of this Linux.
const RELEASE: &[u8] = b"6.1.0-evernix";
/// Bytes of a processor mask.
const MASK_BYTES: u64 = 8;
/// How `PowerOff` ends the machine.
const POWER_OFF: u64 = 0;
const RESTART: u64 = 1;

/// Answers a call of this group.
pub(super) fn call(cx: &Context, number: u32, words: [u64; 7]) -> Option<Handler> {
    let cx = cx.clone();
    let [first, second, third, ..] = words;
    let low = word::low_32;
    Some(match number {
        number::__NR_uname => Box::pin(names(cx, first)),
        number::__NR_sethostname => Box::pin(set_name(cx, Name::Host, first, second)),
        number::__NR_setdomainname => Box::pin(set_name(cx, Name::Domain, first, second)),
        number::__NR_sysinfo => Box::pin(information(cx, first)),
        number::__NR_syslog => Box::pin(log(cx, low(first), second, low(third))),
        number::__NR_reboot => Box::pin(reboot(cx, words)),
        number::__NR_getcpu => Box::pin(processor(cx, first, second)),
        number::__NR_sched_getaffinity => Box::pin(affinity(cx, low(first), second, third)),
        number::__NR_sched_setaffinity => Box::pin(set_affinity(cx, low(first), second, third)),
        number::__NR_sched_getscheduler => Box::pin(policy(cx, low(first))),
        // One policy, SCHED_OTHER, whose priorities are all 0.
        number::__NR_sched_get_priority_max | number::__NR_sched_get_priority_min => {
            Box::pin(async move { cx.end(|_| ()) })
        }
        _ => return None,
    })
}

async fn names(cx: Context, address: u64) -> Outcome {
    cx.end_with(|state| {
        let names = SystemNames {
            system: b"Linux",
            host: state.name(Name::Host),
            release: RELEASE,
            version: concat!("#1 Evernix ", env!("CARGO_PKG_VERSION")).as_bytes(),
            machine: b"x86_64",
            domain: state.name(Name::Domain),
        };
        arguments::write(&cx, address, &names.encode())
    })
}

/// Whether the caller may do what only root may.
fn is_privileged(cx: &Context) -> bool {
    let pid = caller(cx);
    cx.look("privileged", |state| {
        state
            .process(pid)
            .is_some_and(|process| process.credentials.is_privileged())
    })
}

async fn set_name(cx: Context, which: Name, address: u64, length: u64) -> Outcome {
    if !is_privileged(&cx) {
        return Err(Errno::PERM.into());
    }
    if length >= NAME_BYTES as u64 {
        return Err(Errno::INVAL.into());
    }
    let name = cx.lease_bytes(0, address, word::index(length))?;
    cx.end(|state| state.set_name(which, name))
}

async fn information(cx: Context, address: u64) -> Outcome {
    cx.end_with(|state| {
        let memory = cx.system().memory_statistics();
        let told = SystemInformation {
            up: cx.system().clock().0 / SECOND,
            loads: [0; 3],
            memory: memory.total * PAGE_SIZE,
            free: memory.free.saturating_sub(memory.reserved) * PAGE_SIZE,
            processes: u16::try_from(state.count()).unwrap_or(u16::MAX),
        };
        arguments::write(&cx, address, &told.encode())
    })
}

/// The actions of syslog(2).
mod action {
    pub(super) const CLOSE: u32 = 0;
    pub(super) const OPEN: u32 = 1;
    pub(super) const READ_ALL: u32 = 3;
    pub(super) const READ_CLEAR: u32 = 4;
    pub(super) const CLEAR: u32 = 5;
    pub(super) const CONSOLE_OFF: u32 = 6;
    pub(super) const CONSOLE_LEVEL: u32 = 8;
    pub(super) const SIZE_UNREAD: u32 = 9;
    pub(super) const SIZE_BUFFER: u32 = 10;
}

async fn log(cx: Context, wanted: u32, address: u64, length: u32) -> Outcome {
    let reads = matches!(wanted, action::READ_ALL | action::READ_CLEAR);
    let is_free = matches!(wanted, action::READ_ALL | action::SIZE_BUFFER);
    if !is_free && !is_privileged(&cx) {
        return Err(Errno::PERM.into());
    }
    if reads && (address == 0 || length.cast_signed() < 0) {
        return Err(Errno::INVAL.into());
    }
    cx.end_with(|state| {
        let (text, end) = log_since(&cx, state.counter(Counter::LogStart));
        let mut result = 0;
        match wanted {
            // The log never goes to the console, so its level means nothing.
            action::CLOSE | action::OPEN | action::CONSOLE_OFF..=action::CONSOLE_LEVEL => {}
            action::CLEAR => {}
            action::SIZE_BUFFER => result = LOG_BYTES,
            action::SIZE_UNREAD => result = text.len(),
            action::READ_ALL | action::READ_CLEAR => {
                let room = word::index(length.into()).min(text.len());
                let last = &text[text.len() - room..];
                arguments::write(&cx, address, last)?;
                result = last.len();
            }
            _ => return Err(Errno::INVAL.into()),
        }
        if matches!(wanted, action::CLEAR | action::READ_CLEAR) {
            state.set_counter(Counter::LogStart, end);
        }
        Ok(result as u64)
    })
}

/// The kernel's log from a position on, and the position of its end.
fn log_since(cx: &Context, from: u64) -> (Vec<u8>, u64) {
    let mut text = Vec::new();
    let mut at = from;
    loop {
        let mut piece = vec![0; 4096];
        let Ok(part) = cx.system().log_read(at, &mut piece) else {
            return (text, at);
        };
        text.extend_from_slice(&piece[..part.length.min(piece.len())]);
        at = part.start + part.length as u64;
        if part.length == 0 || at >= part.end || text.len() >= LOG_BYTES {
            return (text, at);
        }
    }
}

async fn reboot(cx: Context, words: [u64; 7]) -> Outcome {
    let [magic, second, command, ..] = words.map(word::low_32);
    if !is_privileged(&cx) {
        return Err(Errno::PERM.into());
    }
    let is_magic = magic == number::LINUX_REBOOT_MAGIC1
        && [
            number::LINUX_REBOOT_MAGIC2,
            number::LINUX_REBOOT_MAGIC2A,
            number::LINUX_REBOOT_MAGIC2B,
            number::LINUX_REBOOT_MAGIC2C,
        ]
        .contains(&second);
    if !is_magic {
        return Err(Errno::INVAL.into());
    }
    let how = match command {
        number::LINUX_REBOOT_CMD_RESTART | number::LINUX_REBOOT_CMD_RESTART2 => RESTART,
        number::LINUX_REBOOT_CMD_HALT | number::LINUX_REBOOT_CMD_POWER_OFF => POWER_OFF,
        // There is no such key to switch on or off.
        number::LINUX_REBOOT_CMD_CAD_ON | number::LINUX_REBOOT_CMD_CAD_OFF => {
            return cx.end(|_| ());
        }
        _ => return Err(Errno::INVAL.into()),
    };
    let is_off = cx.kernel("off", |kernel| kernel.call(Call::PowerOff, &[how]).is_ok());
    cx.end_with(|_| {
        if is_off {
            Ok(())
        } else {
            Err(Errno::PERM.into())
        }
    })
}

async fn processor(cx: Context, processor: u64, node: u64) -> Outcome {
    cx.end_with(|_| {
        arguments::write_if(&cx, processor, &[0; 4])?;
        arguments::write_if(&cx, node, &[0; 4])
    })
}

/// There is one processor, and everybody runs on it.
async fn affinity(cx: Context, pid: u32, length: u64, address: u64) -> Outcome {
    if length < MASK_BYTES || !length.is_multiple_of(MASK_BYTES) {
        return Err(Errno::INVAL.into());
    }
    cx.end_with(|state| {
        known(&cx, state, pid)?;
        arguments::write(&cx, address, &1_u64.to_le_bytes())?;
        Ok(MASK_BYTES)
    })
}

async fn set_affinity(cx: Context, pid: u32, length: u64, address: u64) -> Outcome {
    cx.end_with(|state| {
        known(&cx, state, pid)?;
        let bytes = cx.lease_bytes(0, address, word::index(length.min(MASK_BYTES)))?;
        let has_first = bytes.first().is_some_and(|byte| byte & 1 == 1);
        if has_first {
            Ok(())
        } else {
            Err(Errno::INVAL.into())
        }
    })
}

async fn policy(cx: Context, pid: u32) -> Outcome {
    cx.end_with(|state| Ok(known(&cx, state, pid)?))
}

/// Whether a process exists, 0 being the caller.
fn known(cx: &Context, state: &crate::State, pid: u32) -> Result<(), Errno> {
    let pid = if pid == 0 { caller(cx) } else { pid };
    state.process(pid).map(drop).ok_or(Errno::SRCH)
}
