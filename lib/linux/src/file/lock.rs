//! Advisory locks: `struct flock` and the operations of flock(2).

use abi::Errno;
use linux_raw_sys::general as raw;

/// Bytes of `struct flock`.
pub const LOCK_BYTES: usize = 32;

/// Who holds a lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holder {
    /// A process.
    Process,
    /// An open file description.
    Description,
}

/// What a lock allows others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Others may hold shared locks, too.
    Shared,
    /// Others may hold none.
    Exclusive,
}

/// A range of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    /// The first byte.
    pub start: u64,
    /// The last byte, `u64::MAX` for all that follow.
    pub last: u64,
}

impl Range {
    /// Whether two ranges have a byte in common.
    #[must_use]
    pub const fn meets(&self, other: &Range) -> bool {
        self.start <= other.last && other.start <= self.last
    }
}

/// The content of a `struct flock`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The lock, or `None` to drop it.
    pub kind: Option<Kind>,
    /// What the start counts from: SEEK_SET, SEEK_CUR or SEEK_END.
    pub whence: u32,
    /// The start.
    pub start: i64,
    /// How many bytes: 0 for all that follow, negative for those before the start.
    pub length: i64,
    /// The process, as the program wrote it.
    pub process: u32,
}

impl Wanted {
    /// Reads a `struct flock`.
    ///
    /// # Errors
    /// `INVAL` for an unknown kind or origin.
    pub fn parse(bytes: &[u8; LOCK_BYTES]) -> Result<Wanted, Errno> {
        let field = |at: usize| {
            let mut word = [0; 8];
            word.copy_from_slice(&bytes[at..at + 8]);
            i64::from_le_bytes(word)
        };
        let kind = match u32::from(u16::from_le_bytes([bytes[0], bytes[1]])) {
            raw::F_RDLCK => Some(Kind::Shared),
            raw::F_WRLCK => Some(Kind::Exclusive),
            raw::F_UNLCK => None,
            _ => return Err(Errno::INVAL),
        };
        let whence = u32::from(u16::from_le_bytes([bytes[2], bytes[3]]));
        if whence > raw::SEEK_END {
            return Err(Errno::INVAL);
        }
        let process = u32::from_le_bytes([bytes[24], bytes[25], bytes[26], bytes[27]]);
        Ok(Wanted {
            kind,
            whence,
            start: field(8),
            length: field(16),
            process,
        })
    }

    /// The bytes meant, when the origin lies at `base`.
    ///
    /// # Errors
    /// `INVAL` when they start before the file, `OVERFLOW` when they end behind the last offset.
    pub fn range(&self, base: u64) -> Result<Range, Errno> {
        let base = i64::try_from(base).map_err(|_| Errno::OVERFLOW)?;
        let start = base.checked_add(self.start).ok_or(Errno::OVERFLOW)?;
        let (first, end) = if self.length < 0 {
            (
                start.checked_add(self.length).ok_or(Errno::INVAL)?,
                Some(start),
            )
        } else if self.length == 0 {
            (start, None)
        } else {
            let end = start.checked_add(self.length - 1).ok_or(Errno::OVERFLOW)?;
            (start, end.checked_add(1))
        };
        let start = u64::try_from(first).map_err(|_| Errno::INVAL)?;
        let last = end.and_then(|end| u64::try_from(end).ok());
        Ok(Range {
            start,
            last: last.map_or(u64::MAX, |end| end.saturating_sub(1)),
        })
    }
}

