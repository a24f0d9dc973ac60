//! Switches of a process: prctl, arch_prctl, capabilities, thread data.

use crate::process::Process;
use crate::{Context, arguments, caller};
use abi::layout::USER_TOP;
use abi::process::Registers;
use abi::{Errno, Pid, word};
use alloc::boxed::Box;
use linux::process::signal::Signal;
use linux_raw_sys::{general as number, prctl};
use service::{Handler, Outcome};

/// Codes of arch_prctl (`arch/x86/include/uapi/asm/prctl.h`).
const SET_GS: u32 = 0x1001;
const SET_FS: u32 = 0x1002;
const GET_FS: u32 = 0x1003;
const GET_GS: u32 = 0x1004;
/// Bytes of `struct robust_list_head`.
const ROBUST_LIST_BYTES: u64 = 24;
/// The capabilities there are (CAP_LAST_CAP is 40), which root has all of.
const ALL_CAPABILITIES: u64 = (1 << 41) - 1;
/// Asks personality(2) without changing anything.
const ASK: u32 = u32::MAX;

/// Answers a call of this group.
pub(super) fn call(cx: &Context, number: u32, words: [u64; 7]) -> Option<Handler> {
    let cx = cx.clone();
    let [first, second, ..] = words;
    Some(match number {
        number::__NR_prctl => Box::pin(process_control(cx, words)),
        number::__NR_arch_prctl => Box::pin(thread_pointers(cx, word::low_32(first), second)),
        number::__NR_set_tid_address => Box::pin(cleared_address(cx, first)),
        number::__NR_set_robust_list => Box::pin(robust_list(cx, second)),
        number::__NR_personality => Box::pin(personality(cx, word::low_32(first))),
        number::__NR_capget => Box::pin(capabilities(cx, first, second)),
        number::__NR_capset => Box::pin(set_capabilities(cx, first, second)),
        _ => return None,
    })
}

/// Changes something of the caller and answers 0.
async fn set(cx: Context, change: impl FnOnce(&mut Process)) -> Outcome {
    let pid = caller(&cx);
    cx.end_with(|state| Ok(state.change(pid, change).ok_or(Errno::SRCH)?))
}

/// Answers with something of the caller.
async fn get(cx: Context, what: impl FnOnce(&Process) -> u64) -> Outcome {
    let pid = caller(&cx);
    cx.end_with(|state| Ok(what(state.process(pid).ok_or(Errno::SRCH)?)))
}

async fn process_control(cx: Context, words: [u64; 7]) -> Outcome {
    let [option, value, ..] = words;
    match word::low_32(option) {
        prctl::PR_SET_NAME => set_name(cx, value).await,
        prctl::PR_GET_NAME => name(cx, value).await,
        prctl::PR_SET_PDEATHSIG => {
            let signal = match value {
                0 => None,
                number => Some(Signal::new(number).ok_or(Errno::INVAL)?),
            };
            set(cx, |process| process.attributes.parent_end_signal = signal).await
        }
        prctl::PR_GET_PDEATHSIG => {
            write_attribute(cx, value, |process| {
                process
                    .attributes
                    .parent_end_signal
                    .map_or(0, |signal| signal.number().into())
            })
            .await
        }
        prctl::PR_SET_DUMPABLE if value <= 1 => {
            let value = word::low_32(value);
            set(cx, |process| process.attributes.dumpable = value).await
        }
        prctl::PR_GET_DUMPABLE => get(cx, |process| process.attributes.dumpable.into()).await,
        prctl::PR_SET_CHILD_SUBREAPER => {
            set(cx, |process| process.attributes.adopts = value != 0).await
        }
        prctl::PR_GET_CHILD_SUBREAPER => {
            write_attribute(cx, value, |process| process.attributes.adopts.into()).await
        }
        _ => control_rights(cx, words).await,
    }
}

