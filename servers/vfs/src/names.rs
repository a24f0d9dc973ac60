//! Making and removing names.

use crate::arguments::{self, Context};
use crate::found;
use crate::open::open_route;
use crate::release::close;
use crate::status::{Subject, is_directory_argument, known, subject};
use crate::tables::{Object, Tables};
use crate::walk::Route;
use abi::{Errno, word};
use alloc::vec::Vec;
use linux::file::flags::{
    AT_EMPTY_PATH, AT_REMOVEDIR, AT_SYMLINK_FOLLOW, O_DIRECTORY, O_NOFOLLOW, O_PATH, OpenFlags,
};
use linux::file::{mode, path};
use protocol::files;
use service::{Lend, Outcome, Refused};

/// Do not replace the new name (RENAME_NOREPLACE).
const NO_REPLACE: u32 = 1;
/// Exchange the two names (RENAME_EXCHANGE).
const EXCHANGE: u32 = 2;

/// Permission bits for something new: the process's umask applied.
fn permitted(cx: &Context, permissions: u64) -> Result<u32, Errno> {
    let process = cx.caller().pid;
    let umask = cx.look("umask", |state| state.settings(process).map(|s| s.umask));
    Ok(word::low_32(permissions) & !umask.ok_or(Errno::BADF)?)
}

/// mkdir, mkdirat.
pub(crate) async fn make_directory(
    cx: Context,
    directory: u64,
    path: u64,
    permissions: u64,
) -> Outcome {
    let path = arguments::path(&cx, "path", path)?;
    let mode = permitted(&cx, permissions)? & (0o777 | mode::S_ISVTX);
    let mut route = Route::of_program(&cx, directory, &path)?;
    let question = |start| files::MakeDirectory { start, mode };
    route.effect(&cx, "make directory", question, &[]).await?;
    cx.end(|_| ())
}

/// mknod, mknodat.
pub(crate) async fn make_node(
    cx: Context,
    directory: u64,
    path: u64,
    wanted: u64,
    device: u64,
) -> Outcome {
    let path = arguments::path(&cx, "path", path)?;
    let mode = permitted(&cx, wanted)? & (mode::S_IFMT | mode::PERMISSIONS);
    let (mode, device) = match mode & mode::S_IFMT {
        0 => (mode | mode::S_IFREG, 0),
        mode::S_IFREG | mode::S_IFIFO | mode::S_IFSOCK => (mode, 0),
        mode::S_IFCHR | mode::S_IFBLK if cx.caller().user != 0 => return Err(Errno::PERM.into()),
        // The call takes the device as 32 bits, packed alike (`new_decode_dev`).
        mode::S_IFCHR | mode::S_IFBLK => (mode, u64::from(word::low_32(device))),
        mode::S_IFDIR => return Err(Errno::PERM.into()),
        _ => return Err(Errno::INVAL.into()),
    };
    let mut route = Route::of_program(&cx, directory, &path)?;
    let question = |start| files::MakeNode {
        start,
        mode,
        device,
    };
    route.effect(&cx, "make node", question, &[]).await?;
    cx.end(|_| ())
}

/// symlink, symlinkat.
pub(crate) async fn make_link(cx: Context, text: u64, directory: u64, path: u64) -> Outcome {
    let text = arguments::path(&cx, "text", text)?;
    let path = arguments::path(&cx, "path", path)?;
    if text.is_empty() {
        return Err(Errno::NOENT.into());
    }
    let mut route = Route::of_program(&cx, directory, &path)?;
    let question = |start| files::MakeLink { start };
    let lent = [Lend::Bytes(&text)];
    route.effect(&cx, "make link", question, &lent).await?;
    cx.end(|_| ())
}

/// unlink, rmdir, unlinkat.
pub(crate) async fn remove(cx: Context, from: u64, path: u64, flags: u64) -> Outcome {
    let directory = known(flags, AT_REMOVEDIR)? != 0;
    let path = arguments::path(&cx, "path", path)?;
    let mut route = Route::of_program(&cx, from, &path)?;
    let question = |start| files::Remove { start, directory };
    route.effect(&cx, "remove", question, &[]).await?;
    cx.end(|_| ())
}

/// A name within an open directory.
struct Entry {
    directory: Object,
    mount: u32,
    name: Vec<u8>,
    /// Whether slashes said that it is a directory's.
    of_directory: bool,
}

/// Opens the directory that holds the last name of a path.
async fn entry(cx: &Context, from: u64, path: &[u8]) -> Result<Entry, Refused> {
    let mut route = Route::of_program(cx, from, path)?;
    let question = |start| files::OpenParent { start };
    let opened = route.effect(cx, "parent", question, &[]).await?;
    let directory = Object {
        server: route.server(),
        handle: opened.handle,
    };
    let consumed = word::index(u64::from(opened.consumed));
    let name = route.rest().get(consumed..).unwrap_or_default();
    let trimmed = path::without_end_slashes(name);
    if trimmed.is_empty() {
        close(cx, directory).await;
        return Err(Errno::PROTO.into());
    }
    Ok(Entry {
        directory,
        mount: route.mount(),
        name: trimmed.to_vec(),
        of_directory: path::ends_in_slash(name),
    })
}

