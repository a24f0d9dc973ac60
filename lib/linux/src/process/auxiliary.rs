//! The auxiliary vector (getauxval(3)): what a program is told of itself at its start.

use alloc::vec::Vec;
use linux_raw_sys::auxvec as raw;

/// What the auxiliary vector tells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Auxiliary {
    /// Address of the vDSO's image.
    pub vdso: u64,
    /// Address of the program headers.
    pub headers: u64,
    /// How many there are.
    pub header_count: u64,
    /// Where the program starts.
    pub entry: u64,
    /// Real and effective user.
    pub users: [u32; 2],
    /// Real and effective group.
    pub groups: [u32; 2],
    /// The program runs with rights that its caller has not.
    pub secure: bool,
}

/// Bytes of one program header of a 64-bit file.
const HEADER_BYTES: u64 = 56;
/// Bytes that a signal's frame takes at most, with its alignment.
const SIGNAL_STACK_BYTES: u64 = 2048;

impl Auxiliary {
    /// The pairs of words, the last one of zeroes. `random`, `platform` and `name` are addresses of
    /// 16 random bytes and two strings.
    #[must_use]
    pub fn words(&self, random: u64, platform: u64, name: u64) -> Vec<u64> {
        let pairs = [
            (raw::AT_SYSINFO_EHDR, self.vdso),
            (raw::AT_MINSIGSTKSZ, SIGNAL_STACK_BYTES),
            (raw::AT_PAGESZ, abi::layout::PAGE_SIZE),
            (raw::AT_CLKTCK, super::time::TICKS_PER_SECOND),
            (raw::AT_PHDR, self.headers),
            (raw::AT_PHENT, HEADER_BYTES),
            (raw::AT_PHNUM, self.header_count),
            (raw::AT_BASE, 0),
            (raw::AT_FLAGS, 0),
            (raw::AT_ENTRY, self.entry),
            (raw::AT_UID, self.users[0].into()),
            (raw::AT_EUID, self.users[1].into()),
            (raw::AT_GID, self.groups[0].into()),
            (raw::AT_EGID, self.groups[1].into()),
            (raw::AT_SECURE, self.secure.into()),
            (raw::AT_RANDOM, random),
            (raw::AT_EXECFN, name),
            (raw::AT_PLATFORM, platform),
            (raw::AT_NULL, 0),
        ];
        pairs
            .into_iter()
            .flat_map(|(kind, value)| [u64::from(kind), value])
            .collect()
    }
}