/// The options of prctl that are about rights and timers.
async fn control_rights(cx: Context, words: [u64; 7]) -> Outcome {
    let [option, value, ..] = words;
    match word::low_32(option) {
        prctl::PR_SET_NO_NEW_PRIVS if value == 1 => {
            set(cx, |process| process.attributes.no_new_rights = true).await
        }
        prctl::PR_GET_NO_NEW_PRIVS => {
            get(cx, |process| process.attributes.no_new_rights.into()).await
        }
        prctl::PR_SET_TIMERSLACK => {
            let slack = if value == 0 { 50_000 } else { value };
            set(cx, |process| process.attributes.timer_slack = slack).await
        }
        prctl::PR_GET_TIMERSLACK => get(cx, |process| process.attributes.timer_slack).await,
        prctl::PR_GET_TID_ADDRESS => {
            let pid = caller(&cx);
            cx.end_with(|state| {
                let address = state.process(pid).ok_or(Errno::SRCH)?.cleared;
                arguments::write(&cx, value, &address.to_le_bytes())
            })
        }
        // What each capability of the bounding set reads as: none is ever taken out of it.
        prctl::PR_CAPBSET_READ if value < 64 && ALL_CAPABILITIES >> value & 1 == 1 => {
            cx.end(|_| 1_u64)
        }
        // No secure bits, no kept capabilities, no ambient set, no seccomp.
        prctl::PR_GET_SECUREBITS | prctl::PR_GET_KEEPCAPS | prctl::PR_GET_SECCOMP => {
            cx.end(|_| 0_u64)
        }
        prctl::PR_SET_KEEPCAPS if value == 0 => cx.end(|_| 0_u64),
        prctl::PR_CAP_AMBIENT
            if value == u64::from(prctl::PR_CAP_AMBIENT_IS_SET)
                || value == u64::from(prctl::PR_CAP_AMBIENT_CLEAR_ALL) =>
        {
            cx.end(|_| 0_u64)
        }
        _ => Err(Errno::INVAL.into()),
    }
}

async fn write_attribute(cx: Context, address: u64, what: impl FnOnce(&Process) -> u32) -> Outcome {
    let pid = caller(&cx);
    cx.end_with(|state| {
        let value = what(state.process(pid).ok_or(Errno::SRCH)?);
        arguments::write(&cx, address, &value.to_le_bytes())
    })
}

async fn set_name(cx: Context, address: u64) -> Outcome {
    let pid = caller(&cx);
    let bytes = arguments::read::<16>(&cx, address)?;
    let end = bytes[..15].iter().position(|byte| *byte == 0).unwrap_or(15);
    cx.end_with(|state| {
        let changed = state.commands_mut().update(&pid, |command| {
            command.name = bytes[..end].to_vec();
        });
        Ok(changed.ok_or(Errno::SRCH)?)
    })
}

async fn name(cx: Context, address: u64) -> Outcome {
    let pid = caller(&cx);
    cx.end_with(|state| {
        let mut bytes = [0; 16];
        let name = &state.commands().get(&pid).ok_or(Errno::SRCH)?.name;
        let length = name.len().min(15);
        bytes[..length].copy_from_slice(&name[..length]);
        arguments::write(&cx, address, &bytes)
    })
}

async fn thread_pointers(cx: Context, code: u32, address: u64) -> Outcome {
    let pid = Pid(caller(&cx));
    match code {
        SET_FS | SET_GS => {
            if address >= USER_TOP {
                return Err(Errno::PERM.into());
            }
            let is_set = cx.kernel("set", |kernel| {
                let Ok(mut thread) = kernel.registers_read(pid) else {
                    return false;
                };
                *base(&mut thread.registers, code == SET_FS) = address;
                kernel.registers_write(pid, &thread).is_ok()
            });
            cx.end_with(|_| {
                if is_set {
                    Ok(())
                } else {
                    Err(Errno::PERM.into())
                }
            })
        }
        GET_FS | GET_GS => cx.end_with(|_| {
            let mut thread = cx.system().registers_read(pid)?;
            let value = *base(&mut thread.registers, code == GET_FS);
            arguments::write(&cx, address, &value.to_le_bytes())
        }),
        _ => Err(Errno::INVAL.into()),
    }
}

