//! mmap, munmap, mprotect.

use super::{Context, apply, capacity, change, close, finish};
use crate::arguments::{self, Map, Source};
use crate::range::Range;
use crate::region::{Backing, FilePart};
use crate::space::Mapping;
use crate::state::{Changed, Object, Tables};
use abi::Errno;
use abi::call::Protection;
use linux_raw_sys::general as linux;
use protocol::endpoint::VFS;
use protocol::{descriptors, object};
use service::{Outcome, Refused};

/// The device number of /dev/zero as Linux packs it: major 1, minor 5.
const ZERO_DEVICE: u64 = 1 << 8 | 5;

/// mmap.
pub(super) async fn map(cx: Context, words: [u64; 7]) -> Outcome {
    let wanted = arguments::map(&words)?;
    match wanted.source {
        Source::Anonymous => map_anonymous(&cx, &wanted).await,
        Source::File { descriptor, offset } => map_file(&cx, &wanted, descriptor, offset).await,
    }
}

fn mapping(wanted: &Map, backing: Backing) -> Mapping {
    Mapping {
        placement: wanted.placement,
        length: wanted.length,
        protection: wanted.protection,
        backing,
        marks: wanted.marks,
        populate: wanted.populate,
    }
}

async fn map_anonymous(cx: &Context, wanted: &Map) -> Outcome {
    let backing = if wanted.shared {
        Backing::Shared
    } else {
        Backing::Zero
    };
    let mapping = mapping(wanted, backing);
    let changed = change(cx, "map", |space, actions| space.map(&mapping, actions))?;
    let populated = apply(cx, cx.caller().space, &changed.actions);
    close(cx, &changed.closed).await;
    if let (Err(errno), true) = (populated, wanted.shared) {
        // Pages that come later could not be shared with children made before.
        undo(cx, changed.value, wanted.length);
        return Err(errno.into());
    }
    cx.end(|_| changed.value)
}

fn undo(cx: &Context, address: u64, length: u64) {
    let undone = change(cx, "undo", |space, actions| {
        space.unmap(Range::of(address, length)?, actions)
    });
    if let Ok(undone) = undone {
        let _ = apply(cx, cx.caller().space, &undone.actions);
    }
}

async fn map_file(cx: &Context, wanted: &Map, descriptor: u32, offset: u64) -> Outcome {
    let question = descriptors::Share {
        process: cx.caller().pid,
        descriptor,
    };
    let file = cx.ask("share", VFS, question, &[]).await?;
    let object = Object {
        server: file.server,
        handle: file.handle,
    };
    let content = match content(cx, wanted, &file).await {
        Ok(content) => content,
        Err(errno) => {
            close(cx, &[object]).await;
            return Err(errno.into());
        }
    };
    if content == Content::Zeroes {
        close(cx, &[object]).await;
        return map_anonymous(cx, wanted).await;
    }
    let changed = insert_file(cx, wanted, object, offset);
    if changed.is_err() {
        close(cx, &[object]).await;
    }
    finish(cx, changed).await
}

/// What a file's pages are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Content {
    Pages,
    Zeroes,
}

/// Whether the file can be mapped as wanted.
async fn content(cx: &Context, wanted: &Map, file: &descriptors::Shared) -> Result<Content, Errno> {
    let access = file.flags & linux::O_ACCMODE;
    let writes = wanted.protection.allows(Protection::WRITE);
    if access == linux::O_WRONLY || wanted.shared && writes && access != linux::O_RDWR {
        return Err(Errno::ACCES);
    }
    let handle = file.handle;
    let described = cx.repeat("describe", file.server, object::Describe { handle }, &[]);
    // What cannot be described has no pages to map.
    let described = described.await.map_err(|_: Refused| Errno::NODEV)?;
    let kind = described.mode & linux::S_IFMT;
    if kind == linux::S_IFCHR && described.device == ZERO_DEVICE {
        return Ok(Content::Zeroes);
    }
    // Pages of a server are lent to be read: a store would be seen by nobody else.
    if kind != linux::S_IFREG || wanted.shared && writes {
        return Err(Errno::NODEV);
    }
    Ok(Content::Pages)
}

fn insert_file(
    cx: &Context,
    wanted: &Map,
    object: Object,
    offset: u64,
) -> Result<Changed<u64>, Errno> {
    cx.step("map file", |state| {
        let (space, capacity) = (cx.caller().space, capacity(cx));
        state.change_with_file(space, capacity, object, |space, actions, file| {
            let part = FilePart {
                file,
                offset,
                limit: u64::MAX,
                shared: wanted.shared,
            };
            space.map(&mapping(wanted, Backing::File(part)), actions)
        })
    })
}

/// munmap.
pub(super) async fn unmap(cx: Context, words: [u64; 7]) -> Outcome {
    let range = arguments::unmap(&words)?;
    let changed = change(&cx, "unmap", |space, actions| {
        space.unmap(range, actions).map(|()| 0)
    });
    finish(&cx, changed).await
}

/// mprotect.
pub(super) async fn protect(cx: Context, words: [u64; 7]) -> Outcome {
    let Some((range, protection, down)) = arguments::protect(&words)? else {
        return cx.end(|_| 0);
    };
    let changed = change(&cx, "protect", |space, actions| {
        let range = if down {
            space.down_to_start(range)?
        } else {
            range
        };
        space.protect(range, protection, actions).map(|()| 0)
    });
    finish(&cx, changed).await
}
