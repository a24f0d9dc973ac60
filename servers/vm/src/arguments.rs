//! The arguments of the system calls as checked values. Names and numbers: `asm-generic/mman.h`,
//! `asm-generic/mman-common.h`.

use crate::range::{Range, page_up};
use crate::region::Marks;
use crate::space::{Advice, Placement, Remap};
use abi::Errno;
use abi::call::Protection;
use abi::layout::PAGE_SIZE;
use linux_raw_sys::general as linux;

/// What an mmap shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// Zeroes.
    Anonymous,
    /// A file from an offset on.
    File {
        /// The descriptor.
        descriptor: u32,
        /// The offset of the first byte.
        offset: u64,
    },
}

/// The arguments of mmap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Map {
    /// Where.
    pub placement: Placement,
    /// Bytes.
    pub length: u64,
    /// What it may be used for.
    pub protection: Protection,
    /// What it shows.
    pub source: Source,
    /// Whether changes are seen by others.
    pub shared: bool,
    /// Its properties.
    pub marks: Marks,
    /// Whether its pages are to be there at once.
    pub populate: bool,
}

/// Reads the arguments of mmap.
///
/// # Errors
/// As mmap(2).
pub fn map(words: &[u64]) -> Result<Map, Errno> {
    let [address, length, rights, flags, descriptor, offset] = six(words);
    let flags = abi::word::low_32(flags);
    let has = |flag: u32| flags & flag != 0;
    if !offset.is_multiple_of(PAGE_SIZE) {
        return Err(Errno::INVAL);
    }
    let source = source(has(linux::MAP_ANONYMOUS), descriptor, length, offset)?;
    let shared = match flags & linux::MAP_TYPE {
        linux::MAP_SHARED | linux::MAP_SHARED_VALIDATE => true,
        linux::MAP_PRIVATE => false,
        _ => return Err(Errno::INVAL),
    };
    if length == 0 {
        return Err(Errno::INVAL);
    }
    if has(linux::MAP_HUGETLB) {
        // There are no huge pages to be had.
        return Err(Errno::NOMEM);
    }
    let placement = if has(linux::MAP_FIXED_NOREPLACE) {
        Placement::AtFree(address)
    } else if has(linux::MAP_FIXED) {
        Placement::At(address)
    } else {
        Placement::Near(address)
    };
    Ok(Map {
        placement,
        length,
        protection: Protection(rights & 7),
        source,
        shared,
        marks: marks(flags),
        populate: has(linux::MAP_POPULATE | linux::MAP_LOCKED) && !has(linux::MAP_NONBLOCK),
    })
}

fn source(anonymous: bool, descriptor: u64, length: u64, offset: u64) -> Result<Source, Errno> {
    if anonymous {
        return Ok(Source::Anonymous);
    }
    let length = page_up(length).ok_or(Errno::NOMEM)?;
    offset.checked_add(length).ok_or(Errno::OVERFLOW)?;
    // A descriptor is an int.
    let descriptor = abi::word::low_32(descriptor);
    if descriptor.cast_signed() < 0 {
        return Err(Errno::BADF);
    }
    Ok(Source::File { descriptor, offset })
}

fn marks(flags: u32) -> Marks {
    let pairs = [
        (linux::MAP_NORESERVE, Marks::NOT_PROMISED),
        (linux::MAP_LOCKED, Marks::LOCKED),
        (linux::MAP_GROWSDOWN, Marks::GROWS),
    ];
    let set = pairs.iter().filter(|(flag, _)| flags & flag != 0);
    set.fold(Marks::default(), |marks, (_, mark)| marks.with(*mark))
}

/// The arguments of mprotect; `None` for an empty range. The flag says `PROT_GROWSDOWN`.
///
/// # Errors
/// As mprotect(2).
pub fn protect(words: &[u64]) -> Result<Option<(Range, Protection, bool)>, Errno> {
    let [address, length, rights, ..] = six(words);
    let down = rights & u64::from(linux::PROT_GROWSDOWN) != 0;
    let known = 7 | u64::from(linux::PROT_SEM | linux::PROT_GROWSDOWN);
    // PROT_GROWSUP is of architectures whose stacks do.
    if rights & !known != 0 {
        return Err(Errno::INVAL);
    }
    let range = range_or_nothing(address, length)?;
    Ok(range.map(|range| (range, Protection(rights & 7), down)))
}

/// A range that may be empty.
///
/// # Errors
/// `INVAL` when the address is not aligned, `NOMEM` when it is not user memory.
pub fn range_or_nothing(address: u64, length: u64) -> Result<Option<Range>, Errno> {
    if !address.is_multiple_of(PAGE_SIZE) {
        return Err(Errno::INVAL);
    }
    if length == 0 {
        return Ok(None);
    }
    Range::of(address, length).map(Some)
}

