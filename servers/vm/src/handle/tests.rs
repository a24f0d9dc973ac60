//! Programs' memory as programs see it, with and without crashes of vm.

mod machine;
mod model;
mod pretend;

use crate::state::Tables;
use abi::layout::PAGE_SIZE;
use abi::{Errno, SpaceId};
use linux_raw_sys::general as linux;
use machine::{FILE_BYTES, Machine, file_byte};
use protocol::memory;
use protocol::payload::{ExecutePlan, PlannedRegion};

const TEXT: u64 = 0x40_0000;
const DATA: u64 = 0x41_0000;
const STACK_TOP: u64 = 0x7fff_0000_0000;

fn plan() -> ExecutePlan {
    let region = |address, length, protection, file_bytes, file_offset| PlannedRegion {
        address,
        length,
        protection,
        file_bytes,
        file_offset,
    };
    ExecutePlan {
        regions: vec![
            region(TEXT, 2 * PAGE_SIZE, 5, 2 * PAGE_SIZE, 0),
            // One page and 50 bytes from the file, then zeroes.
            region(DATA, 4 * PAGE_SIZE, 3, PAGE_SIZE + 50, 2 * PAGE_SIZE),
        ],
        heap: DATA + 4 * PAGE_SIZE,
        stack_top: STACK_TOP - 16,
        stack_limit: 8 << 20,
        stack: (0..=255).cycle().take(5000).collect(),
        vdso: 0x7fff_1000_0000,
    }
}

fn started() -> (Machine, u64) {
    let mut machine = Machine::new();
    let space = machine.execute(&plan()).unwrap();
    (machine, space)
}

fn map(m: &mut Machine, space: u64, pages: u64, flags: u32) -> u64 {
    let arguments = [0, pages * PAGE_SIZE, 3, u64::from(flags), u64::MAX, 0];
    let address = m.call(space, linux::__NR_mmap, &arguments);
    u64::try_from(address).unwrap()
}

const PRIVATE: u32 = linux::MAP_PRIVATE | linux::MAP_ANONYMOUS;
const SHARED: u32 = linux::MAP_SHARED | linux::MAP_ANONYMOUS;

#[test]
fn a_program_finds_its_file_and_its_stack() {
    let (mut m, space) = started();
    assert_eq!(m.touch(space, TEXT + 5000, None), Ok(file_byte(5000)));
    assert_eq!(m.touch(space, TEXT, Some(1)), Err(13));
    let offset = 2 * PAGE_SIZE;
    assert_eq!(m.touch(space, DATA + 7, None), Ok(file_byte(offset + 7)));
    assert_eq!(m.touch(space, DATA + 7, Some(9)), Ok(9));
    assert_eq!(m.touch(space, DATA + 8, None), Ok(file_byte(offset + 8)));
    // The second page is the file's up to byte 50.
    let second = DATA + PAGE_SIZE;
    assert_eq!(
        m.touch(space, second + 49, None),
        Ok(file_byte(offset + PAGE_SIZE + 49))
    );
    assert_eq!(m.touch(space, second + 50, None), Ok(0));
    assert_eq!(m.touch(space, second + 2 * PAGE_SIZE, Some(3)), Ok(3));
    assert_eq!(m.touch(space, second + 3 * PAGE_SIZE, None), Err(14));
    // The stack's bytes end at its top.
    let top = STACK_TOP - 16;
    assert_eq!(m.touch(space, top - 5000, None), Ok(0));
    assert_eq!(m.touch(space, top - 1, None), Ok(135));
    // It grows, but not beyond its limit.
    assert_eq!(m.touch(space, top - (4 << 20), Some(1)), Ok(1));
    assert_eq!(m.touch(space, top - (9 << 20), Some(1)), Err(14));
}

#[test]
fn a_child_has_its_own_copy() {
    let (mut m, space) = started();
    let private = map(&mut m, space, 3, PRIVATE);
    let shared = map(&mut m, space, 3, SHARED);
    m.touch(space, private, Some(1)).unwrap();
    m.touch(space, shared, Some(1)).unwrap();
    let parent = SpaceId(u32::try_from(space).unwrap());
    let child = m.memory(memory::Clone { parent }).unwrap().space;
    let child = u64::from(child.0);
    m.touch(space, private, Some(2)).unwrap();
    m.touch(space, shared, Some(2)).unwrap();
    assert_eq!(m.touch(child, private, None), Ok(1));
    assert_eq!(m.touch(child, shared, None), Ok(2));
    m.touch(child, private, Some(3)).unwrap();
    m.touch(child, shared + PAGE_SIZE, Some(3)).unwrap();
    assert_eq!(m.touch(space, private, None), Ok(2));
    assert_eq!(m.touch(space, shared + PAGE_SIZE, None), Ok(3));
}

