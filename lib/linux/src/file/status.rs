//! `struct stat`, `struct statx` and `struct statfs` of x86-64, as bytes.

use super::device;
use linux_raw_sys::general as raw;

/// Bytes of `struct stat`.
pub const STATUS_BYTES: usize = 144;
/// Bytes of `struct statx`.
pub const EXTENDED_STATUS_BYTES: usize = 256;
/// Bytes of `struct statfs`.
pub const FILE_SYSTEM_STATUS_BYTES: usize = 120;

/// Bytes that `st_blocks` counts in.
const BLOCK_BYTES: u64 = 512;
const NANOSECONDS: u64 = 1_000_000_000;

/// What there is to know of a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Attributes {
    /// The number of the device the file lies on.
    pub device: u64,
    /// The inode's number.
    pub node: u64,
    /// Type and permission bits.
    pub mode: u32,
    /// Names it has.
    pub links: u32,
    /// The owner.
    pub user: u32,
    /// The group.
    pub group: u32,
    /// For a device node the number of the device it stands for.
    pub special: u64,
    /// Bytes.
    pub size: u64,
    /// Bytes it takes in store.
    pub allocated: u64,
    /// Bytes to read or write at a time.
    pub block: u32,
    /// Last access, ns since 1970.
    pub access: u64,
    /// Last change of the content, ns since 1970.
    pub modification: u64,
    /// Last change of the attributes, ns since 1970.
    pub change: u64,
    /// Its making, ns since 1970; 0 when unknown.
    pub birth: u64,
}

impl Attributes {
    /// As `struct stat` (`asm/stat.h`).
    #[must_use]
    pub fn to_status(&self) -> [u8; STATUS_BYTES] {
        let mut bytes = [0; STATUS_BYTES];
        let mut out = Out(&mut bytes);
        out.put_64(0, self.device);
        out.put_64(8, self.node);
        out.put_64(16, u64::from(self.links));
        out.put_32(24, self.mode);
        out.put_32(28, self.user);
        out.put_32(32, self.group);
        out.put_64(40, self.special);
        out.put_64(48, self.size);
        out.put_64(56, u64::from(self.block));
        out.put_64(64, self.allocated.div_ceil(BLOCK_BYTES));
        for (at, time) in [
            (72, self.access),
            (88, self.modification),
            (104, self.change),
        ] {
            out.put_64(at, time / NANOSECONDS);
            out.put_64(at + 8, time % NANOSECONDS);
        }
        bytes
    }

    /// As `struct statx` (`linux/stat.h`). It holds more than was asked for, as Linux's does.
    #[must_use]
    pub fn to_extended(&self) -> [u8; EXTENDED_STATUS_BYTES] {
        let mut bytes = [0; EXTENDED_STATUS_BYTES];
        let mut out = Out(&mut bytes);
        let born = if self.birth == 0 { 0 } else { raw::STATX_BTIME };
        out.put_32(0, raw::STATX_BASIC_STATS | born);
        out.put_32(4, self.block);
        out.put_32(16, self.links);
        out.put_32(20, self.user);
        out.put_32(24, self.group);
        out.put_16(28, self.mode & 0xffff);
        out.put_64(32, self.node);
        out.put_64(40, self.size);
        out.put_64(48, self.allocated.div_ceil(BLOCK_BYTES));
        let times = [
            (64, self.access),
            (80, self.birth),
            (96, self.change),
            (112, self.modification),
        ];
        for (at, time) in times {
            out.put_64(at, time / NANOSECONDS);
            out.put_32(at + 8, abi::word::low_32(time % NANOSECONDS));
        }
        out.put_32(128, device::major(self.special));
        out.put_32(132, device::minor(self.special));
        out.put_32(136, device::major(self.device));
        out.put_32(140, device::minor(self.device));
        bytes
    }
}

/// What there is to know of a file system.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FileSystem {
    /// Its magic number (`linux/magic.h`).
    pub kind: u64,
    /// Bytes in a block.
    pub block: u64,
    /// Blocks in all.
    pub blocks: u64,
    /// Free blocks.
    pub free: u64,
    /// Inodes in all.
    pub nodes: u64,
    /// Free inodes.
    pub free_nodes: u64,
    /// Its identity.
    pub identity: u64,
    /// Flags it is mounted with (`ST_*`).
    pub flags: u64,
}

impl FileSystem {
    /// As `struct statfs` (`asm-generic/statfs.h`).
    #[must_use]
    pub fn to_bytes(&self) -> [u8; FILE_SYSTEM_STATUS_BYTES] {
        let mut bytes = [0; FILE_SYSTEM_STATUS_BYTES];
        let words = [
            self.kind,
            self.block,
            self.blocks,
            self.free,
            self.free,
            self.nodes,
            self.free_nodes,
            self.identity,
            abi::limits::NAME_BYTES as u64,
            self.block,
            self.flags | VALID,
        ];
        let mut out = Out(&mut bytes);
        for (index, word) in words.into_iter().enumerate() {
            out.put_64(index * 8, word);
        }
        bytes
    }
}

/// Says that `f_flags` means something (`ST_VALID`).
const VALID: u64 = 0x20;

/// Magic numbers of file systems.
pub mod magic {
    /// /proc.
    pub const PROC: u64 = linux_raw_sys::general::PROC_SUPER_MAGIC as u64;
    /// A file system in memory.
    pub const RAM: u64 = 0x8584_58f6;
    /// Pipes.
    pub const PIPE: u64 = linux_raw_sys::general::PIPEFS_MAGIC as u64;
}

