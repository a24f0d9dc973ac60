//! The three `fd_set`s of select(2), as questions of poll.

use super::poll;
use alloc::vec;
use alloc::vec::Vec;

/// Descriptors an `fd_set` of the C library holds; the call itself takes any number.
pub const SET_SIZE: u64 = 1024;

/// Bytes of the part of a set that holds `count` descriptors: whole words, as the kernel reads it.
#[must_use]
pub const fn bytes(count: u64) -> u64 {
    count.div_ceil(64) * 8
}

/// The events that each of the three sets asks for (`fs/select.c`: POLLIN_SET and its kin).
const ASKED: [u32; 3] = [
    poll::IN | poll::READ_NORMAL,
    poll::OUT | poll::WRITE_NORMAL,
    poll::PRIORITY,
];
/// The events that put a descriptor into each of the three sets of the answer.
const ANSWERED: [u32; 3] = [
    poll::IN | poll::READ_NORMAL | poll::HANG_UP | poll::ERROR,
    poll::OUT | poll::WRITE_NORMAL | poll::ERROR,
    poll::PRIORITY,
];

/// The questions that the sets for reading, writing and exceptions ask about the first `count`
/// descriptors.
#[must_use]
pub fn parse(count: u64, sets: [&[u8]; 3]) -> Vec<poll::Asked> {
    let mut asked = Vec::new();
    for descriptor in 0..count {
        let mut events = 0;
        for (set, wanted) in sets.iter().zip(ASKED) {
            if has(set, descriptor) {
                events |= wanted;
            }
        }
        if let (true, Ok(descriptor)) = (events != 0, i32::try_from(descriptor)) {
            asked.push(poll::Asked { descriptor, events });
        }
    }
    asked
}

/// The three sets of `length` bytes that say what was found, and how many bits they have.
#[must_use]
pub fn answer(length: usize, asked: &[poll::Asked], found: &[u32]) -> ([Vec<u8>; 3], u64) {
    let mut sets = [vec![0; length], vec![0; length], vec![0; length]];
    let mut bits = 0;
    for (asked, found) in asked.iter().zip(found) {
        for (index, set) in sets.iter_mut().enumerate() {
            let wanted = asked.events & ASKED[index] != 0;
            let Ok(at) = usize::try_from(asked.descriptor) else {
                continue;
            };
            if wanted && found & ANSWERED[index] != 0 && at / 8 < length {
                set[at / 8] |= 1 << (at % 8);
                bits += 1;
            }
        }
    }
    (sets, bits)
}

fn has(set: &[u8], descriptor: u64) -> bool {
    let byte = set.get(abi::word::index(descriptor / 8));
    byte.is_some_and(|byte| byte >> (descriptor % 8) & 1 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_become_questions_and_answers_become_sets() {
        let asked = parse(10, [&[0b1001, 0b10], &[0b1000, 0], &[]]);
        let numbers: Vec<_> = asked.iter().map(|a| a.descriptor).collect();
        assert_eq!(numbers, [0, 3, 9]);
        assert_eq!(asked[1].events, ASKED[0] | ASKED[1]);
        let (sets, bits) = answer(8, &asked, &[poll::HANG_UP, poll::IN | poll::OUT, 0]);
        assert_eq!(bits, 3);
        assert_eq!((sets[0][0], sets[1][0], sets[0][1]), (0b1001, 0b1000, 0));
    }

    #[test]
    fn descriptors_at_and_above_the_count_are_not_looked_at() {
        assert!(parse(3, [&[0b1000], &[], &[]]).is_empty());
        assert_eq!((bytes(1), bytes(64), bytes(65)), (8, 8, 16));
    }
}
