//! Who a process is and acts for: parents, groups, sessions, users.

use crate::credentials::{Ids, KEEP};
use crate::process::Process;
use crate::{Context, State, answer, arguments, caller, identify};
use abi::{Errno, Pid, word};
use alloc::boxed::Box;
use alloc::vec::Vec;
use linux_raw_sys::general as number;
use protocol::descriptors;
use protocol::endpoint::VFS;
use service::{Handler, Lend, Outcome};

/// Groups a process may have (NGROUPS_MAX).
const MOST_GROUPS: u64 = number::NGROUPS_MAX as u64;

/// Answers a call of this group.
pub(super) fn call(cx: &Context, number: u32, words: [u64; 7]) -> Option<Handler> {
    let cx = cx.clone();
    let [first, second, ..] = words;
    let low = word::low_32;
    Some(match number {
        number::__NR_getppid => Box::pin(show(cx, |process| process.parent)),
        number::__NR_getpgrp => Box::pin(show(cx, |process| process.group)),
        number::__NR_getpgid => Box::pin(show_other(cx, low(first), |process| process.group)),
        number::__NR_getsid => Box::pin(show_other(cx, low(first), |process| process.session)),
        number::__NR_setpgid => Box::pin(set_group(cx, low(first), low(second))),
        number::__NR_setsid => Box::pin(set_session(cx)),
        number::__NR_getuid => Box::pin(show(cx, |p| p.credentials.users.real)),
        number::__NR_geteuid => Box::pin(show(cx, |p| p.credentials.users.effective)),
        number::__NR_getgid => Box::pin(show(cx, |p| p.credentials.groups.real)),
        number::__NR_getegid => Box::pin(show(cx, |p| p.credentials.groups.effective)),
        number::__NR_getresuid => Box::pin(show_ids(cx, Kind::User, words)),
        number::__NR_getresgid => Box::pin(show_ids(cx, Kind::Group, words)),
        number::__NR_getgroups => Box::pin(show_groups(cx, low(first), second)),
        number::__NR_setgroups => Box::pin(set_groups(cx, low(first).into(), second)),
        _ => return change_call(cx, number, words),
    })
}

/// Calls that change users or groups.
fn change_call(cx: Context, number: u32, words: [u64; 7]) -> Option<Handler> {
    let [first, second, third, ..] = words.map(word::low_32);
    let kind = match number {
        number::__NR_setuid
        | number::__NR_setreuid
        | number::__NR_setresuid
        | number::__NR_setfsuid => Kind::User,
        number::__NR_setgid
        | number::__NR_setregid
        | number::__NR_setresgid
        | number::__NR_setfsgid => Kind::Group,
        _ => return None,
    };
    Some(match number {
        number::__NR_setuid | number::__NR_setgid => {
            Box::pin(change_ids(cx, kind, move |ids, privileged| {
                if first == KEEP {
                    Err(Errno::INVAL)
                } else {
                    ids.set_one(first, privileged)
                }
            }))
        }
        number::__NR_setreuid | number::__NR_setregid => {
            Box::pin(change_ids(cx, kind, move |ids, privileged| {
                ids.set_two(first, second, privileged)
            }))
        }
        number::__NR_setresuid | number::__NR_setresgid => {
            Box::pin(change_ids(cx, kind, move |ids, privileged| {
                ids.set([first, second, third], privileged)
            }))
        }
        _ => Box::pin(set_file_system_id(cx, kind, first)),
    })
}

/// Which ids.
#[derive(Clone, Copy, Debug)]
enum Kind {
    User,
    Group,
}

impl Kind {
    fn of(self, process: &Process) -> Ids {
        match self {
            Kind::User => process.credentials.users,
            Kind::Group => process.credentials.groups,
        }
    }

    fn of_mut(self, process: &mut Process) -> &mut Ids {
        match self {
            Kind::User => &mut process.credentials.users,
            Kind::Group => &mut process.credentials.groups,
        }
    }
}

/// Answers with something of the caller.
async fn show(cx: Context, what: impl FnOnce(&Process) -> u32) -> Outcome {
    let pid = caller(&cx);
    cx.end_with(|state| Ok(u64::from(what(state.process(pid).ok_or(Errno::SRCH)?))))
}

