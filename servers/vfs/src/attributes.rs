//! Changing permissions, owners, times and lengths.

use crate::arguments::{self, Context};
use crate::found;
use crate::status::{Subject, is_directory_argument, known, subject};
use crate::tables::{Object, Tables};
use crate::transfer::checked_length;
use crate::walk::Route;
use abi::{Errno, word};
use linux::file::flags::{AT_EMPTY_PATH, AT_SYMLINK_NOFOLLOW, O_APPEND, writes};
use linux::file::mode;
use linux::file::time::{self, Stamp};
use protocol::files::{self, times};
use protocol::object;
use service::{Outcome, Refused};

/// Extends a file's room without its length (FALLOC_FL_KEEP_SIZE).
const KEEP_SIZE: u32 = 1;

/// chmod, fchmodat, fchmodat2.
pub(crate) async fn set_mode(
    cx: Context,
    directory: u64,
    path: u64,
    wanted: u64,
    flags: u64,
) -> Outcome {
    let flags = known(flags, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)?;
    let mode = word::low_32(wanted) & mode::PERMISSIONS;
    let path = match subject(&cx, path, flags)? {
        Subject::Itself if !is_directory_argument(directory) => {
            return forward_mode(&cx, found::named(&cx, directory)?.attributes, mode);
        }
        Subject::Itself => b".".to_vec(),
        Subject::Path(path) => path,
    };
    let follow = flags & AT_SYMLINK_NOFOLLOW == 0;
    let mut route = Route::of_program(&cx, directory, &path)?;
    let question = |start| files::SetMode {
        start,
        follow,
        mode,
    };
    route.effect(&cx, "set mode", question, &[]).await?;
    cx.end(|_| ())
}

/// fchmod.
pub(crate) async fn set_mode_of(cx: Context, number: u64, wanted: u64) -> Outcome {
    let found = found::usable(&cx, number)?;
    forward_mode(
        &cx,
        found.attributes,
        word::low_32(wanted) & mode::PERMISSIONS,
    )
}

fn forward_mode(cx: &Context, object: Object, mode: u32) -> Outcome {
    let Object { server, handle } = object;
    cx.forward(server, &object::SetMode { handle, mode }, &[])
}

/// chown, lchown, fchownat.
pub(crate) async fn set_owner(
    cx: Context,
    directory: u64,
    path: u64,
    [user, group]: [u64; 2],
    flags: u64,
) -> Outcome {
    let flags = known(flags, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)?;
    let (user, group) = (word::low_32(user), word::low_32(group));
    let path = match subject(&cx, path, flags)? {
        Subject::Itself if !is_directory_argument(directory) => {
            return forward_owner(&cx, found::named(&cx, directory)?.attributes, user, group);
        }
        Subject::Itself => b".".to_vec(),
        Subject::Path(path) => path,
    };
    let follow = flags & AT_SYMLINK_NOFOLLOW == 0;
    let mut route = Route::of_program(&cx, directory, &path)?;
    let question = |start| files::SetOwner {
        start,
        follow,
        user,
        group,
    };
    route.effect(&cx, "set owner", question, &[]).await?;
    cx.end(|_| ())
}

/// fchown.
pub(crate) async fn set_owner_of(cx: Context, number: u64, user: u64, group: u64) -> Outcome {
    let found = found::usable(&cx, number)?;
    let (user, group) = (word::low_32(user), word::low_32(group));
    forward_owner(&cx, found.attributes, user, group)
}

fn forward_owner(cx: &Context, object: Object, user: u32, group: u32) -> Outcome {
    let Object { server, handle } = object;
    let question = object::SetOwner {
        handle,
        user,
        group,
    };
    cx.forward(server, &question, &[])
}

/// How a call passes two times.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Times {
    /// `struct timespec[2]` (utimensat).
    Nanoseconds,
    /// `struct timeval[2]` (utimes, futimesat).
    Microseconds,
    /// `struct utimbuf` (utime).
    Seconds,
}

fn read_times(cx: &Context, address: u64, form: Times) -> Result<[Stamp; 2], Refused> {
    if address == 0 {
        return Ok([Stamp::Now; 2]);
    }
    if let Times::Seconds = form {
        let seconds = time::pair(&arguments::structure(cx, "times", address)?);
        return Ok([seconds.0, seconds.1].map(time::stamp_of_seconds));
    }
    let bytes = arguments::structure::<32>(cx, "times", address)?;
    let (halves, _) = bytes.as_chunks::<16>();
    let read = match form {
        Times::Microseconds => time::stamp_of_microseconds,
        _ => time::stamp,
    };
    Ok([read(&halves[0])?, read(&halves[1])?])
}