/// A `struct flock` that says which lock is in the way; `None` for none. The rest of what the
/// program wrote stays.
#[must_use]
pub fn answer(asked: &[u8; LOCK_BYTES], found: Option<(Kind, Range, i32)>) -> [u8; LOCK_BYTES] {
    let mut bytes = *asked;
    let Some((kind, range, process)) = found else {
        bytes[..2].copy_from_slice(&2_u16.to_le_bytes());
        return bytes;
    };
    let number: u16 = match kind {
        Kind::Shared => 0,
        Kind::Exclusive => 1,
    };
    let length = match range.last {
        u64::MAX => 0,
        last => last - range.start + 1,
    };
    bytes[..2].copy_from_slice(&number.to_le_bytes());
    bytes[2..4].copy_from_slice(&0_u16.to_le_bytes());
    bytes[8..16].copy_from_slice(&range.start.to_le_bytes());
    bytes[16..24].copy_from_slice(&length.to_le_bytes());
    bytes[24..28].copy_from_slice(&process.to_le_bytes());
    bytes
}

/// An operation of flock(2): the lock, or `None` to drop it, and whether to wait for it.
///
/// # Errors
/// `INVAL` for anything else.
pub const fn whole_file_operation(operation: u32) -> Result<(Option<Kind>, bool), Errno> {
    let waits = operation & raw::LOCK_NB == 0;
    match operation & !raw::LOCK_NB {
        raw::LOCK_SH => Ok((Some(Kind::Shared), waits)),
        raw::LOCK_EX => Ok((Some(Kind::Exclusive), waits)),
        raw::LOCK_UN => Ok((None, waits)),
        _ => Err(Errno::INVAL),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn structure(kind: u16, whence: u16, start: i64, length: i64) -> [u8; LOCK_BYTES] {
        let mut bytes = [0; LOCK_BYTES];
        bytes[..2].copy_from_slice(&kind.to_le_bytes());
        bytes[2..4].copy_from_slice(&whence.to_le_bytes());
        bytes[8..16].copy_from_slice(&start.to_le_bytes());
        bytes[16..24].copy_from_slice(&length.to_le_bytes());
        bytes
    }

    #[test]
    fn the_structure_is_the_kernels() {
        assert_eq!(size_of::<raw::flock>(), LOCK_BYTES);
        assert_eq!(core::mem::offset_of!(raw::flock, l_start), 8);
        assert_eq!(core::mem::offset_of!(raw::flock, l_pid), 24);
    }

    #[test]
    fn ranges_count_both_ways() {
        let range = |start, length, base| {
            let wanted = Wanted::parse(&structure(1, 0, start, length)).unwrap();
            wanted.range(base).map(|r| (r.start, r.last))
        };
        assert_eq!(range(10, 5, 0), Ok((10, 14)));
        assert_eq!(range(10, 0, 100), Ok((110, u64::MAX)));
        assert_eq!(range(10, -5, 0), Ok((5, 9)));
        assert_eq!(range(3, -5, 0), Err(Errno::INVAL));
        assert_eq!(range(-1, 1, 0), Err(Errno::INVAL));
        assert_eq!(range(i64::MAX, 2, 0), Err(Errno::OVERFLOW));
        assert_eq!(
            range(i64::MAX, 1, 0),
            Ok((i64::MAX.unsigned_abs(), u64::MAX))
        );
    }

    #[test]
    fn an_answer_names_the_lock_in_the_way() {
        let asked = structure(0, 1, 4, 4);
        let found = Some((Kind::Exclusive, Range { start: 2, last: 9 }, 33));
        let bytes = answer(&asked, found);
        let told = Wanted::parse(&bytes).unwrap();
        assert_eq!(told.kind, Some(Kind::Exclusive));
        assert_eq!(
            (told.whence, told.start, told.length, told.process),
            (0, 2, 8, 33)
        );
        assert_eq!(Wanted::parse(&answer(&asked, None)).unwrap().kind, None);
    }

    #[test]
    fn unknown_kinds_are_refused() {
        assert_eq!(Wanted::parse(&structure(7, 0, 0, 0)), Err(Errno::INVAL));
        assert_eq!(Wanted::parse(&structure(0, 3, 0, 0)), Err(Errno::INVAL));
        assert_eq!(whole_file_operation(6), Ok((Some(Kind::Exclusive), false)));
        assert_eq!(whole_file_operation(3), Err(Errno::INVAL));
    }
}
