//! Ranges of whole pages in a program's memory.

use abi::Errno;
use abi::layout::{PAGE_SIZE, USER_BOTTOM, USER_TOP};

/// Whole pages from `start` up to, not including, `end`; never empty, always user memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    start: u64,
    end: u64,
}

/// An address rounded down to a page.
#[must_use]
pub const fn page_down(address: u64) -> u64 {
    address & !(PAGE_SIZE - 1)
}

/// An address or length rounded up to a page, unless it then is no number.
#[must_use]
pub const fn page_up(address: u64) -> Option<u64> {
    match address.checked_add(PAGE_SIZE - 1) {
        Some(sum) => Some(page_down(sum)),
        None => None,
    }
}

impl Range {
    /// The pages between two aligned addresses.
    #[must_use]
    pub fn between(start: u64, end: u64) -> Option<Range> {
        let aligned = start.is_multiple_of(PAGE_SIZE) && end.is_multiple_of(PAGE_SIZE);
        let valid = aligned && USER_BOTTOM <= start && start < end && end <= USER_TOP;
        valid.then_some(Range { start, end })
    }

    /// The pages that `length` bytes from an aligned address on lie in.
    ///
    /// # Errors
    /// `INVAL` when the address is not aligned or the length is 0, `NOMEM` when the range is not
    /// user memory.
    pub fn of(start: u64, length: u64) -> Result<Range, Errno> {
        if !start.is_multiple_of(PAGE_SIZE) || length == 0 {
            return Err(Errno::INVAL);
        }
        let end = page_up(length).and_then(|length| start.checked_add(length));
        end.and_then(|end| Range::between(start, end))
            .ok_or(Errno::NOMEM)
    }

    /// The first address.
    #[must_use]
    pub const fn start(self) -> u64 {
        self.start
    }

    /// The address behind the last one.
    #[must_use]
    pub const fn end(self) -> u64 {
        self.end
    }

    /// Bytes.
    #[must_use]
    pub const fn length(self) -> u64 {
        self.end - self.start
    }

    /// Pages.
    #[must_use]
    pub const fn pages(self) -> u64 {
        self.length() / PAGE_SIZE
    }

    /// The pages of both.
    #[must_use]
    pub fn common(self, other: Range) -> Option<Range> {
        Range::between(self.start.max(other.start), self.end.min(other.end))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// S12: the arithmetic of ranges at the edges of what programs may have.
    #[test]
    fn what_is_no_user_memory_is_refused() {
        assert_eq!(Range::of(USER_BOTTOM, 0), Err(Errno::INVAL));
        assert_eq!(Range::of(USER_BOTTOM + 1, 1), Err(Errno::INVAL));
        for (start, length) in [
            (0, 1),
            (USER_TOP, 1),
            (USER_BOTTOM, u64::MAX),
            (USER_BOTTOM, USER_TOP),
            (page_down(u64::MAX), 4096),
        ] {
            assert_eq!(Range::of(start, length), Err(Errno::NOMEM), "{start:x}");
        }
        assert_eq!(Range::of(USER_BOTTOM, 1).map(Range::pages), Ok(1));
        assert!(Range::of(USER_BOTTOM, USER_TOP - USER_BOTTOM).is_ok());
    }
}
