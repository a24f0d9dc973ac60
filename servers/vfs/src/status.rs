//! stat and its kin, access, readlink, statfs.

use crate::arguments::{self, Context};
use crate::found;
use crate::tables::{Object, Start, Tables};
use crate::transfer::part;
use crate::walk::Route;
use abi::lease::Access;
use abi::{Errno, word};
use alloc::vec::Vec;
use linux::file::flags::{
    AT_EACCESS, AT_EMPTY_PATH, AT_FDCWD, AT_NO_AUTOMOUNT, AT_STATX_SYNC_TYPE, AT_SYMLINK_NOFOLLOW,
};
use linux::file::status::{EXTENDED_STATUS_BYTES, FILE_SYSTEM_STATUS_BYTES, STATUS_BYTES};
use protocol::{files, object};
use service::{Outcome, Refused};

/// A bit of statx's mask that programs must not set.
const RESERVED_MASK: u32 = 0x8000_0000;

/// What a call with a path, a descriptor and flags is about.
pub(crate) enum Subject {
    /// A path, from the directory of the descriptor.
    Path(Vec<u8>),
    /// The descriptor itself, or the working directory.
    Itself,
}

/// Reads the path of a call that allows AT_EMPTY_PATH.
///
/// # Errors
/// `FAULT`, `NAMETOOLONG`; `NOENT` for an empty path without the flag.
pub(crate) fn subject(cx: &Context, path: u64, flags: u32) -> Result<Subject, Refused> {
    let may_be_empty = flags & AT_EMPTY_PATH != 0;
    if may_be_empty && path == 0 {
        return Ok(Subject::Itself);
    }
    let path = arguments::path(cx, "path", path)?;
    match (path.is_empty(), may_be_empty) {
        (true, true) => Ok(Subject::Itself),
        (true, false) => Err(Errno::NOENT.into()),
        (false, _) => Ok(Subject::Path(path)),
    }
}

/// Whether a descriptor argument means the working directory.
pub(crate) const fn is_directory_argument(directory: u64) -> bool {
    arguments::int(directory) == AT_FDCWD
}

/// Refuses flags that a call does not know.
///
/// # Errors
/// `INVAL`.
pub(crate) const fn known(flags: u64, known: u32) -> Result<u32, Errno> {
    let flags = word::low_32(flags);
    if flags & !known != 0 {
        return Err(Errno::INVAL);
    }
    Ok(flags)
}

/// stat, lstat, newfstatat.
pub(crate) async fn status(
    cx: Context,
    directory: u64,
    path: u64,
    buffer: u64,
    flags: u64,
) -> Outcome {
    let flags = known(flags, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_EMPTY_PATH)?;
    let path = match subject(&cx, path, flags)? {
        Subject::Itself if !is_directory_argument(directory) => {
            return status_of(cx, directory, buffer).await;
        }
        Subject::Itself => b".".to_vec(),
        Subject::Path(path) => path,
    };
    let memory = part(buffer, STATUS_BYTES as u64, Access::Write)?;
    let follow = flags & AT_SYMLINK_NOFOLLOW == 0;
    let mut route = Route::of_program(&cx, directory, &path)?;
    let question = |start| files::Status { start, follow };
    route.observe(&cx, "status", question, &[memory]).await?;
    cx.end(|_| ())
}

/// fstat.
pub(crate) async fn status_of(cx: Context, number: u64, buffer: u64) -> Outcome {
    let Object { server, handle } = found::named(&cx, number)?.attributes;
    let memory = part(buffer, STATUS_BYTES as u64, Access::Write)?;
    cx.forward(server, &object::Status { handle }, &[memory])
}

