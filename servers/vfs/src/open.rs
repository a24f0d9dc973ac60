//! Opening: files, directories, devices, FIFOs.

use crate::arguments::{self, Context};
use crate::release::{close, forget_routes, release};
use crate::tables::{Descriptors, LockFile, Object, Open, Tables};
use crate::walk::Route;
use abi::{Errno, word};
use linux::file::flags::{O_CLOEXEC, O_CREAT, O_TRUNC, O_WRONLY, OpenFlags, reads, writes};
use linux::file::{device, mode, path};
use protocol::endpoint::{DS, PFS};
use protocol::{files, names, pipe};
use service::{Outcome, Refused};

/// The flags that creat(2) stands for.
pub(crate) const CREATE: u64 = (O_CREAT | O_WRONLY | O_TRUNC) as u64;
/// Bytes of `struct open_how`.
const HOW_BYTES: usize = 24;
/// What the name of a pipe starts with.
const PIPE_NAME: &[u8] = b"pipe:[";
/// Sets the lock of a device apart from inodes.
const DEVICE_LOCK: u64 = 1 << 63;

/// open, openat, creat.
pub(crate) async fn open(
    cx: Context,
    directory: u64,
    path: u64,
    flags: u64,
    permissions: u64,
) -> Outcome {
    let flags = OpenFlags::check(word::low_32(flags))?;
    let path = arguments::path(&cx, "path", path)?;
    let process = cx.caller().pid;
    // Linux finds a number first: when there is none, no file is made.
    let umask = cx.look("room", |state| {
        state.number_for_new(process)?;
        Ok::<_, Errno>(state.settings(process).ok_or(Errno::BADF)?.umask)
    })?;
    let mut route = Route::of_program(&cx, directory, &path)?;
    let permissions = word::low_32(permissions) & mode::PERMISSIONS & !umask;
    let open = match open_route(&cx, &mut route, flags, permissions).await {
        Ok(open) => open,
        Err(refused) => return reopen_pipe(&cx, &route.text(), flags, refused),
    };
    let installed = cx.step("install", |state| {
        state.install(process, open.clone(), flags.has(O_CLOEXEC))
    });
    if installed.is_err() {
        abandon(&cx, &open).await;
    }
    cx.end_with(|_| Ok(installed.map(u64::from)?))
}

/// A link in /proc/PID/fd to a pipe has a text that is no path. Opening it makes a further descriptor
/// for that end, if it is the caller's own.
fn reopen_pipe(cx: &Context, text: &[u8], flags: OpenFlags, refused: Refused) -> Outcome {
    let name = path::names(text).next_back().unwrap_or_default();
    if refused.errno() != Some(Errno::NOENT) || !name.starts_with(PIPE_NAME) {
        return Err(refused);
    }
    let process = cx.caller().pid;
    cx.end_with(|state| {
        let mut own = state.descriptors_from(process, 0);
        let end = own.find(|(_, descriptor)| {
            state.open(descriptor.open).is_some_and(|open| {
                let fits =
                    reads(open.flags) == flags.reads() && writes(open.flags) == flags.writes();
                fits && open.path == name
            })
        });
        let number = end.map(|(number, _)| number);
        drop(own);
        let number = number.ok_or(refused)?;
        let copy = state.duplicate(process, number, 0, flags.has(O_CLOEXEC))?;
        Ok(u64::from(copy))
    })
}

/// openat2, without restrictions of the look-up: programs that want those fall back to openat.
pub(crate) async fn open_with(
    cx: Context,
    directory: u64,
    path: u64,
    how: u64,
    size: u64,
) -> Outcome {
    if size < HOW_BYTES as u64 {
        return Err(Errno::INVAL.into());
    }
    if size > HOW_BYTES as u64 {
        return Err(Errno::TOOBIG.into());
    }
    let how = arguments::structure::<HOW_BYTES>(&cx, "how", how)?;
    let (words, _) = how.as_chunks::<8>();
    let [flags, permissions, restrictions] = [words[0], words[1], words[2]].map(u64::from_le_bytes);
    if flags >> 32 != 0 {
        return Err(Errno::INVAL.into());
    }
    if restrictions != 0 {
        return Err(Errno::NOSYS.into());
    }
    open(cx, directory, path, flags, permissions).await
}