fn word_of(stamp: Stamp) -> u64 {
    match stamp {
        Stamp::Now => times::NOW,
        Stamp::Omit => times::OMIT,
        Stamp::At(nanoseconds) => nanoseconds.min(times::OMIT - 1),
    }
}

/// utimensat, utimes, utime, futimesat. Without a path it is about the descriptor.
pub(crate) async fn set_times(
    cx: Context,
    directory: u64,
    path: u64,
    (address, form): (u64, Times),
    flags: u64,
) -> Outcome {
    let flags = known(flags, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)?;
    let [access, modification] = read_times(&cx, address, form)?.map(word_of);
    if access == times::OMIT && modification == times::OMIT {
        return cx.end(|_| ());
    }
    let no_path = path == 0 && !is_directory_argument(directory);
    let subject = if no_path {
        Subject::Itself
    } else {
        subject(&cx, path, flags)?
    };
    let path = match subject {
        Subject::Itself if !is_directory_argument(directory) => {
            let Object { server, handle } = found::named(&cx, directory)?.attributes;
            let question = object::SetTimes {
                handle,
                access,
                modification,
            };
            return cx.forward(server, &question, &[]);
        }
        Subject::Itself => b".".to_vec(),
        Subject::Path(path) => path,
    };
    let follow = flags & AT_SYMLINK_NOFOLLOW == 0;
    let mut route = Route::of_program(&cx, directory, &path)?;
    let question = |start| files::SetTimes {
        start,
        follow,
        access,
        modification,
    };
    route.effect(&cx, "set times", question, &[]).await?;
    cx.end(|_| ())
}

/// truncate.
pub(crate) async fn truncate(cx: Context, directory: u64, path: u64, length: u64) -> Outcome {
    let process = cx.caller().pid;
    let settings = cx.look("limit", |state| state.settings(process));
    let limit = settings.ok_or(Errno::BADF)?.limits.file_bytes;
    let length = checked_length(length, limit)?;
    let path = arguments::path(&cx, "path", path)?;
    let mut route = Route::of_program(&cx, directory, &path)?;
    let question = |start| files::Truncate { start, length };
    route.effect(&cx, "truncate", question, &[]).await?;
    cx.end(|_| ())
}

/// ftruncate.
pub(crate) async fn truncate_of(cx: Context, number: u64, length: u64) -> Outcome {
    let found = found::usable(&cx, number)?;
    let length = checked_length(length, found.file_limit)?;
    if !mode::is_regular(found.mode) || !writes(found.flags) {
        return Err(Errno::INVAL.into());
    }
    let Object { server, handle } = found.object;
    cx.forward(server, &object::Truncate { handle, length }, &[])
}

/// fallocate: makes a file longer. That there is room is seen when it is written.
pub(crate) async fn allocate(
    cx: Context,
    number: u64,
    how: u64,
    offset: u64,
    length: u64,
) -> Outcome {
    let found = found::writable(&cx, number)?;
    if offset.cast_signed() < 0 || length.cast_signed() <= 0 {
        return Err(Errno::INVAL.into());
    }
    match found.kind() {
        mode::S_IFREG => {}
        mode::S_IFIFO => return Err(Errno::SPIPE.into()),
        _ => return Err(Errno::NODEV.into()),
    }
    let end = offset.checked_add(length).ok_or(Errno::FBIG)?;
    let length = checked_length(end, found.file_limit)?;
    match word::low_32(how) {
        0 => {}
        KEEP_SIZE => return cx.end(|_| ()),
        _ => return Err(Errno::NOTSUP.into()),
    }
    let Object { server, handle } = found.object;
    let describe = object::Describe { handle };
    let now = cx.repeat("describe", server, describe, &[]).await?.length;
    if now < length {
        let question = object::Truncate { handle, length };
        cx.ask("extend", server, question, &[]).await?;
    }
    cx.end(|_| ())
}

/// fadvise64, readahead, sync_file_range: hints, taken by saying so.
pub(crate) async fn advise(cx: Context, number: u64) -> Outcome {
    let found = found::usable(&cx, number)?;
    if found.kind() == mode::S_IFIFO {
        return Err(Errno::SPIPE.into());
    }
    cx.end(|_| ())
}

/// Whether every write goes to the end.
pub(crate) const fn appends(flags: u32) -> bool {
    flags & O_APPEND != 0
}
