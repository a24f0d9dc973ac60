//! Arguments at their borders.

use super::{Source, advise, lock, lock_all, map, protect, remap, synchronise, unmap};
use crate::space::{Advice, Placement};
use abi::Errno;
use abi::layout::{USER_BOTTOM, USER_TOP};

const PAGE: u64 = 4096;
const PRIVATE: u64 = 2;
const ANONYMOUS: u64 = 0x20;

#[test]
fn mmap_is_refused_as_linux_does() {
    let refused = |words: [u64; 6]| map(&words).unwrap_err();
    let flags = PRIVATE | ANONYMOUS;
    assert_eq!(refused([0, 0, 3, flags, 0, 0]), Errno::INVAL);
    assert_eq!(refused([0, PAGE, 3, flags, 0, 1]), Errno::INVAL);
    assert_eq!(refused([0, PAGE, 3, ANONYMOUS, 0, 0]), Errno::INVAL);
    assert_eq!(refused([0, PAGE, 3, 2, u64::MAX, 0]), Errno::BADF);
    assert_eq!(
        refused([0, PAGE, 3, 2, 0, u64::MAX - 4095]),
        Errno::OVERFLOW
    );
    assert_eq!(refused([0, u64::MAX, 3, 2, 0, 0]), Errno::NOMEM);
    assert_eq!(refused([0, PAGE, 3, flags | 0x4_0000, 0, 0]), Errno::NOMEM);
}

#[test]
fn mmap_is_read_as_meant() {
    let anonymous = map(&[5, 10, 7, PRIVATE | ANONYMOUS, u64::MAX, 0]).unwrap();
    assert_eq!(anonymous.source, Source::Anonymous);
    assert_eq!(anonymous.placement, Placement::Near(5));
    assert!(!anonymous.shared && !anonymous.populate);
    let fixed = map(&[PAGE, 10, 1, 1 | 0x10, 3, 2 * PAGE]).unwrap();
    assert_eq!(fixed.placement, Placement::At(PAGE));
    let expected = Source::File {
        descriptor: 3,
        offset: 2 * PAGE,
    };
    assert_eq!(fixed.source, expected);
    assert!(fixed.shared);
    let new = map(&[PAGE, 10, 1, 2 | 0x20 | 0x10_0000, 0, 0]).unwrap();
    assert_eq!(new.placement, Placement::AtFree(PAGE));
}

#[test]
fn ranges_are_checked() {
    assert_eq!(protect(&[1, PAGE, 1]), Err(Errno::INVAL));
    assert_eq!(protect(&[PAGE, 0, 1]), Ok(None));
    assert_eq!(protect(&[USER_BOTTOM, PAGE, 0x10]), Err(Errno::INVAL));
    assert_eq!(protect(&[USER_TOP, PAGE, 1]), Err(Errno::NOMEM));
    assert_eq!(unmap(&[USER_BOTTOM, 0]), Err(Errno::INVAL));
    assert_eq!(unmap(&[USER_BOTTOM + 1, PAGE]), Err(Errno::INVAL));
    assert_eq!(unmap(&[USER_TOP, PAGE]), Err(Errno::INVAL));
    assert_eq!(unmap(&[PAGE, u64::MAX]), Err(Errno::INVAL));
    assert!(unmap(&[0, USER_TOP]).is_ok());
    let one = unmap(&[USER_BOTTOM, 1]).unwrap();
    assert_eq!((one.start(), one.pages()), (USER_BOTTOM, 1));
    assert_eq!(lock(&[PAGE + 1, u64::MAX]), Err(Errno::INVAL));
    let both = lock(&[USER_BOTTOM + PAGE - 1, 2]).unwrap().unwrap();
    assert_eq!((both.start(), both.pages()), (USER_BOTTOM, 2));
}

#[test]
fn flags_are_checked() {
    let advice = |number| advise(&[USER_BOTTOM, PAGE, number]).map(|a| a.unwrap().1);
    assert_eq!(advice(4), Ok(Advice::Drop));
    assert_eq!(advice(8), Ok(Advice::Free));
    assert_eq!(advice(0), Ok(Advice::Hint));
    assert_eq!(advice(7), Err(Errno::INVAL));
    assert_eq!(synchronise(&[USER_BOTTOM, PAGE, 5]), Err(Errno::INVAL));
    assert_eq!(synchronise(&[USER_BOTTOM, PAGE, 8]), Err(Errno::INVAL));
    assert!(synchronise(&[USER_BOTTOM, PAGE, 4]).is_ok());
    assert_eq!(remap(&[0, 0, 0, 2, 0]), Err(Errno::INVAL));
    assert_eq!(remap(&[0, 0, 0, 8, 0]), Err(Errno::INVAL));
    assert_eq!(remap(&[0, 0, 0, 3, 7]).unwrap().fixed, Some(7));
    assert_eq!(lock_all(&[0]), Err(Errno::INVAL));
    assert_eq!(lock_all(&[4]), Err(Errno::INVAL));
    assert_eq!(lock_all(&[1]), Ok(true));
}