/// statx.
pub(crate) async fn extended_status(
    cx: Context,
    directory: u64,
    path: u64,
    flags: u64,
    mask: u64,
    buffer: u64,
) -> Outcome {
    let mask = word::low_32(mask);
    let allowed = AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_EMPTY_PATH | AT_STATX_SYNC_TYPE;
    let flags = known(flags, allowed)?;
    if mask & RESERVED_MASK != 0 || flags & AT_STATX_SYNC_TYPE == AT_STATX_SYNC_TYPE {
        return Err(Errno::INVAL.into());
    }
    let memory = part(buffer, EXTENDED_STATUS_BYTES as u64, Access::Write)?;
    let path = match subject(&cx, path, flags)? {
        Subject::Itself if !is_directory_argument(directory) => {
            let Object { server, handle } = found::named(&cx, directory)?.attributes;
            return cx.forward(server, &object::ExtendedStatus { handle, mask }, &[memory]);
        }
        Subject::Itself => b".".to_vec(),
        Subject::Path(path) => path,
    };
    let follow = flags & AT_SYMLINK_NOFOLLOW == 0;
    let mut route = Route::of_program(&cx, directory, &path)?;
    let question = |start| files::ExtendedStatus {
        start,
        follow,
        mask,
    };
    route.observe(&cx, "status", question, &[memory]).await?;
    cx.end(|_| ())
}

/// access, faccessat, faccessat2. Permissions are checked for the ids that file accesses use,
/// because they are all that a request carries.
pub(crate) async fn access(
    cx: Context,
    directory: u64,
    path: u64,
    wanted: u64,
    flags: u64,
) -> Outcome {
    let flags = known(flags, AT_SYMLINK_NOFOLLOW | AT_EACCESS | AT_EMPTY_PATH)?;
    let wanted = known(wanted, 0o7)?;
    let path = match subject(&cx, path, flags)? {
        Subject::Itself if !is_directory_argument(directory) => {
            return access_of(cx, directory, wanted).await;
        }
        Subject::Itself => b".".to_vec(),
        Subject::Path(path) => path,
    };
    let follow = flags & AT_SYMLINK_NOFOLLOW == 0;
    let mut route = Route::of_program(&cx, directory, &path)?;
    let question = |start| files::Access {
        start,
        follow,
        wanted,
    };
    route.observe(&cx, "access", question, &[]).await?;
    cx.end(|_| ())
}

async fn access_of(cx: Context, number: u64, wanted: u32) -> Outcome {
    let Object { server, handle } = found::named(&cx, number)?.attributes;
    let question = object::Describe { handle };
    let found = cx.repeat("describe", server, question, &[]).await?;
    let caller = cx.caller();
    let groups = cx.look("groups", |state| state.groups(caller.pid));
    let actor = linux::file::mode::Actor {
        user: caller.user,
        group: caller.group,
        groups: &groups,
    };
    if !actor.may(found.mode, found.user, found.group, wanted) {
        return Err(Errno::ACCES.into());
    }
    cx.end(|_| ())
}

/// readlink, readlinkat.
pub(crate) async fn read_link(
    cx: Context,
    directory: u64,
    path: u64,
    buffer: u64,
    size: u64,
) -> Outcome {
    let size = u64::try_from(arguments::int(size)).unwrap_or(0);
    if size == 0 {
        return Err(Errno::INVAL.into());
    }
    let memory = part(buffer, size, Access::Write)?;
    let path = arguments::path(&cx, "path", path)?;
    let mut route = Route::of_program(&cx, directory, &path)?;
    let question = |start| files::ReadLink { start };
    let answer = route.observe(&cx, "read link", question, &[memory]).await?;
    cx.end(|_| u64::from(answer.mount))
}

/// statfs.
pub(crate) async fn file_system_status(cx: Context, path: u64, buffer: u64) -> Outcome {
    let memory = part(buffer, FILE_SYSTEM_STATUS_BYTES as u64, Access::Write)?;
    let path = arguments::path(&cx, "path", path)?;
    let mut route = Route::new(&cx, cx.caller().pid, Start::Directory, &path)?;
    let question = |start| files::FileSystemStatus { start };
    route.observe(&cx, "status", question, &[memory]).await?;
    cx.end(|_| ())
}

/// fstatfs.
pub(crate) async fn file_system_status_of(cx: Context, number: u64, buffer: u64) -> Outcome {
    let Object { server, handle } = found::named(&cx, number)?.attributes;
    let memory = part(buffer, FILE_SYSTEM_STATUS_BYTES as u64, Access::Write)?;
    cx.forward(server, &object::FileSystemStatus { handle }, &[memory])
}
