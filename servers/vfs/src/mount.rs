//! mount, umount2, sync.

use crate::arguments::{self, Context};
use crate::found;
use crate::open::open_route;
use crate::release::close;
use crate::status::known;
use crate::tables::{Covered, Mount, Mounts, Object, Open, Start, Tables};
use crate::walk::Route;
use abi::{Endpoint, Errno, word};
use alloc::vec::Vec;
use linux::file::flags::{O_DIRECTORY, O_NOFOLLOW, O_PATH, OpenFlags};
use linux_raw_sys::general as raw;
use protocol::endpoint::DS;
use protocol::{files, names};
use service::{Outcome, Refused};

/// The upper half of flags that old programs set (MS_MGC_VAL).
const MAGIC: u64 = 0xc0ed_0000;
/// Changes of propagation, which has no meaning here.
const PROPAGATION: u64 =
    (raw::MS_PRIVATE | raw::MS_SHARED | raw::MS_SLAVE | raw::MS_UNBINDABLE) as u64;
/// What cannot be done.
const UNSUPPORTED: u64 = (raw::MS_BIND | raw::MS_MOVE) as u64;
const REMOUNT: u64 = raw::MS_REMOUNT as u64;
/// Flags that stay with a mount.
const KEPT: u64 = (raw::MS_RDONLY
    | raw::MS_NOSUID
    | raw::MS_NODEV
    | raw::MS_NOEXEC
    | raw::MS_NOATIME
    | raw::MS_RELATIME) as u64;
/// Bytes of a type's name.
const TYPE_BYTES: usize = 64;

fn require_root(cx: &Context) -> Result<(), Errno> {
    if cx.caller().user == 0 {
        Ok(())
    } else {
        Err(Errno::PERM)
    }
}

/// mount.
pub(crate) async fn mount(cx: Context, [source, target, kind]: [u64; 3], flags: u64) -> Outcome {
    require_root(&cx)?;
    let flags = if flags & 0xffff_0000 == MAGIC {
        flags & 0xffff
    } else {
        flags
    };
    let target = arguments::path(&cx, "target", target)?;
    let mut route = Route::new(&cx, cx.caller().pid, Start::Directory, &target)?;
    let open_flags = OpenFlags::check(O_PATH | O_DIRECTORY)?;
    if flags & (PROPAGATION | REMOUNT) != 0 {
        let open = open_route(&cx, &mut route, open_flags, 0).await?;
        close(&cx, open.object).await;
        return cx.end_with(|state| {
            if flags & REMOUNT != 0 {
                state.remount(open.mount, flags & KEPT)?;
            }
            Ok(())
        });
    }
    if flags & UNSUPPORTED != 0 {
        return Err(Errno::INVAL.into());
    }
    let source = match source {
        0 => b"none".to_vec(),
        source => arguments::path(&cx, "source", source)?,
    };
    let kind = arguments::string(&cx, "type", kind, TYPE_BYTES)?;
    let server = file_system(&cx, &kind).await?;
    let open = open_route(&cx, &mut route, open_flags, 0).await?;
    let mounted = mount_on(&cx, server, &open, (source, kind, flags & KEPT)).await;
    if mounted.is_err() {
        close(&cx, open.object).await;
    }
    mounted?;
    cx.end(|_| ())
}

/// The server of a file-system type. There is one of each; that of the root cannot be mounted anew,
/// because it would show the same files.
async fn file_system(cx: &Context, kind: &[u8]) -> Result<Endpoint, Refused> {
    let number = match kind {
        b"proc" => names::FileSystem::Proc,
        b"ramfs" | b"rootfs" => return Err(Errno::BUSY.into()),
        _ => return Err(Errno::NODEV.into()),
    };
    let question = names::Find {
        kind: names::Kind::FileSystem,
        number: number as u64,
        wait: true,
    };
    Ok(cx.repeat("server", DS, question, &[]).await?.server)
}