#[test]
fn files_are_mapped_and_let_go() {
    let (mut m, space) = started();
    let arguments = [0, 8 * PAGE_SIZE, 3, u64::from(linux::MAP_PRIVATE), 3, 0];
    let at = m.call(space, linux::__NR_mmap, &arguments);
    let at = u64::try_from(at).unwrap();
    assert_eq!(m.references, 1, "vm needs one reference to a file");
    assert_eq!(
        m.touch(space, at + 3 * PAGE_SIZE, None),
        Ok(file_byte(3 * PAGE_SIZE))
    );
    assert_eq!(m.touch(space, at + FILE_BYTES, None), Ok(0));
    // No page of the file: pm makes SIGBUS of it.
    assert_eq!(m.touch(space, at + 7 * PAGE_SIZE, None), Err(6));
    m.touch(space, at, Some(200)).unwrap();
    let again = m.call(space, linux::__NR_mmap, &arguments);
    let again = u64::try_from(again).unwrap();
    assert_eq!(m.touch(space, again, None), Ok(file_byte(0)));
    let shared = [0, PAGE_SIZE, 1, u64::from(linux::MAP_SHARED), 3, 0];
    assert!(m.call(space, linux::__NR_mmap, &shared) > 0);
    let writable = [0, PAGE_SIZE, 3, u64::from(linux::MAP_SHARED), 3, 0];
    assert_eq!(
        m.call(space, linux::__NR_mmap, &writable),
        Errno::NODEV.result()
    );
    let unknown = [0, PAGE_SIZE, 1, u64::from(linux::MAP_SHARED), 4, 0];
    assert_eq!(
        m.call(space, linux::__NR_mmap, &unknown),
        Errno::BADF.result()
    );
    let space = SpaceId(u32::try_from(space).unwrap());
    m.memory(memory::Destroy { space }).unwrap();
    assert_eq!((m.references, m.kernel.used()), (0, 0));
    assert_eq!(m.pending(), (0, 0), "nothing is left behind");
    assert_eq!(m.state(Tables::promised), 0);
}

#[test]
fn a_mapping_moves_with_its_content() {
    let (mut m, space) = started();
    // Something right behind it keeps it from growing in place.
    map(&mut m, space, 1, PRIVATE);
    let old = map(&mut m, space, 300, PRIVATE);
    m.touch(space, old + 5, Some(5)).unwrap();
    m.touch(space, old + 299 * PAGE_SIZE, Some(6)).unwrap();
    m.call(space, linux::__NR_mprotect, &[old, PAGE_SIZE, 3]);
    let grown = [old, 300 * PAGE_SIZE, 400 * PAGE_SIZE, 0];
    assert_eq!(
        m.call(space, linux::__NR_mremap, &grown),
        Errno::NOMEM.result()
    );
    let moving = [old, 300 * PAGE_SIZE, 400 * PAGE_SIZE, 1];
    let new = m.call(space, linux::__NR_mremap, &moving);
    let new = u64::try_from(new).unwrap();
    assert_ne!(new, old);
    assert_eq!(m.touch(space, old, None), Err(14));
    assert_eq!(m.touch(space, new + 5, None), Ok(5));
    assert_eq!(m.touch(space, new + 299 * PAGE_SIZE, None), Ok(6));
    assert_eq!(m.touch(space, new + 399 * PAGE_SIZE, Some(7)), Ok(7));
    let less = [new, 400 * PAGE_SIZE, PAGE_SIZE, 0];
    assert_eq!(m.call(space, linux::__NR_mremap, &less), new.cast_signed());
    assert_eq!(m.touch(space, new + PAGE_SIZE, None), Err(14));
}

#[test]
fn memory_that_cannot_be_had_is_refused_and_then_somebody_ends() {
    let (mut m, space) = started();
    m.kernel.limit.set(300);
    let large = [0, 301 * PAGE_SIZE, 3, u64::from(PRIVATE), 0, 0];
    assert_eq!(
        m.call(space, linux::__NR_mmap, &large),
        Errno::NOMEM.result()
    );
    // What is not promised may be mapped, and is not there in the end.
    let at = map(&mut m, space, 400, PRIVATE | linux::MAP_NORESERVE);
    assert_eq!(m.memory(memory::Victim {}).unwrap().space, SpaceId::NONE);
    let result =
        (0..400).try_for_each(|page| m.touch(space, at + page * PAGE_SIZE, Some(1)).map(drop));
    assert_eq!(result, Err(12));
    let victim = m.memory(memory::Victim {}).unwrap().space;
    assert_eq!(u64::from(victim.0), space);
    m.memory(memory::Destroy { space: victim }).unwrap();
    assert_eq!(m.memory(memory::Victim {}).unwrap().space, SpaceId::NONE);
}

