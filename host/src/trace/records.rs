//! The ring of records in a file that was the machine's memory.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use abi::trace::{MAGIC, RECORD_WORDS, Record};

use crate::Error;

const RECORD_BYTES: usize = RECORD_WORDS * size_of::<u64>();
/// Around the address in the line of the kernel's log that tells it.
const LINE: (&str, &str) = ("kernel: ", " records at 0x");

/// What the kernel did, and when, in nanoseconds since the start.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recorded {
    /// The records, the oldest first.
    pub records: Vec<(u64, Record)>,
    /// How many before them were overwritten.
    pub lost: u64,
}

/// Reads the records. The kernel's log tells where in its memory they are.
///
/// # Errors
/// Those of reading the file; that there are none.
pub fn read(memory: &Path, log: &str) -> Result<Recorded, Error> {
    let missing = || Error::artifact("the trace", "the kernel's log tells of no records");
    let at = address(log).ok_or_else(missing)?;
    let mut file = File::open(memory).map_err(Error::file(memory))?;
    file.seek(SeekFrom::Start(at))
        .map_err(Error::file(memory))?;
    let mut head = [0; RECORD_BYTES];
    file.read_exact(&mut head).map_err(Error::file(memory))?;
    let [magic, count, room, _] = words(&head);
    let room_bytes = usize::try_from(room)
        .ok()
        .and_then(|room| room.checked_mul(RECORD_BYTES));
    let (MAGIC, Some(bytes), true) = (magic, room_bytes, room.is_power_of_two()) else {
        return Err(Error::artifact(
            "the trace",
            "its records are not where they should be",
        ));
    };
    let mut ring = vec![0; bytes];
    file.read_exact(&mut ring).map_err(Error::file(memory))?;
    Ok(in_order(&ring, count, room))
}

/// The records of a ring, of which so many were ever written.
fn in_order(ring: &[u8], count: u64, room: u64) -> Recorded {
    let lost = count.saturating_sub(room);
    let places: Vec<&[u8; RECORD_BYTES]> = ring.as_chunks().0.iter().collect();
    let record = |number: u64| {
        let place = usize::try_from(number & (room - 1)).ok()?;
        let [time, words @ ..] = words(places.get(place)?);
        Some((time, Record::unpack(words)))
    };
    Recorded {
        records: (lost..count).filter_map(record).collect(),
        lost,
    }
}

fn words(bytes: &[u8; RECORD_BYTES]) -> [u64; RECORD_WORDS] {
    let (chunks, _) = bytes.as_chunks();
    std::array::from_fn(|at| u64::from_le_bytes(chunks[at]))
}

fn address(log: &str) -> Option<u64> {
    let tells = |line: &str| {
        let (_, rest) = line.split_once(LINE.0)?;
        let (count, address) = rest.split_once(LINE.1)?;
        let _: u64 = count.parse().ok()?;
        u64::from_str_radix(address.trim(), 16).ok()
    };
    log.lines().find_map(tells)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(words: &[[u64; RECORD_WORDS]]) -> Vec<u8> {
        words
            .as_flattened()
            .iter()
            .flat_map(|word| word.to_le_bytes())
            .collect()
    }

    fn record(number: u64) -> [u64; RECORD_WORDS] {
        let [first, second, third] = Record::Committed(number).pack();
        [10 * number, first, second, third]
    }

    #[test]
    fn the_ring_is_found_and_read_from_its_oldest_record() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let ring = [[MAGIC, 6, 4, 0], record(4), record(5), record(2), record(3)];
        let mut memory = vec![0; 0x100];
        memory.extend(bytes(&ring));
        std::fs::write(file.path(), memory).unwrap();
        let log = "[0.0] Evernix\n[    0.000100] kernel: 4 records at 0x100\n";
        let read = read(file.path(), log).unwrap();
        let expected = (2..6).map(|number| (10 * number, Record::Committed(number)));
        assert_eq!(read.records, expected.collect::<Vec<_>>());
        assert_eq!(read.lost, 2);
    }

    #[test]
    fn what_is_no_ring_is_refused() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), vec![0; 4096]).unwrap();
        assert!(read(file.path(), "nothing\n").is_err());
        assert!(read(file.path(), "kernel: 4 records at 0x100\n").is_err());
        assert!(read(file.path(), "kernel: 4 records at 0xffff\n").is_err());
    }
}