/// Mounts the file system of a server on an open directory, which the mount takes over.
///
/// # Errors
/// `BUSY` when the directory is the root of a mount; what the servers refuse.
pub(crate) async fn mount_on(
    cx: &Context,
    server: Endpoint,
    on: &Open,
    (source, kind, flags): (Vec<u8>, Vec<u8>, u64),
) -> Result<(), Refused> {
    if is_root(cx, on.object).await? {
        return Err(Errno::BUSY.into());
    }
    let handle = cx.ask("root", server, files::Root {}, &[]).await?.handle;
    let root = Object { server, handle };
    let number = cx.step("mount", |state| {
        let number = state.new_mount_number();
        let mount = Mount {
            root,
            covered: Some(Covered {
                directory: on.object,
                mount: on.mount,
            }),
            path: on.path.clone(),
            source,
            kind,
            flags,
        };
        state.set_mount(number, mount);
        number
    });
    let cover = files::Cover {
        directory: on.object.handle,
        mount: number,
    };
    let covered = cx.ask("cover", on.object.server, cover, &[]).await;
    if covered.is_err() {
        cx.step("take back", |state| {
            state.take_mount(number);
        });
        close(cx, root).await;
    }
    covered
}

/// Whether a directory is the root of its file system.
async fn is_root(cx: &Context, directory: Object) -> Result<bool, Refused> {
    let question = files::PathOf {
        directory: directory.handle,
    };
    let capacity = abi::limits::PATH_BYTES;
    let (length, bytes) = cx
        .repeat_reading("path of", directory.server, question, &[], capacity)
        .await?;
    Ok(bytes.get(..word::index(length)) == Some(b"/"))
}

/// umount2.
pub(crate) async fn unmount(cx: Context, target: u64, flags: u64) -> Outcome {
    require_root(&cx)?;
    let allowed = raw::MNT_FORCE | raw::MNT_DETACH | raw::UMOUNT_NOFOLLOW;
    let flags = known(flags, allowed)?;
    let target = arguments::path(&cx, "target", target)?;
    let mut route = Route::new(&cx, cx.caller().pid, Start::Directory, &target)?;
    let no_follow = if flags & raw::UMOUNT_NOFOLLOW == 0 {
        0
    } else {
        O_NOFOLLOW
    };
    let open_flags = OpenFlags::check(O_PATH | O_DIRECTORY | no_follow)?;
    let open = open_route(&cx, &mut route, open_flags, 0).await?;
    let is_root = is_root(&cx, open.object).await;
    close(&cx, open.object).await;
    if !is_root? {
        return Err(Errno::INVAL.into());
    }
    let lazily = flags & raw::MNT_DETACH != 0;
    let (root, covered) = cx.step("unmount", |state| state.unmount(open.mount, lazily))?;
    let uncover = files::Cover {
        directory: covered.directory.handle,
        mount: 0,
    };
    let uncovered = cx.ask("uncover", covered.directory.server, uncover, &[]);
    // That the directory has gone with its file system is as good.
    let _ = uncovered.await;
    close(&cx, root).await;
    close(&cx, covered.directory).await;
    cx.end(|_| ())
}

/// sync: every mounted file system in turn.
pub(crate) async fn synchronise_all(cx: Context) -> Outcome {
    let servers = cx.look("servers", |state| {
        let mut servers: Vec<Endpoint> = state.mounts().map(|(_, m)| m.root.server).collect();
        servers.sort_unstable();
        servers.dedup();
        servers
    });
    for server in servers {
        // sync(2) cannot fail.
        let _ = cx.repeat("sync", server, files::Synchronise {}, &[]).await;
    }
    cx.end(|_| ())
}

/// syncfs: the file system that a descriptor's file lies in.
pub(crate) async fn synchronise_one(cx: Context, number: u64) -> Outcome {
    let found = found::usable(&cx, number)?;
    let server = found.attributes.server;
    let mounted = cx.look("mounted", |state| {
        state.mounts().any(|(_, mount)| mount.root.server == server)
    });
    if mounted {
        cx.repeat("sync", server, files::Synchronise {}, &[])
            .await?;
    }
    cx.end(|_| ())
}