/// rename, renameat, renameat2.
pub(crate) async fn rename(
    cx: Context,
    [old_directory, old, new_directory, new]: [u64; 4],
    flags: u64,
) -> Outcome {
    let flags = known(flags, NO_REPLACE | EXCHANGE)?;
    if flags == NO_REPLACE | EXCHANGE {
        return Err(Errno::INVAL.into());
    }
    let old = arguments::path(&cx, "old", old)?;
    let new = arguments::path(&cx, "new", new)?;
    let old = entry(&cx, old_directory, &old).await?;
    let renamed = match entry(&cx, new_directory, &new).await {
        Ok(new) => {
            let renamed = rename_entry(&cx, &old, &new, flags).await;
            close(&cx, new.directory).await;
            renamed
        }
        Err(refused) => Err(refused),
    };
    close(&cx, old.directory).await;
    renamed?;
    cx.end(|_| ())
}

async fn rename_entry(cx: &Context, old: &Entry, new: &Entry, flags: u32) -> Result<(), Refused> {
    if old.mount != new.mount {
        return Err(Errno::XDEV.into());
    }
    if old.of_directory || (new.of_directory && flags & EXCHANGE == 0) {
        require_directory(cx, old).await?;
    }
    let question = files::Rename {
        from: old.directory.handle,
        to: new.directory.handle,
        flags,
    };
    let names = [Lend::Bytes(&old.name), Lend::Bytes(&new.name)];
    cx.ask("rename", old.directory.server, question, &names)
        .await
}

/// Makes sure that a name is a directory's.
async fn require_directory(cx: &Context, entry: &Entry) -> Result<(), Refused> {
    let Object { server, handle } = entry.directory;
    let question = files::Open {
        start: handle,
        flags: O_PATH | O_DIRECTORY | O_NOFOLLOW,
        mode: 0,
    };
    let lent = [Lend::Bytes(&entry.name)];
    let opened = cx.ask("directory", server, question, &lent).await?;
    match opened.walk {
        files::Walk::Done => {
            let handle = opened.handle;
            close(cx, Object { server, handle }).await;
            Ok(())
        }
        // What something is mounted on is a directory.
        files::Walk::Mount => Ok(()),
        files::Walk::Link | files::Walk::Above => Err(Errno::NOTDIR.into()),
    }
}

/// link, linkat.
pub(crate) async fn link(
    cx: Context,
    [old_directory, old, new_directory, new]: [u64; 4],
    flags: u64,
) -> Outcome {
    let flags = known(flags, AT_SYMLINK_FOLLOW | AT_EMPTY_PATH)?;
    let subject = subject(&cx, old, flags)?;
    let new = arguments::path(&cx, "new", new)?;
    match subject {
        Subject::Itself if is_directory_argument(old_directory) => Err(Errno::PERM.into()),
        // Naming an open file again needs a right that only root has (CAP_DAC_READ_SEARCH).
        Subject::Itself if cx.caller().user != 0 => Err(Errno::NOENT.into()),
        Subject::Itself => {
            let found = found::named(&cx, old_directory)?;
            let linked = link_object(&cx, found.attributes, new_directory, &new).await;
            linked?;
            cx.end(|_| ())
        }
        Subject::Path(old) => {
            let follow = flags & AT_SYMLINK_FOLLOW != 0;
            let no_follow = if follow { 0 } else { O_NOFOLLOW };
            let open_flags = OpenFlags::check(O_PATH | no_follow)?;
            let mut route = Route::of_program(&cx, old_directory, &old)?;
            let object = open_route(&cx, &mut route, open_flags, 0).await?.object;
            let linked = link_object(&cx, object, new_directory, &new).await;
            close(&cx, object).await;
            linked?;
            cx.end(|_| ())
        }
    }
}

async fn link_object(
    cx: &Context,
    object: Object,
    directory: u64,
    path: &[u8],
) -> Result<(), Refused> {
    let new = entry(cx, directory, path).await?;
    let linked = if object.server != new.directory.server {
        Err(Errno::XDEV.into())
    } else if new.of_directory {
        Err(Errno::NOENT.into())
    } else {
        let question = files::Link {
            object: object.handle,
            directory: new.directory.handle,
        };
        let lent = [Lend::Bytes(&new.name)];
        cx.ask("link", object.server, question, &lent).await
    };
    close(cx, new.directory).await;
    linked
}