/// Answers with something of a process, 0 being the caller.
async fn show_other(cx: Context, pid: u32, what: impl FnOnce(&Process) -> u32) -> Outcome {
    let pid = if pid == 0 { caller(&cx) } else { pid };
    cx.end_with(|state| Ok(u64::from(what(state.process(pid).ok_or(Errno::SRCH)?))))
}

async fn set_group(cx: Context, pid: u32, group: u32) -> Outcome {
    if group.cast_signed() < 0 {
        return Err(Errno::INVAL.into());
    }
    let own = caller(&cx);
    let changed = cx.step("group", |state| state.set_group(own, pid, group))?;
    identify(&cx, changed);
    cx.end(|_| ())
}

async fn set_session(cx: Context) -> Outcome {
    let pid = caller(&cx);
    let session = cx.step("session", |state| state.set_session(pid))?;
    identify(&cx, pid);
    answer(&cx, session)
}

async fn show_ids(cx: Context, kind: Kind, words: [u64; 7]) -> Outcome {
    let pid = caller(&cx);
    cx.end_with(|state| {
        let ids = kind.of(state.process(pid).ok_or(Errno::SRCH)?).all();
        for (id, address) in ids.into_iter().zip(words).take(3) {
            arguments::write(&cx, address, &id.to_le_bytes())?;
        }
        Ok(())
    })
}

async fn change_ids(
    cx: Context,
    kind: Kind,
    change: impl FnOnce(&mut Ids, bool) -> Result<(), Errno>,
) -> Outcome {
    let pid = caller(&cx);
    cx.step("ids", |state: &mut State| {
        state
            .change(pid, |process| {
                let privileged = process.credentials.is_privileged();
                let before = kind.of(process);
                change(kind.of_mut(process), privileged)?;
                if kind.of(process).effective != before.effective {
                    process.attributes.dumpable = 0;
                    process.attributes.parent_end_signal = None;
                }
                Ok(())
            })
            .unwrap_or(Err(Errno::SRCH))
    })?;
    identify(&cx, pid);
    cx.end(|_| ())
}

async fn set_file_system_id(cx: Context, kind: Kind, id: u32) -> Outcome {
    let pid = caller(&cx);
    let before = cx.step("ids", |state| {
        state.change(pid, |process| {
            let privileged = process.credentials.is_privileged();
            kind.of_mut(process).set_file_system(id, privileged)
        })
    });
    identify(&cx, pid);
    answer(&cx, before.ok_or(Errno::SRCH)?)
}

async fn show_groups(cx: Context, room: u32, address: u64) -> Outcome {
    let pid = caller(&cx);
    cx.end_with(|state| {
        let groups = &state
            .process(pid)
            .ok_or(Errno::SRCH)?
            .credentials
            .supplementary;
        let count = groups.len() as u64;
        if room != 0 {
            if count > u64::from(room) || room.cast_signed() < 0 {
                return Err(Errno::INVAL.into());
            }
            arguments::write(&cx, address, &bytes_of(groups))?;
        }
        Ok(count)
    })
}

fn bytes_of(groups: &[u32]) -> Vec<u8> {
    groups
        .iter()
        .flat_map(|group| group.to_le_bytes())
        .collect()
}

async fn set_groups(cx: Context, count: u64, address: u64) -> Outcome {
    let pid = caller(&cx);
    let allowed = cx.look("allowed", |state| {
        state
            .process(pid)
            .is_some_and(|process| process.credentials.is_privileged())
    });
    if !allowed {
        return Err(Errno::PERM.into());
    }
    if count > MOST_GROUPS {
        return Err(Errno::INVAL.into());
    }
    let groups = arguments::copied(&cx, "groups", || {
        let bytes = cx.lease_bytes(0, address, word::index(count) * 4)?;
        let (words, _) = bytes.as_chunks::<4>();
        let mut groups: Vec<u32> = words.iter().map(|word| u32::from_le_bytes(*word)).collect();
        groups.sort_unstable();
        Ok(groups)
    })?;
    let question = descriptors::SetGroups {
        process: Pid(pid),
        count: word::low_32(count),
    };
    cx.ask("table", VFS, question, &[Lend::Bytes(&bytes_of(&groups))])
        .await?;
    cx.step("set", |state| {
        state.change(pid, |process| process.credentials.supplementary = groups);
    });
    cx.end(|_| ())
}
