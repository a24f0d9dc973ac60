//! What pm and vm ask: the descriptor tables of processes (protocol `descriptors`).

use crate::arguments::{self, Context};
use crate::mount::mount_on;
use crate::open::{abandon, open_route};
use crate::release::{forget_routes, release};
use crate::tables::{Descriptors, Limits, Mounts, Object, Processes, Released, Start, Tables};
use crate::walk::Route;
use abi::{Errno, Pid, word};
use alloc::boxed::Box;
use alloc::format;
use linux::file::flags::{O_DIRECTORY, O_PATH, O_RDONLY, OpenFlags};
use linux::file::mode;
use protocol::descriptors::{Executable, Program, Request, SetGroups, SetLimit, Share, Shared};
use protocol::endpoint::{PROCFS, RAMFS};
use protocol::{files, object};
use service::{Handler, Outcome, Refused};

/// Groups a process can have (NGROUPS_MAX).
const GROUPS: u32 = 65536;

/// Answers a message.
pub(crate) fn answer(cx: Context, request: Request) -> Handler {
    match request {
        Request::Clone(question) => Box::pin(async move {
            cx.end_with(|state| Ok(state.copy_process(question.parent, question.child)?))
        }),
        Request::Destroy(question) => Box::pin(async move {
            let released = cx.step("end", |state| state.end_process(question.process));
            finish(cx, released).await
        }),
        Request::Executed(question) => Box::pin(async move {
            let released = cx.step("executed", |state| state.executed(question.process));
            forget_routes(&cx, question.process, 0, u32::MAX);
            finish(cx, released).await
        }),
        Request::OpenExecutable(question) => Box::pin(open_executable(cx, question.process)),
        Request::First(question) => Box::pin(first(cx, question.process)),
        Request::SetLimit(question) => Box::pin(set_limit(cx, question)),
        Request::SetGroups(question) => Box::pin(set_groups(cx, question)),
        Request::Share(question) => Box::pin(share(cx, question)),
        Request::Program(question) => Box::pin(choose_program(cx, question)),
    }
}

async fn finish(cx: Context, released: Released) -> Outcome {
    release(&cx, released).await;
    cx.end(|_| ())
}

/// Makes sure that the root is mounted.
async fn mount_root(cx: &Context) -> Result<(), Refused> {
    if cx.look("mounted", |state| state.root_open().is_some()) {
        return Ok(());
    }
    let root = cx.ask("root", RAMFS, files::Root {}, &[]).await?;
    let root = Object {
        server: RAMFS,
        handle: root.handle,
    };
    let mounted = cx.step("mount", |state| {
        state.mount_root(root, b"ramfs");
        state.root_open().is_some_and(|open| open.object == root)
    });
    if !mounted {
        // Another request was first.
        crate::release::close(cx, root).await;
    }
    Ok(())
}

/// Mounts proc where the root has a directory for it. A system without it still runs.
async fn mount_proc(cx: &Context) {
    let mounted = cx.look("proc mounted", |state| state.mounts().count() > 1);
    if mounted {
        return;
    }
    if let Err(refused) = try_mount_proc(cx).await {
        cx.log(&format!("/proc is not mounted: {refused:?}"));
    }
}

async fn try_mount_proc(cx: &Context) -> Result<(), Refused> {
    let mut route = Route::of_system(cx, b"/proc")?;
    let flags = OpenFlags::check(O_PATH | O_DIRECTORY)?;
    let open = open_route(cx, &mut route, flags, 0).await?;
    let named = (b"proc".to_vec(), b"proc".to_vec(), 0);
    let mounted = mount_on(cx, PROCFS, &open, named).await;
    if mounted.is_err() {
        abandon(cx, &open).await;
    }
    mounted
}

async fn first(cx: Context, process: Pid) -> Outcome {
    mount_root(&cx).await?;
    mount_proc(&cx).await;
    let root = cx.look("first root", |state| {
        state.root_open().map(|open| open.object)
    });
    let root = root.ok_or(Errno::NODEV)?;
    let Object { server, handle } = root;
    // The mount keeps its reference, the process gets one of its own.
    let duplicate = object::Duplicate { handle, count: 1 };
    cx.ask("duplicate", server, duplicate, &[]).await?;
    let made = cx.step("first", |state| state.make_first(process));
    if made != Ok(true) {
        crate::release::close(&cx, root).await;
    }
    cx.end_with(|_| Ok(made.map(drop)?))
}

async fn set_limit(cx: Context, question: SetLimit) -> Outcome {
    let limits = Limits {
        descriptors: question.descriptors,
        file_bytes: question.file_bytes,
    };
    let changed = cx.step("limits", |state| {
        let changed = state.change_settings(question.process, |settings| settings.limits = limits);
        changed.map(drop)
    });
    forget_routes(&cx, question.process, 0, u32::MAX);
    cx.end_with(|_| Ok(changed?))
}

async fn set_groups(cx: Context, question: SetGroups) -> Outcome {
    if question.count > GROUPS {
        return Err(Errno::INVAL.into());
    }
    let length = word::index(u64::from(question.count)) * 4;
    let bytes = arguments::copied(&cx, "groups", || cx.lease_bytes(0, 0, length))?;
    let (groups, _) = bytes.as_chunks::<4>();
    let groups = groups.iter().map(|bytes| u32::from_le_bytes(*bytes));
    cx.end_with(|state| {
        state.places(question.process).ok_or(Errno::SRCH)?;
        state.set_groups(question.process, groups.collect());
        Ok(())
    })
}

async fn open_executable(cx: Context, process: Pid) -> Outcome {
    let path = arguments::lent_path(&cx, 0)?;
    let process = match cx.caller().pid {
        Pid::NONE => process,
        caller => caller,
    };
    let known = cx.look("known", |state| state.places(process).is_some());
    let mut route = if known {
        Route::new(&cx, process, Start::Directory, &path)?
    } else {
        mount_root(&cx).await?;
        Route::of_system(&cx, &path)?
    };
    let executable = |start| files::Access {
        start,
        follow: true,
        wanted: mode::EXECUTE,
    };
    route.observe(&cx, "executable", executable, &[]).await?;
    let flags = OpenFlags::check(O_RDONLY)?;
    let open = open_route(&cx, &mut route, flags, 0).await?;
    if !mode::is_regular(open.mode) {
        abandon(&cx, &open).await;
        return Err(Errno::ACCES.into());
    }
    let Object { server, handle } = open.object;
    let question = object::Describe { handle };
    let described = match cx.repeat("describe", server, question, &[]).await {
        Ok(described) => described,
        Err(refused) => {
            abandon(&cx, &open).await;
            return Err(refused);
        }
    };
    cx.end(|state| {
        state.note_candidate(process, open.object, &open.path);
        Executable {
            server,
            handle,
            mode: described.mode,
            user: described.user,
            group: described.group,
            length: described.length,
        }
    })
}

async fn choose_program(cx: Context, question: Program) -> Outcome {
    let object = Object {
        server: question.server,
        handle: question.handle,
    };
    cx.end_with(|state| Ok(state.choose_program(question.process, object)?))
}

async fn share(cx: Context, question: Share) -> Outcome {
    let (object, flags) = cx.look("share", |state| {
        let (_, open) = state.opened(question.process, question.descriptor)?;
        if open.names_only() {
            return Err(Errno::BADF);
        }
        Ok((open.object, open.flags))
    })?;
    let Object { server, handle } = object;
    let duplicate = object::Duplicate { handle, count: 1 };
    cx.ask("duplicate", server, duplicate, &[]).await?;
    cx.end(|_| Shared {
        server,
        handle,
        flags,
    })
}
