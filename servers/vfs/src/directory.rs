//! The working directory and the root of a process; the older getdents.

use crate::arguments::{self, Context, MEMORY, descriptor};
use crate::found;
use crate::open::{abandon, open_route};
use crate::release::release;
use crate::tables::{Descriptors, Object, Open, Place, Processes, Start, Tables};
use crate::transfer::part;
use crate::walk::Route;
use abi::lease::Access;
use abi::limits::PATH_BYTES;
use abi::{Errno, word};
use alloc::vec::Vec;
use linux::file::flags::{O_DIRECTORY, O_PATH, OpenFlags};
use linux::file::{entry, mode, path};
use protocol::{files, object};
use service::{Lend, Outcome, Refused};

/// chdir and, for root alone, chroot.
pub(crate) async fn change(cx: Context, path: u64, which: Place) -> Outcome {
    let path = arguments::path(&cx, "path", path)?;
    let process = cx.caller().pid;
    let mut route = Route::new(&cx, process, Start::Directory, &path)?;
    let flags = OpenFlags::check(O_PATH | O_DIRECTORY)?;
    let open = open_route(&cx, &mut route, flags, 0).await?;
    let moved = match may_enter(&cx, &open, which).await {
        Ok(()) => cx.step("move", |state| {
            state.move_place_to(process, which, open.clone())
        }),
        Err(refused) => {
            abandon(&cx, &open).await;
            return Err(refused);
        }
    };
    match moved {
        Ok(released) => {
            release(&cx, released).await;
            cx.end(|_| ())
        }
        Err(errno) => {
            abandon(&cx, &open).await;
            Err(errno.into())
        }
    }
}

async fn may_enter(cx: &Context, open: &Open, which: Place) -> Result<(), Refused> {
    search(cx, open.object).await?;
    if which == Place::Root && cx.caller().user != 0 {
        return Err(Errno::PERM.into());
    }
    Ok(())
}

/// Checks search permission of an open directory.
async fn search(cx: &Context, directory: Object) -> Result<(), Refused> {
    let question = files::Access {
        start: directory.handle,
        follow: true,
        wanted: mode::EXECUTE,
    };
    let lent = [Lend::Bytes(b".")];
    let answer = cx.repeat("search", directory.server, question, &lent);
    answer.await.map(drop)
}

/// fchdir.
pub(crate) async fn change_to(cx: Context, number: u64) -> Outcome {
    let found = found::named(&cx, number)?;
    if !mode::is_directory(found.mode) {
        return Err(Errno::NOTDIR.into());
    }
    search(&cx, found.object).await?;
    let process = cx.caller().pid;
    let number = descriptor(number);
    let released = cx.step("move", |state| {
        let (id, _) = state.opened(process, number)?;
        state.places(process).ok_or(Errno::BADF)?;
        state.hold(id, 1);
        state.move_place(process, Place::Directory, id)
    })?;
    release(&cx, released).await;
    cx.end(|_| ())
}

/// getcwd.
pub(crate) async fn working_directory(cx: Context, buffer: u64, size: u64) -> Outcome {
    let process = cx.caller().pid;
    let (spot, root) = cx.look("spot", |state| {
        let root = state.spot(process, Start::Root)?;
        Ok::<_, Errno>((state.spot(process, Start::Directory)?, root))
    })?;
    let whole = path_of(&cx, spot.object, spot.mount).await?;
    let mut text = match path::below(&root.path, &whole) {
        Some(inside) => inside.to_vec(),
        None => [b"(unreachable)", &whole[..]].concat(),
    };
    text.push(0);
    if text.len() > PATH_BYTES {
        return Err(Errno::NAMETOOLONG.into());
    }
    if text.len() as u64 > size {
        return Err(Errno::RANGE.into());
    }
    cx.end_with(|_| {
        cx.write_lease(MEMORY, buffer, &text)?;
        Ok(text.len() as u64)
    })
}

/// The absolute path of an open directory, as it is now: asked of each file system on the way up.
async fn path_of(cx: &Context, mut object: Object, mut mount: u32) -> Result<Vec<u8>, Refused> {
    let mut whole = Vec::new();
    loop {
        let question = files::PathOf {
            directory: object.handle,
        };
        let (length, bytes) = cx
            .repeat_reading("path of", object.server, question, &[], PATH_BYTES)
            .await?;
        let text = bytes.get(..word::index(length)).ok_or(Errno::PROTO)?;
        let text = path::without_end_slashes(text);
        whole.splice(..0, text.iter().copied());
        let covered = cx.look("covered", |state| {
            state.mount(mount).and_then(|m| m.covered)
        });
        match covered {
            Some(covered) if whole.len() < PATH_BYTES => {
                object = covered.directory;
                mount = covered.mount;
            }
            _ => break,
        }
    }
    if whole.is_empty() {
        whole.push(b'/');
    }
    Ok(whole)
}

/// getdents: the entries as getdents64 has them, turned into the older structure in place.
pub(crate) async fn old_entries(cx: Context, number: u64, address: u64, count: u64) -> Outcome {
    let found = found::usable(&cx, number)?;
    if !mode::is_directory(found.mode) {
        return Err(Errno::NOTDIR.into());
    }
    let count = u64::from(word::low_32(count)).min(OLD_ENTRIES_LIMIT);
    let memory = part(address, count, Access::Write)?;
    let Object { server, handle } = found.object;
    let question = object::Entries { handle, count };
    let length = cx.ask("entries", server, question, &[memory]).await?;
    let length = word::index(length.min(count));
    let mut bytes = arguments::bytes(&cx, "entries", address, length)?;
    // What was read is kept first: turned twice, the entries would be spoilt.
    cx.step("kept", |_| ());
    entry::make_old(&mut bytes);
    cx.end_with(|_| {
        cx.write_lease(MEMORY, address, &bytes)?;
        Ok(length as u64)
    })
}

/// Bytes that getdents answers at most.
const OLD_ENTRIES_LIMIT: u64 = 32 * 1024;