struct Out<'a>(&'a mut [u8]);

impl Out<'_> {
    fn put_64(&mut self, at: usize, value: u64) {
        self.0[at..at + 8].copy_from_slice(&value.to_le_bytes());
    }

    fn put_32(&mut self, at: usize, value: u32) {
        self.0[at..at + 4].copy_from_slice(&value.to_le_bytes());
    }

    fn put_16(&mut self, at: usize, value: u32) {
        self.0[at..at + 2].copy_from_slice(&value.to_le_bytes()[..2]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::mem::offset_of;

    const FILE: Attributes = Attributes {
        device: 0x0102,
        node: 77,
        mode: 0o100_644,
        links: 3,
        user: 1000,
        group: 100,
        special: 0x0503,
        size: 1025,
        allocated: 4096,
        block: 4096,
        access: 5_000_000_007,
        modification: 6_000_000_008,
        change: 7_000_000_009,
        birth: 8_000_000_010,
    };

    fn at<const N: usize>(bytes: &[u8], offset: usize) -> u64 {
        let mut word = [0; 8];
        word[..N].copy_from_slice(&bytes[offset..offset + N]);
        u64::from_le_bytes(word)
    }

    #[test]
    fn stat_lies_as_the_kernels_header_says() {
        assert_eq!(size_of::<raw::stat>(), STATUS_BYTES);
        let bytes = FILE.to_status();
        assert_eq!(at::<8>(&bytes, offset_of!(raw::stat, st_ino)), 77);
        assert_eq!(at::<8>(&bytes, offset_of!(raw::stat, st_nlink)), 3);
        assert_eq!(at::<4>(&bytes, offset_of!(raw::stat, st_mode)), 0o100_644);
        assert_eq!(at::<4>(&bytes, offset_of!(raw::stat, st_uid)), 1000);
        assert_eq!(at::<4>(&bytes, offset_of!(raw::stat, st_gid)), 100);
        assert_eq!(at::<8>(&bytes, offset_of!(raw::stat, st_rdev)), 0x0503);
        assert_eq!(at::<8>(&bytes, offset_of!(raw::stat, st_size)), 1025);
        assert_eq!(at::<8>(&bytes, offset_of!(raw::stat, st_blksize)), 4096);
        assert_eq!(at::<8>(&bytes, offset_of!(raw::stat, st_blocks)), 8);
        assert_eq!(at::<8>(&bytes, offset_of!(raw::stat, st_atime)), 5);
        assert_eq!(at::<8>(&bytes, offset_of!(raw::stat, st_mtime_nsec)), 8);
        assert_eq!(at::<8>(&bytes, offset_of!(raw::stat, st_ctime)), 7);
    }

    #[test]
    fn statx_lies_as_the_kernels_header_says() {
        assert_eq!(size_of::<raw::statx>(), EXTENDED_STATUS_BYTES);
        let bytes = FILE.to_extended();
        let stamp = offset_of!(raw::statx_timestamp, tv_nsec);
        assert_eq!(at::<4>(&bytes, offset_of!(raw::statx, stx_mask)), 0xfff);
        assert_eq!(at::<4>(&bytes, offset_of!(raw::statx, stx_nlink)), 3);
        assert_eq!(at::<2>(&bytes, offset_of!(raw::statx, stx_mode)), 0o100_644);
        assert_eq!(at::<8>(&bytes, offset_of!(raw::statx, stx_ino)), 77);
        assert_eq!(at::<8>(&bytes, offset_of!(raw::statx, stx_size)), 1025);
        assert_eq!(at::<8>(&bytes, offset_of!(raw::statx, stx_blocks)), 8);
        assert_eq!(at::<8>(&bytes, offset_of!(raw::statx, stx_atime)), 5);
        assert_eq!(
            at::<4>(&bytes, offset_of!(raw::statx, stx_btime) + stamp),
            10
        );
        assert_eq!(at::<8>(&bytes, offset_of!(raw::statx, stx_ctime)), 7);
        assert_eq!(
            at::<4>(&bytes, offset_of!(raw::statx, stx_mtime) + stamp),
            8
        );
        assert_eq!(at::<4>(&bytes, offset_of!(raw::statx, stx_rdev_major)), 5);
        assert_eq!(at::<4>(&bytes, offset_of!(raw::statx, stx_dev_minor)), 2);
    }

    #[test]
    fn statfs_lies_as_the_kernels_header_says() {
        assert_eq!(size_of::<raw::statfs>(), FILE_SYSTEM_STATUS_BYTES);
        let bytes = FileSystem {
            kind: magic::PROC,
            block: 4096,
            blocks: 100,
            free: 40,
            nodes: 9,
            free_nodes: 4,
            identity: 2,
            flags: 0,
        }
        .to_bytes();
        assert_eq!(at::<8>(&bytes, offset_of!(raw::statfs, f_type)), 0x9fa0);
        assert_eq!(at::<8>(&bytes, offset_of!(raw::statfs, f_bavail)), 40);
        assert_eq!(at::<8>(&bytes, offset_of!(raw::statfs, f_ffree)), 4);
        assert_eq!(at::<8>(&bytes, offset_of!(raw::statfs, f_namelen)), 255);
        assert_eq!(at::<8>(&bytes, offset_of!(raw::statfs, f_flags)), 0x20);
    }
}