fn base(registers: &mut Registers, is_fs: bool) -> &mut u64 {
    if is_fs {
        &mut registers.fs_base
    } else {
        &mut registers.gs_base
    }
}

async fn cleared_address(cx: Context, address: u64) -> Outcome {
    let pid = caller(&cx);
    cx.end(|state| {
        state.change(pid, |process| process.cleared = address);
        u64::from(pid)
    })
}

/// A process has one thread: nobody else ever waits for its robust futexes.
async fn robust_list(cx: Context, length: u64) -> Outcome {
    if length != ROBUST_LIST_BYTES {
        return Err(Errno::INVAL.into());
    }
    cx.end(|_| ())
}

async fn personality(cx: Context, wanted: u32) -> Outcome {
    let pid = caller(&cx);
    cx.end_with(|state| {
        let before = state.change(pid, |process| {
            let before = process.attributes.personality;
            if wanted != ASK {
                process.attributes.personality = wanted;
            }
            before
        });
        Ok(u64::from(before.ok_or(Errno::SRCH)?))
    })
}

/// The 32-bit words of capability sets that a version of the header has; `None` when unknown.
fn capability_words(version: u32) -> Option<usize> {
    match version {
        number::_LINUX_CAPABILITY_VERSION_1 => Some(1),
        number::_LINUX_CAPABILITY_VERSION_2 | number::_LINUX_CAPABILITY_VERSION_3 => Some(2),
        _ => None,
    }
}

/// Reads the header: how many words, and which process.
fn capability_header(cx: &Context, address: u64) -> Result<(usize, u32), service::Refused> {
    let bytes = arguments::read::<8>(cx, address)?;
    let ([version, pid], _) = bytes.as_chunks::<4>() else {
        return Err(Errno::INVAL.into());
    };
    let Some(words) = capability_words(u32::from_le_bytes(*version)) else {
        let preferred = number::_LINUX_CAPABILITY_VERSION_3.to_le_bytes();
        arguments::write(cx, address, &preferred)?;
        return Err(Errno::INVAL.into());
    };
    let pid = u32::from_le_bytes(*pid);
    Ok((words, if pid == 0 { caller(cx) } else { pid }))
}

/// The capabilities of a process, all or none, laid out as `struct __user_cap_data_struct`.
fn capability_data(process: &Process) -> [u8; 24] {
    let privileged = process.credentials.is_privileged();
    let set = if privileged { ALL_CAPABILITIES } else { 0 };
    let mut bytes = [0; 24];
    for (index, half) in bytes.chunks_exact_mut(12).enumerate() {
        let word = word::low_32(set >> (32 * index)).to_le_bytes();
        half[..4].copy_from_slice(&word);
        half[4..8].copy_from_slice(&word);
    }
    bytes
}

async fn capabilities(cx: Context, header: u64, data: u64) -> Outcome {
    cx.end_with(|state| {
        let (words, pid) = match capability_header(&cx, header) {
            // Without data it only asks for the version.
            Err(refused) if data == 0 && refused.errno() == Some(Errno::INVAL) => return Ok(()),
            header => header?,
        };
        let bytes = capability_data(state.process(pid).ok_or(Errno::SRCH)?);
        arguments::write_if(&cx, data, &bytes[..words * 12])
    })
}

/// Rights follow the effective user; only what a process has anyway can be set.
async fn set_capabilities(cx: Context, header: u64, data: u64) -> Outcome {
    cx.end_with(|state| {
        let (words, pid) = capability_header(&cx, header)?;
        let wanted = cx.lease_bytes(0, data, words * 12)?;
        let bytes = capability_data(state.process(pid).ok_or(Errno::SRCH)?);
        let is_own = pid == caller(&cx) && wanted == bytes[..words * 12];
        if is_own {
            Ok(())
        } else {
            Err(Errno::PERM.into())
        }
    })
}
