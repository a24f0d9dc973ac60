//! Mounts.

use super::{Covered, LockFile, Mount, Object, Open, Tables};
use abi::Errno;
use alloc::vec::Vec;
use linux::file::{flags, mode};

/// The number of the root mount.
pub(crate) const ROOT_MOUNT: u32 = 1;
/// Flags of mount(2) by the names /proc/mounts gives them.
const FLAG_NAMES: [(u64, &str); 5] = [
    (0x2, ",nosuid"),
    (0x4, ",nodev"),
    (0x8, ",noexec"),
    (0x400, ",noatime"),
    (0x20_0000, ",relatime"),
];
const READ_ONLY: u64 = 0x1;

/// What is done with mounts.
pub(crate) trait Mounts: Tables {
    /// Notes the root file system, unless there is one.
    fn mount_root(&mut self, root: Object, kind: &[u8]) {
        if self.mount(ROOT_MOUNT).is_some() {
            return;
        }
        let mount = Mount {
            root,
            covered: None,
            path: b"/".to_vec(),
            source: kind.to_vec(),
            kind: kind.to_vec(),
            flags: 0,
        };
        self.set_mount(ROOT_MOUNT, mount);
    }

    /// An open of the root directory; it shares the description of the mount.
    fn root_open(&self) -> Option<Open> {
        let mount = self.mount(ROOT_MOUNT)?;
        Some(Open {
            object: mount.root,
            node: None,
            mount: ROOT_MOUNT,
            mode: mode::S_IFDIR | 0o755,
            flags: flags::O_PATH | flags::O_DIRECTORY,
            path: mount.path.clone(),
            file: LockFile::of(mount.root, 0),
        })
    }

    /// Whether anything but the mount itself refers to it: opens, or mounts in it.
    fn is_busy(&self, number: u32) -> bool {
        let used = self.opens().any(|(_, open)| open.mount == number);
        used || self
            .mounts()
            .any(|(_, other)| other.covered.is_some_and(|c| c.mount == number))
    }

    /// Takes a mount away; with `lazily` even when it is in use.
    ///
    /// # Errors
    /// `INVAL` when there is no such mount, `BUSY` when it is the root or in use.
    fn unmount(&mut self, number: u32, lazily: bool) -> Result<(Object, Covered), Errno> {
        let mount = self.mount(number).ok_or(Errno::INVAL)?;
        let covered = mount.covered.ok_or(Errno::BUSY)?;
        let root = mount.root;
        if !lazily && self.is_busy(number) {
            return Err(Errno::BUSY);
        }
        self.take_mount(number);
        Ok((root, covered))
    }

    /// Changes the flags of a mount.
    ///
    /// # Errors
    /// `INVAL` when there is no such mount.
    fn remount(&mut self, number: u32, flags: u64) -> Result<(), Errno> {
        let mut mount = self.mount(number).cloned().ok_or(Errno::INVAL)?;
        mount.flags = flags;
        self.set_mount(number, mount);
        Ok(())
    }

    /// The text of /proc/mounts.
    fn mounts_text(&self) -> Vec<u8> {
        let mut text = Vec::new();
        for (_, mount) in self.mounts() {
            for field in [&mount.source, &mount.path, &mount.kind] {
                escape(field, &mut text);
                text.push(b' ');
            }
            let access: &[u8] = if mount.flags & READ_ONLY == 0 {
                b"rw"
            } else {
                b"ro"
            };
            text.extend_from_slice(access);
            for (_, name) in FLAG_NAMES
                .iter()
                .filter(|(flag, _)| mount.flags & flag != 0)
            {
                text.extend_from_slice(name.as_bytes());
            }
            text.extend_from_slice(b" 0 0\n");
        }
        text
    }
}

impl<T: Tables> Mounts for T {}

/// Writes blanks, line ends and backslashes as getmntent(3) reads them.
fn escape(field: &[u8], text: &mut Vec<u8>) {
    for byte in field {
        match byte {
            b' ' => text.extend_from_slice(b"\\040"),
            b'\t' => text.extend_from_slice(b"\\011"),
            b'\n' => text.extend_from_slice(b"\\012"),
            b'\\' => text.extend_from_slice(b"\\134"),
            _ => text.push(*byte),
        }
    }
}