/// Opens what a route leads to. The caller installs it, or [`abandon`]s it.
///
/// # Errors
/// As open(2).
pub(crate) async fn open_route(
    cx: &Context,
    route: &mut Route,
    flags: OpenFlags,
    permissions: u32,
) -> Result<Open, Refused> {
    let question = |start| files::Open {
        start,
        flags: flags.bits() & !O_CLOEXEC,
        mode: permissions,
    };
    let opened = route.effect(cx, "open", question, &[]).await?;
    let node = Object {
        server: route.server(),
        handle: opened.handle,
    };
    let is_device = matches!(opened.mode & mode::S_IFMT, mode::S_IFCHR | mode::S_IFBLK);
    let locked = if is_device {
        DEVICE_LOCK | opened.device
    } else {
        opened.device
    };
    let open = Open {
        object: node,
        node: None,
        mount: route.mount(),
        mode: opened.mode,
        flags: flags.bits(),
        path: route.text(),
        file: LockFile::of(node, locked),
    };
    if flags.names_only() {
        return Ok(open);
    }
    let special = match open.kind() {
        mode::S_IFREG | mode::S_IFDIR => return Ok(open),
        mode::S_IFCHR => open_device(cx, opened.device, flags).await,
        mode::S_IFIFO => open_fifo(cx, node, opened.device, flags).await,
        mode::S_IFLNK => Err(Errno::LOOP.into()),
        _ => Err(Errno::NXIO.into()),
    };
    match special {
        Ok(object) => Ok(Open {
            object,
            node: Some(node),
            ..open
        }),
        Err(refused) => {
            close(cx, node).await;
            Err(refused)
        }
    }
}

async fn open_device(cx: &Context, number: u64, flags: OpenFlags) -> Result<Object, Refused> {
    let major = device::major(number);
    // What every system has is waited for: its driver may not have published itself yet.
    let wait = matches!(
        major,
        device::MEMORY | device::TERMINALS | device::ALTERNATE_TERMINALS
    );
    let driver = names::Find {
        kind: names::Kind::CharacterDevice,
        number: u64::from(major),
        wait,
    };
    let found = cx.repeat("driver", DS, driver, &[]).await;
    let server = match found {
        Ok(found) => found.server,
        Err(refused) if refused.errno() == Some(Errno::NOENT) => return Err(Errno::NXIO.into()),
        Err(refused) => return Err(refused),
    };
    let question = protocol::device::Open {
        device: number,
        flags: flags.bits(),
    };
    let opened = cx.ask("device", server, question, &[]).await?;
    Ok(Object {
        server: opened.server,
        handle: opened.handle,
    })
}

async fn open_fifo(
    cx: &Context,
    file: Object,
    node: u64,
    flags: OpenFlags,
) -> Result<Object, Refused> {
    let question = pipe::OpenFifo {
        server: file.server,
        node,
        flags: flags.bits(),
    };
    let opened = cx.ask("fifo", PFS, question, &[]).await?;
    Ok(Object {
        server: PFS,
        handle: opened.handle,
    })
}

/// Closes what was opened and could not be installed.
pub(crate) async fn abandon(cx: &Context, open: &Open) {
    for object in core::iter::once(open.object).chain(open.node) {
        close(cx, object).await;
    }
}

/// close.
pub(crate) async fn close_descriptor(cx: Context, number: u64) -> Outcome {
    let process = cx.caller().pid;
    let number = arguments::descriptor(number);
    let released = cx.step("close", |state| state.close(process, number))?;
    forget_routes(&cx, process, number, 1);
    release(&cx, released).await;
    cx.end(|_| ())
}
