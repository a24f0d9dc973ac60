//! `struct pollfd` and its events (poll(2)).

use alloc::vec::Vec;

/// Bytes of a `struct pollfd`.
pub const POLL_BYTES: usize = 8;

/// Something to read (POLLIN).
pub const IN: u32 = 0x001;
/// Something urgent to read (POLLPRI).
pub const PRIORITY: u32 = 0x002;
/// Room to write (POLLOUT).
pub const OUT: u32 = 0x004;
/// An error; always looked for (POLLERR).
pub const ERROR: u32 = 0x008;
/// The other end is closed; always looked for (POLLHUP).
pub const HANG_UP: u32 = 0x010;
/// The descriptor is not open; always looked for (POLLNVAL).
pub const INVALID: u32 = 0x020;
/// As [`IN`] (POLLRDNORM).
pub const READ_NORMAL: u32 = 0x040;
/// As [`OUT`] (POLLWRNORM).
pub const WRITE_NORMAL: u32 = 0x100;
/// What a regular file or directory always is.
pub const ALWAYS: u32 = IN | OUT | READ_NORMAL | WRITE_NORMAL;

/// What is asked about a descriptor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The descriptor; a negative one is skipped.
    pub descriptor: i32,
    /// The events asked for.
    pub events: u32,
}

/// Reads an array of `struct pollfd`.
#[must_use]
pub fn parse(bytes: &[u8]) -> Vec<Asked> {
    let (entries, _) = bytes.as_chunks::<POLL_BYTES>();
    let asked = entries.iter().map(|entry| Asked {
        descriptor: i32::from_le_bytes([entry[0], entry[1], entry[2], entry[3]]),
        events: u32::from(u16::from_le_bytes([entry[4], entry[5]])),
    });
    asked.collect()
}

/// Puts the events that are there into an array of `struct pollfd`, and counts the descriptors
/// that have any.
pub fn answer(bytes: &mut [u8], found: &[u32]) -> u64 {
    let (entries, _) = bytes.as_chunks_mut::<POLL_BYTES>();
    for (entry, events) in entries.iter_mut().zip(found) {
        entry[6..].copy_from_slice(&events.to_le_bytes()[..2]);
    }
    found.iter().filter(|events| **events != 0).count() as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use linux_raw_sys::general as raw;

    #[test]
    fn the_structure_is_the_kernels() {
        assert_eq!(size_of::<raw::pollfd>(), POLL_BYTES);
        assert_eq!(
            [IN, OUT, ERROR, HANG_UP, INVALID, READ_NORMAL, WRITE_NORMAL],
            [
                raw::POLLIN,
                raw::POLLOUT,
                raw::POLLERR,
                raw::POLLHUP,
                raw::POLLNVAL,
                raw::POLLRDNORM,
                raw::POLLWRNORM
            ]
        );
    }

    #[test]
    fn answers_go_where_the_questions_were() {
        let mut bytes = [0_u8; 16];
        bytes[..4].copy_from_slice(&5_i32.to_le_bytes());
        bytes[4] = 1;
        bytes[6] = 0xff;
        bytes[8..12].copy_from_slice(&(-1_i32).to_le_bytes());
        let asked = parse(&bytes);
        assert_eq!((asked[0].descriptor, asked[0].events), (5, IN));
        assert_eq!(asked[1].descriptor, -1);
        assert_eq!(answer(&mut bytes, &[HANG_UP, 0]), 1);
        assert_eq!(bytes[6], 0x10);
        assert_eq!(bytes[4], 1);
    }
}