/// The range of munmap.
///
/// # Errors
/// `INVAL`.
pub fn unmap(words: &[u64]) -> Result<Range, Errno> {
    let [address, length, ..] = six(words);
    let end = page_up(length).and_then(|length| address.checked_add(length));
    let end = end.filter(|end| *end <= abi::layout::USER_TOP);
    // Nothing is ever mapped below the lowest address.
    let start = address.max(abi::layout::USER_BOTTOM);
    match end {
        Some(end) if address.is_multiple_of(PAGE_SIZE) && length > 0 => {
            Range::between(start, end.max(start + PAGE_SIZE)).ok_or(Errno::INVAL)
        }
        _ => Err(Errno::INVAL),
    }
}

/// The range of mlock, munlock: the pages that its bytes lie in; `None` for none.
///
/// # Errors
/// `INVAL` when the range is no number, `NOMEM` when it is not user memory.
pub fn lock(words: &[u64]) -> Result<Option<Range>, Errno> {
    let [address, length, ..] = six(words);
    let start = crate::range::page_down(address);
    let length = length.checked_add(address - start).ok_or(Errno::INVAL)?;
    range_or_nothing(start, length)
}

/// The arguments of madvise; `None` for an empty range.
///
/// # Errors
/// As madvise(2).
pub fn advise(words: &[u64]) -> Result<Option<(Range, Advice)>, Errno> {
    let [address, length, advice, ..] = six(words);
    let advice = match abi::word::low_32(advice) {
        linux::MADV_DONTNEED | linux::MADV_DONTNEED_LOCKED => Advice::Drop,
        linux::MADV_FREE => Advice::Free,
        linux::MADV_POPULATE_READ | linux::MADV_POPULATE_WRITE => Advice::Populate,
        linux::MADV_DONTFORK => Advice::Inherited(false),
        linux::MADV_DOFORK => Advice::Inherited(true),
        linux::MADV_WIPEONFORK => Advice::Wiped(true),
        linux::MADV_KEEPONFORK => Advice::Wiped(false),
        linux::MADV_NORMAL
        | linux::MADV_RANDOM
        | linux::MADV_SEQUENTIAL
        | linux::MADV_WILLNEED
        | linux::MADV_MERGEABLE
        | linux::MADV_UNMERGEABLE
        | linux::MADV_HUGEPAGE
        | linux::MADV_NOHUGEPAGE
        | linux::MADV_DONTDUMP
        | linux::MADV_DODUMP
        | linux::MADV_COLD
        | linux::MADV_PAGEOUT => Advice::Hint,
        _ => return Err(Errno::INVAL),
    };
    Ok(range_or_nothing(address, length)?.map(|range| (range, advice)))
}

/// The range of msync; `None` for none.
///
/// # Errors
/// As msync(2).
pub fn synchronise(words: &[u64]) -> Result<Option<Range>, Errno> {
    let [address, length, flags, ..] = six(words);
    let flags = abi::word::low_32(flags);
    let both = linux::MS_ASYNC | linux::MS_SYNC;
    if flags & !(both | linux::MS_INVALIDATE) != 0 || flags & both == both {
        return Err(Errno::INVAL);
    }
    range_or_nothing(address, length)
}

/// The arguments of mremap.
///
/// # Errors
/// `INVAL`.
pub fn remap(words: &[u64]) -> Result<Remap, Errno> {
    let [address, old_length, new_length, flags, to, _] = six(words);
    let flags = abi::word::low_32(flags);
    let has = |flag: u32| flags & flag != 0;
    let known = linux::MREMAP_MAYMOVE | linux::MREMAP_FIXED | linux::MREMAP_DONTUNMAP;
    let may_move = has(linux::MREMAP_MAYMOVE);
    let needs_move = has(linux::MREMAP_FIXED | linux::MREMAP_DONTUNMAP);
    if flags & !known != 0 || needs_move && !may_move {
        return Err(Errno::INVAL);
    }
    Ok(Remap {
        address,
        old_length,
        new_length,
        may_move,
        fixed: has(linux::MREMAP_FIXED).then_some(to),
        stays: has(linux::MREMAP_DONTUNMAP),
    })
}

/// What mlockall asks for: whether the present mappings are locked.
///
/// # Errors
/// `INVAL`.
pub fn lock_all(words: &[u64]) -> Result<bool, Errno> {
    let flags = abi::word::low_32(six(words)[0]);
    let known = linux::MCL_CURRENT | linux::MCL_FUTURE | linux::MCL_ONFAULT;
    if flags & !known != 0 || flags & (linux::MCL_CURRENT | linux::MCL_FUTURE) == 0 {
        return Err(Errno::INVAL);
    }
    let at_once = flags & linux::MCL_ONFAULT == 0;
    Ok(flags & linux::MCL_CURRENT != 0 && at_once)
}

/// Six arguments; those not given are 0.
fn six(words: &[u64]) -> [u64; 6] {
    let mut all = [0; 6];
    for (slot, word) in all.iter_mut().zip(words) {
        *slot = *word;
    }
    all
}

#[cfg(test)]
mod tests;
