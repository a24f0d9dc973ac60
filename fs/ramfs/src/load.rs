//! The root as the boot archive has it. Files' bytes stay in the archive until they are written.

use crate::tree::{Content, Node, ROOT, Tree};
use archive::{Archive, Entry, Kind};
use linux::file::mode::{S_IFCHR, S_IFDIR, S_IFLNK, S_IFREG};

/// Nanoseconds in a second.
const SECOND: u64 = 1_000_000_000;
/// What lies below this in the archive is the root.
const FOLDER: &[u8] = b"root";

/// Fills an empty tree.
pub(crate) fn load(tree: &mut Tree, bytes: &[u8]) {
    tree.make(directory(0o755, (0, 0), 0));
    let Ok(archive) = Archive::read(bytes) else {
        return;
    };
    for entry in archive.entries() {
        if entry.path == FOLDER {
            tree.change(ROOT, |root| root.mode = S_IFDIR | entry.mode);
        } else if let Some(path) = entry.path.strip_prefix(b"root/") {
            add(tree, path, &entry);
        }
    }
}

/// Parents come before what is in them: the archive is in order.
fn add(tree: &mut Tree, path: &[u8], entry: &Entry<'_>) {
    let mut parent = ROOT;
    let mut names = path.split(|byte| *byte == b'/').peekable();
    while let Some(name) = names.next() {
        if names.peek().is_none() {
            let made = tree.make(node(entry));
            return tree.enter(parent, name, made, entry.modified * SECOND);
        }
        match tree.find(parent, name) {
            Some(next) => parent = next,
            None => return,
        }
    }
}

fn node(entry: &Entry<'_>) -> Node {
    let time = entry.modified * SECOND;
    let made = directory(entry.mode, (entry.user, entry.group), time);
    let size = entry.data.len() as u64;
    match entry.kind {
        Kind::Directory => Node { links: 1, ..made },
        Kind::File => Node {
            mode: S_IFREG | entry.mode,
            links: 0,
            size,
            content: Content::File {
                archive: entry.offset,
                archived: size,
            },
            ..made
        },
        Kind::Link => Node {
            mode: S_IFLNK | 0o777,
            links: 0,
            size,
            content: Content::Link(entry.data.to_vec().into()),
            ..made
        },
        Kind::CharacterDevice => Node {
            mode: S_IFCHR | entry.mode,
            links: 0,
            content: Content::Special(entry.device().unwrap_or(0)),
            ..made
        },
    }
}

fn directory(mode: u32, (user, group): (u32, u32), time: u64) -> Node {
    Node {
        mode: S_IFDIR | mode,
        user,
        group,
        links: 2,
        size: 0,
        times: [time; 3],
        content: Content::Directory(ROOT),
        open: 0,
    }
}
