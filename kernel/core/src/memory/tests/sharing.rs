//! Pages and tables that several spaces have.

use super::*;

/// A space with some pages of a whole table, and another one that shares them.
fn tabled(memory: &mut Memory, machine: &mut Pretend) -> [SpaceHandle; 2] {
    let both = [1, 2].map(|id| space(memory, machine, id));
    let some = pages(0x40_0000, 20);
    memory
        .map_anonymous(machine, both[0], some, READ_WRITE)
        .unwrap();
    let whole = whole_table();
    memory
        .clone_range(machine, both[0], both[1], whole, Sharing::UntilWritten)
        .unwrap();
    both
}

#[test]
fn a_whole_table_is_shared_until_something_in_it_changes() {
    let (mut memory, mut machine) = start();
    let [from, to] = tabled(&mut memory, &mut machine);
    let tables = memory.statistics().page_tables;
    // Three of each for the ways there, and one that both have.
    assert_eq!(memory.resident_pages(to), 20);
    let again = memory.clone_range(&mut machine, from, to, whole_table(), Sharing::UntilWritten);
    assert_eq!((again, memory.resident_pages(to)), (Ok(()), 20));
    let programs = memory.statistics().programs;
    // What is not there, or not changed, needs no table.
    let rest = pages(0x40_0000 + 20 * PAGE_SIZE, 20);
    memory.unmap(&mut machine, to, rest).unwrap();
    assert_eq!(memory.statistics().page_tables, tables);
    assert!(memory.copy_on_write(&mut machine, to, 0x40_0000, 0x40_0001));
    let after = memory.statistics();
    assert_eq!(after.page_tables, tables + 1);
    assert_eq!(after.programs, programs + 1);
    // Whoever is left with the first table has it as it was before.
    memory.unmap(&mut machine, to, whole_table()).unwrap();
    assert!(memory.copy_on_write(&mut machine, from, 0x40_1000, 0x40_1001));
    assert_eq!(memory.statistics().programs, programs);
}

#[test]
fn the_memory_for_a_table_of_ones_own_is_kept() {
    let (mut memory, mut machine) = start();
    let before = memory.statistics();
    let [from, to] = tabled(&mut memory, &mut machine);
    assert_eq!(memory.statistics().reserved, before.reserved + 1);
    let filler = space(&mut memory, &mut machine, 3);
    for part in 0.. {
        let range = pages(0x80_0000 + part * 64 * PAGE_SIZE, 64);
        let mapped = memory.map_anonymous(&mut machine, filler, range, READ_WRITE);
        if mapped != Ok(64) {
            break;
        }
    }
    let owner = instance(&mut memory, &mut machine);
    let mut heap = 0;
    while memory.grow(&mut machine, owner, heap + PAGE_SIZE).is_ok() {
        heap += PAGE_SIZE;
    }
    // Nobody gets the last frame but the one that it was kept for.
    assert_eq!(free(&memory), 1);
    assert_eq!(memory.unmap(&mut machine, to, pages(0x40_0000, 1)), Ok(()));
    assert_eq!((free(&memory), memory.resident_pages(to)), (0, 19));
    assert_eq!(memory.resident_pages(from), 20);
    assert!(!memory.copy_on_write(&mut machine, to, 0x40_1000, 0x40_1001));
}

#[test]
fn a_shared_page_does_not_become_writable_by_protection() {
    let (mut memory, mut machine) = start();
    let (from, to) = (
        space(&mut memory, &mut machine, 1),
        space(&mut memory, &mut machine, 2),
    );
    let range = pages(BASE, 1);
    memory
        .map_anonymous(&mut machine, from, range, READ_WRITE)
        .unwrap();
    memory
        .clone_range(&mut machine, from, to, range, Sharing::UntilWritten)
        .unwrap();
    memory
        .clone_range(&mut machine, from, to, range, Sharing::UntilWritten)
        .unwrap();
    let place = at(memory.space_root(from), BASE);
    memory
        .protect(&mut machine, from, range, READ_WRITE)
        .unwrap();
    assert!(memory.write(&mut machine, place, &[1]).is_err());
    memory.unmap(&mut machine, to, range).unwrap();
    memory
        .protect(&mut machine, from, range, READ_WRITE)
        .unwrap();
    assert!(memory.write(&mut machine, place, &[1]).is_ok());
}

#[test]
fn a_page_that_stays_shared_is_written_in_place() {
    let (mut memory, mut machine) = start();
    let (from, to) = (
        space(&mut memory, &mut machine, 1),
        space(&mut memory, &mut machine, 2),
    );
    let range = pages(BASE, 1);
    memory
        .map_anonymous(&mut machine, from, range, READ_WRITE)
        .unwrap();
    memory
        .clone_range(&mut machine, from, to, range, Sharing::Lasting)
        .unwrap();
    let (one, other) = (
        at(memory.space_root(from), BASE),
        at(memory.space_root(to), BASE),
    );
    let mut byte = [0];
    memory.write(&mut machine, one, &[1]).unwrap();
    memory.read(&machine, other, &mut byte).unwrap();
    assert_eq!(byte, [1]);
    let shared = Protection(READ_WRITE.0 | Protection::SHARED.0);
    memory.protect(&mut machine, to, range, READ).unwrap();
    assert!(memory.write(&mut machine, other, &[2]).is_err());
    memory.protect(&mut machine, to, range, shared).unwrap();
    memory.write(&mut machine, other, &[2]).unwrap();
    memory.read(&machine, one, &mut byte).unwrap();
    assert_eq!(byte, [2]);
    memory.unshare(&mut machine, to, range, shared).unwrap();
    memory.write(&mut machine, other, &[3]).unwrap();
    memory.read(&machine, one, &mut byte).unwrap();
    assert_eq!(byte, [3], "it is still the same page");
    memory.unshare(&mut machine, to, range, READ_WRITE).unwrap();
    memory.write(&mut machine, other, &[4]).unwrap();
    memory.read(&machine, one, &mut byte).unwrap();
    assert_eq!(byte, [3], "it has become a copy");
}

#[test]
fn a_store_over_several_pages_gets_those_that_it_may_have() {
    let (mut memory, mut machine) = start();
    let [from, to] = [1, 2].map(|id| space(&mut memory, &mut machine, id));
    let all = pages(BASE, 4);
    memory
        .map_anonymous(&mut machine, from, all, READ_WRITE)
        .unwrap();
    memory
        .protect(&mut machine, from, pages(BASE + 2 * PAGE_SIZE, 1), READ)
        .unwrap();
    memory
        .clone_range(&mut machine, from, to, all, Sharing::UntilWritten)
        .unwrap();
    let programs = memory.statistics().programs;
    let end = BASE + 4 * PAGE_SIZE;
    assert!(memory.copy_on_write(&mut machine, to, BASE + 100, end));
    assert_eq!(memory.statistics().programs, programs + 2);
    assert!(!memory.copy_on_write(&mut machine, to, BASE + 2 * PAGE_SIZE, end));
}