#[test]
fn the_text_of_the_regions_names_them() {
    let (mut m, space) = started();
    let heap = m.call(space, linux::__NR_brk, &[0]);
    m.call(space, linux::__NR_brk, &[heap.cast_unsigned() + 10]);
    let space = SpaceId(u32::try_from(space).unwrap());
    let length = m.memory(memory::Regions { space, offset: 0 }).unwrap();
    let text = String::from_utf8(m.kernel.written.borrow().clone()).unwrap();
    assert_eq!(text.len() as u64, length);
    for name in ["[heap]", "[stack]", "[vdso]", "[vvar]", " 42 "] {
        assert!(text.contains(name), "{name} in\n{text}");
    }
    m.memory(memory::Regions { space, offset: 10 }).unwrap();
    assert_eq!(m.kernel.written.borrow()[..], text.as_bytes()[10..]);
}

/// A bit of everything; what the program sees is answered.
fn scenario(m: &mut Machine) -> Vec<i64> {
    let mut seen = Vec::new();
    let space = m.execute(&plan()).unwrap();
    let id = SpaceId(u32::try_from(space).unwrap());
    let mut look = |m: &mut Machine, space, at, write| {
        let result = m.touch(space, at, write).map_or_else(|e| -e, i64::from);
        seen.push(result);
    };
    look(m, space, TEXT + 4096, None);
    look(m, space, DATA + 1, Some(1));
    look(m, space, DATA + PAGE_SIZE + 1, None);
    let at = map(m, space, 5, PRIVATE);
    look(m, space, at, Some(77));
    let file = [0, 6 * PAGE_SIZE, 3, u64::from(linux::MAP_PRIVATE), 3, 0];
    let file = m.call(space, linux::__NR_mmap, &file).cast_unsigned();
    look(m, space, file + PAGE_SIZE, Some(2));
    let child = m.memory(memory::Clone { parent: id }).unwrap().space;
    look(m, space, at, Some(78));
    look(m, u64::from(child.0), at, None);
    look(m, u64::from(child.0), STACK_TOP - (1 << 20), Some(4));
    let heap = m.call(space, linux::__NR_brk, &[0]).cast_unsigned();
    m.call(space, linux::__NR_brk, &[heap + 5000]);
    look(m, space, heap + 4999, Some(5));
    m.call(space, linux::__NR_mprotect, &[at, PAGE_SIZE, 1]);
    look(m, space, at, Some(6));
    let moved = [at, 5 * PAGE_SIZE, 9 * PAGE_SIZE, 1];
    let moved = m.call(space, linux::__NR_mremap, &moved);
    let whole = [at + PAGE_SIZE, 4 * PAGE_SIZE, 9 * PAGE_SIZE, 1];
    let whole = m.call(space, linux::__NR_mremap, &whole).cast_unsigned();
    look(m, space, whole + 8 * PAGE_SIZE, Some(7));
    m.call(space, linux::__NR_munmap, &[file, 6 * PAGE_SIZE]);
    look(m, space, file, None);
    m.call(space, linux::__NR_madvise, &[whole, PAGE_SIZE, 4]);
    look(m, space, whole, None);
    seen.extend([moved, i64::from(m.references)]);
    m.memory(memory::Destroy { space: child }).unwrap();
    m.memory(memory::Destroy { space: id }).unwrap();
    seen.push(i64::from(m.references));
    seen.push(m.kernel.used().cast_signed());
    seen.push(m.state(Tables::promised).cast_signed());
    assert_eq!(m.pending(), (0, 0));
    seen
}

fn crash_everywhere(detours: bool) {
    let expected = scenario(&mut Machine::new());
    let refused = expected.iter().filter(|e| **e == -14 || **e == -13);
    assert_eq!(refused.count(), 3);
    for call in 0.. {
        let mut machine = Machine::new();
        machine.detours = detours;
        machine.kernel.crash_in.set(Some(call));
        assert_eq!(scenario(&mut machine), expected, "crash at call {call}");
        if machine.crashes == 0 {
            assert!(call > 60, "{call} calls come to nothing");
            break;
        }
    }
}

#[test]
fn a_crash_at_any_kernel_call_changes_nothing() {
    crash_everywhere(false);
}

#[test]
fn an_update_at_any_kernel_call_changes_nothing() {
    crash_everywhere(true);
}
