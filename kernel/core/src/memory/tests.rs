//! Spaces, instances, views and kept pages, step by step; `model` plays with spaces at random.

mod model;
mod sharing;

use std::vec;
use std::vec::Vec;

use abi::call::{MemoryStatistics, Protection};
use abi::image::{ABI_VERSION, ImageHeader, MAGIC};
use abi::layout::{EVENT_PAGE, PAGE_SIZE, SERVICE_ARCHIVE, SERVICE_INBOX, SERVICE_KEPT};
use abi::{CallError, SpaceId};

use super::plain::Plain;
use super::{
    BootMemory, FrameRange, ImageSource, InstanceHandle, Memory, Missing, Place, Sharing,
    SpaceHandle, TransferFault, UserPages,
};
use crate::host::Pretend;
use crate::machine::{Frame, Machine};

const FRAMES: u32 = 1024;
const ARCHIVE: Frame = Frame(4);
const ARCHIVE_PAGES: u64 = 16;
const READ: Protection = Protection(1);
const READ_WRITE: Protection = Protection(3);
const BASE: u64 = 0x40_0000 - 8 * PAGE_SIZE;

fn start() -> (Memory, Pretend) {
    let mut machine = Pretend::new(FRAMES as usize, 1);
    let boot = BootMemory {
        frames: FRAMES,
        usable: &[
            FrameRange { first: 2, end: 900 },
            FrameRange {
                first: 1000,
                end: 2000,
            },
        ],
        archive: ARCHIVE,
        archive_bytes: ARCHIVE_PAGES * PAGE_SIZE,
    };
    let memory = Memory::new(&mut machine, &boot).unwrap();
    (memory, machine)
}

fn pages(address: u64, pages: u64) -> UserPages {
    UserPages::new(address, pages).unwrap()
}

/// All that one table covers: the second one of what the model uses.
fn whole_table() -> UserPages {
    pages(0x40_0000, 512)
}

fn space(memory: &mut Memory, machine: &mut Pretend, id: u32) -> SpaceHandle {
    memory.create_space(machine, SpaceId(id)).unwrap();
    memory.space(SpaceId(id)).unwrap()
}

fn at(root: Frame, address: u64) -> Place {
    Place { root, address }
}

fn free(memory: &Memory) -> u64 {
    memory.statistics().free
}

/// What there is once all that is to be freed has been.
fn settled(memory: &mut Memory, machine: &mut Pretend) -> MemoryStatistics {
    while memory.reclaim(machine) {}
    memory.statistics()
}

#[test]
fn a_program_cannot_use_up_the_reserve_and_a_failure_leaves_nothing() {
    let (mut memory, mut machine) = start();
    let before = free(&memory);
    let handle = space(&mut memory, &mut machine, 1);
    let done = memory
        .map_anonymous(&mut machine, handle, pages(BASE, 1024), READ_WRITE)
        .unwrap();
    assert!(done < 1024 && done == memory.resident_pages(handle));
    let statistics = memory.statistics();
    assert_eq!(statistics.free, statistics.reserved);
    let there = memory.resident_pages(handle);
    let far = pages(0x7000_0000_0000, 1);
    let refused = memory.map_anonymous(&mut machine, handle, far, READ_WRITE);
    assert_eq!(refused, Err(CallError::NoMemory));
    assert_eq!(memory.statistics(), statistics);
    assert_eq!(memory.resident_pages(handle), there);
    assert!(!memory.take_relief());
    memory.destroy_space(&mut machine, SpaceId(1)).unwrap();
    assert!(memory.take_relief() && !memory.take_relief());
    assert_eq!(free(&memory), before);
}

#[test]
fn spaces_are_found_by_their_names_and_named_again_without_harm() {
    let (mut memory, mut machine) = start();
    assert_eq!(
        memory.create_space(&mut machine, SpaceId::NONE),
        Err(CallError::BadArgument)
    );
    // These fall into the same bucket.
    for id in [1, 129, 257, 385] {
        memory.create_space(&mut machine, SpaceId(id)).unwrap();
        memory.create_space(&mut machine, SpaceId(id)).unwrap();
    }
    for gone in [129, 385, 129] {
        memory.destroy_space(&mut machine, SpaceId(gone)).unwrap();
    }
    assert!(memory.space(SpaceId(1)).is_ok() && memory.space(SpaceId(257)).is_ok());
    assert_eq!(memory.space(SpaceId(129)), Err(CallError::NoSpace));
    let held = memory.space(SpaceId(1)).unwrap();
    memory.hold_space(held);
    assert_eq!(
        memory.destroy_space(&mut machine, SpaceId(1)),
        Err(CallError::BadState)
    );
    memory.release_space(held);
    assert_eq!(memory.destroy_space(&mut machine, SpaceId(1)), Ok(()));
}

#[test]
fn no_call_works_on_more_than_its_bound() {
    let (mut memory, mut machine) = start();
    let handle = space(&mut memory, &mut machine, 1);
    // Sparse pages cost the most tables.
    for page in 0..100 {
        let range = pages(BASE + page * 0x20_0000, 1);
        memory
            .map_anonymous(&mut machine, handle, range, READ_WRITE)
            .unwrap();
    }
    machine.reads.set(0);
    memory.destroy_space(&mut machine, SpaceId(1)).unwrap();
    assert!(machine.reads.get() < 512 * 120);
}

#[test]
fn a_page_without_rights_keeps_its_content() {
    let (mut memory, mut machine) = start();
    let handle = space(&mut memory, &mut machine, 1);
    let (range, place) = (pages(BASE, 1), at(memory.space_root(handle), BASE));
    memory
        .map_anonymous(&mut machine, handle, range, READ_WRITE)
        .unwrap();
    memory.write(&mut machine, place, b"kept").unwrap();
    memory
        .protect(&mut machine, handle, range, Protection(0))
        .unwrap();
    let mut bytes = [0; 4];
    let missing = Missing {
        address: BASE,
        present: true,
    };
    assert_eq!(memory.read(&machine, place, &mut bytes), Err(missing));
    memory.protect(&mut machine, handle, range, READ).unwrap();
    memory.read(&machine, place, &mut bytes).unwrap();
    assert_eq!(&bytes, b"kept");
}

#[test]
fn a_transfer_crosses_pages_and_says_which_side_is_missing() {
    let (mut memory, mut machine) = start();
    let (from, to) = (
        space(&mut memory, &mut machine, 1),
        space(&mut memory, &mut machine, 2),
    );
    memory
        .map_anonymous(&mut machine, from, pages(BASE, 2), READ_WRITE)
        .unwrap();
    memory
        .map_anonymous(&mut machine, to, pages(BASE, 3), READ_WRITE)
        .unwrap();
    let (from, to) = (memory.space_root(from), memory.space_root(to));
    let content: Vec<u8> = (0..7000).map(|i| u8::try_from(i % 251).unwrap()).collect();
    memory
        .write(&mut machine, at(from, BASE + 1000), &content)
        .unwrap();
    memory
        .transfer(
            &mut machine,
            at(from, BASE + 1000),
            at(to, BASE + 2001),
            7000,
        )
        .unwrap();
    let mut copied = vec![0; 7000];
    memory
        .read(&machine, at(to, BASE + 2001), &mut copied)
        .unwrap();
    assert_eq!(copied, content);
    let end = BASE + 2 * PAGE_SIZE;
    let fault = memory.transfer(&mut machine, at(from, end - 4), at(to, BASE), 8);
    assert_eq!(
        fault,
        Err(TransferFault::Source(Missing {
            address: end,
            present: false
        }))
    );
    let end = BASE + 3 * PAGE_SIZE;
    let fault = memory.transfer(&mut machine, at(from, BASE), at(to, end - 4), 8);
    assert_eq!(
        fault,
        Err(TransferFault::Target(Missing {
            address: end,
            present: false
        }))
    );
    let top = u64::MAX - 3;
    assert!(memory.read(&machine, at(from, top), &mut [0; 8]).is_err());
}

#[test]
fn copying_in_needs_a_page_of_ones_own_but_no_right_to_write() {
    let (mut memory, mut machine) = start();
    let (from, to) = (
        space(&mut memory, &mut machine, 1),
        space(&mut memory, &mut machine, 2),
    );
    memory
        .map_anonymous(&mut machine, from, pages(BASE, 1), READ_WRITE)
        .unwrap();
    let source = at(memory.space_root(from), BASE);
    memory.write(&mut machine, source, b"text").unwrap();
    memory
        .map_anonymous(&mut machine, to, pages(BASE, 1), READ)
        .unwrap();
    memory
        .copy_in(&mut machine, source, to, BASE + 8, 4)
        .unwrap();
    let mut bytes = [0; 4];
    memory
        .read(&machine, at(memory.space_root(to), BASE + 8), &mut bytes)
        .unwrap();
    assert_eq!(&bytes, b"text");
    let third = space(&mut memory, &mut machine, 3);
    memory
        .clone_range(
            &mut machine,
            to,
            third,
            pages(BASE, 1),
            Sharing::UntilWritten,
        )
        .unwrap();
    let fault = memory.copy_in(&mut machine, source, to, BASE, 4);
    assert_eq!(
        fault,
        Err(TransferFault::Target(Missing {
            address: BASE,
            present: true
        }))
    );
}

/// Writes a small image into the archive: one page each of text, read-only data and data, and one
/// of zeroes; the data's second word points to the read-only data.
fn write_image(machine: &mut Pretend, change: fn(&mut ImageHeader)) -> ImageSource {
    let mut header = ImageHeader {
        magic: MAGIC,
        abi: ABI_VERSION,
        version: 3,
        name: [0; 16],
        file_size: 4 * PAGE_SIZE + 4,
        checksum: 0,
        relocations: 1,
        text_offset: PAGE_SIZE,
        text_size: PAGE_SIZE,
        read_only_size: PAGE_SIZE,
        data_offset: 3 * PAGE_SIZE,
        data_size: PAGE_SIZE,
        data_memory: 2 * PAGE_SIZE,
        relocation_offset: 4 * PAGE_SIZE,
        entry: 16,
        export_entry: 32,
    };
    change(&mut header);
    let mut bytes = [0; ImageHeader::SIZE];
    header.store(&mut bytes);
    machine.write(ARCHIVE, 0, &bytes);
    machine.write(Frame(ARCHIVE.0 + 3), 8, &PAGE_SIZE.to_le_bytes());
    let relocation = u32::try_from(2 * PAGE_SIZE + 8).unwrap();
    machine.write(Frame(ARCHIVE.0 + 4), 0, &relocation.to_le_bytes());
    ImageSource::Archive {
        offset: 0,
        bytes: 5 * PAGE_SIZE,
    }
}

fn instance(memory: &mut Memory, machine: &mut Pretend) -> InstanceHandle {
    let source = write_image(machine, |_| {});
    memory.create_instance(machine, source, 100, true).unwrap()
}

#[test]
fn an_image_is_mapped_relocated_and_freed_again() {
    let (mut memory, mut machine) = start();
    let before = memory.statistics();
    let handle = instance(&mut memory, &mut machine);
    let (root, layout) = (memory.instance_root(handle), memory.instance_layout(handle));
    assert_eq!(layout.entry, layout.base + 16);
    let text = memory.frame_at(&machine, at(root, layout.base));
    assert_eq!(text, Ok(Frame(ARCHIVE.0 + 1)));
    let data = at(root, layout.base + 2 * PAGE_SIZE + 8);
    let mut word = [0; 8];
    memory.read(&machine, data, &mut word).unwrap();
    assert_eq!(u64::from_le_bytes(word), layout.base + PAGE_SIZE);
    assert!(
        memory
            .write(&mut machine, at(root, layout.base), &[0])
            .is_err()
    );
    memory
        .write(&mut machine, at(root, layout.stack_top - 8), &word)
        .unwrap();
    assert!(
        memory
            .write(&mut machine, at(root, layout.stack_top), &word)
            .is_err()
    );
    let event = memory.frame_at(&machine, at(root, EVENT_PAGE));
    assert_eq!(event, Ok(memory.event_frame(handle)));
    assert!(
        memory
            .frame_at(&machine, at(root, SERVICE_ARCHIVE + 15 * PAGE_SIZE))
            .is_ok()
    );
    assert!(
        memory
            .frame_at(&machine, at(root, SERVICE_ARCHIVE + 16 * PAGE_SIZE))
            .is_err()
    );
    memory.destroy_instance(&mut machine, handle);
    assert_eq!(settled(&mut memory, &mut machine), before);
    // The archive's tree is still there for the next one.
    let again = instance(&mut memory, &mut machine);
    let archive = at(memory.instance_root(again), SERVICE_ARCHIVE);
    assert!(memory.frame_at(&machine, archive).is_ok());
}

#[test]
fn an_image_can_come_from_memory_and_is_copied() {
    let (mut memory, mut machine) = start();
    let first = instance(&mut memory, &mut machine);
    let place = at(memory.instance_root(first), SERVICE_ARCHIVE);
    let source = ImageSource::Memory {
        place,
        bytes: 5 * PAGE_SIZE,
    };
    let second = memory
        .create_instance(&mut machine, source, 100, false)
        .unwrap();
    let (root, layout) = (memory.instance_root(second), memory.instance_layout(second));
    let text = memory.frame_at(&machine, at(root, layout.base)).unwrap();
    assert_ne!(text, Frame(ARCHIVE.0 + 1));
    assert!(
        memory
            .frame_at(&machine, at(root, SERVICE_ARCHIVE))
            .is_err()
    );
    assert!(memory.instance_pages(second) > memory.instance_pages(first));
}

#[test]
fn images_that_lie_are_refused_and_leave_nothing() {
    let changes: [fn(&mut ImageHeader); 9] = [
        |h| h.magic[0] = 0,
        |h| h.abi += 1,
        |h| h.text_size = u64::MAX - 4095,
        |h| h.text_size += 1,
        |h| h.file_size = 6 * PAGE_SIZE,
        |h| h.entry = h.text_size,
        |h| h.relocations = u32::MAX,
        |h| h.data_size = 3 * PAGE_SIZE,
        |h| h.read_only_size = 0,
    ];
    let (mut memory, mut machine) = start();
    let before = memory.statistics();
    for (number, change) in changes.into_iter().enumerate() {
        let source = write_image(&mut machine, change);
        let made = memory.create_instance(&mut machine, source, 100, true);
        // The last one is loadable but for its relocation, which now points behind the image.
        assert_eq!(made.err().is_some(), number < 8, "change {number}");
        if let Ok(handle) = made {
            memory.destroy_instance(&mut machine, handle);
        }
        assert_eq!(settled(&mut memory, &mut machine), before);
    }
    let source = write_image(&mut machine, |_| {});
    for quota in 0..19 {
        let made = memory.create_instance(&mut machine, source, quota, true);
        assert_eq!(made.err(), Some(CallError::NoMemory));
        assert_eq!(settled(&mut memory, &mut machine), before);
    }
    assert!(
        memory
            .create_instance(&mut machine, source, 19, true)
            .is_ok()
    );
}

#[test]
fn what_has_ended_makes_room_when_there_is_little() {
    let (mut memory, mut machine) = start();
    let before = memory.statistics();
    for _ in 0..before.free {
        let handle = instance(&mut memory, &mut machine);
        memory.destroy_instance(&mut machine, handle);
    }
    assert_eq!(settled(&mut memory, &mut machine), before);
}

#[test]
fn a_heap_grows_within_its_quota() {
    let (mut memory, mut machine) = start();
    let handle = instance(&mut memory, &mut machine);
    let heap = memory.grow(&mut machine, handle, 5000).unwrap();
    let place = at(memory.instance_root(handle), heap + 2 * PAGE_SIZE - 1);
    memory.write(&mut machine, place, &[1]).unwrap();
    let before = memory.statistics();
    assert_eq!(memory.grow(&mut machine, handle, 4097), Ok(heap));
    let too_much = memory.grow(&mut machine, handle, 90 * PAGE_SIZE);
    assert_eq!(too_much, Err(CallError::NoMemory));
    assert_eq!(
        memory.grow(&mut machine, handle, u64::MAX),
        Err(CallError::BadArgument)
    );
    assert_eq!(settled(&mut memory, &mut machine), before);
}

#[test]
fn kept_pages_move_and_outlive_their_owner_where_lent() {
    let (mut memory, mut machine) = start();
    let program = space(&mut memory, &mut machine, 1);
    let before = free(&memory);
    let old = instance(&mut memory, &mut machine);
    memory.keep_map(&mut machine, old, 1, 2).unwrap();
    memory.keep_map(&mut machine, old, 0, 2).unwrap();
    let place = at(memory.instance_root(old), SERVICE_KEPT + PAGE_SIZE);
    memory.write(&mut machine, place, b"file").unwrap();
    let new = instance(&mut memory, &mut machine);
    let pages_of_old = memory.instance_pages(old);
    memory.move_kept(&mut machine, old, new).unwrap();
    assert_eq!(memory.instance_pages(old) + 3, pages_of_old);
    memory.destroy_instance(&mut machine, old);
    let place = at(memory.instance_root(new), SERVICE_KEPT + PAGE_SIZE);
    let range = pages(BASE, 1);
    memory
        .reply_pages(&mut machine, place, program, range, READ_WRITE)
        .unwrap();
    let seen = at(memory.space_root(program), BASE);
    assert!(memory.write(&mut machine, seen, b"FILE").is_err());
    memory
        .unshare(&mut machine, program, range, READ_WRITE)
        .unwrap();
    memory.write(&mut machine, seen, b"FILE").unwrap();
    let mut bytes = [0; 4];
    memory.read(&machine, place, &mut bytes).unwrap();
    assert_eq!(&bytes, b"file");
    let lent = pages(BASE + PAGE_SIZE, 2);
    memory
        .reply_pages(&mut machine, place, program, lent, READ)
        .unwrap();
    memory.keep_unmap(&mut machine, new, 0, 4).unwrap();
    memory.keep_unmap(&mut machine, new, 0, 4).unwrap();
    let lent = at(memory.space_root(program), BASE + PAGE_SIZE);
    memory.read(&machine, lent, &mut bytes).unwrap();
    assert_eq!(&bytes, b"file");
    memory.destroy_instance(&mut machine, new);
    memory.read(&machine, lent, &mut bytes).unwrap();
    memory.unmap(&mut machine, program, pages(BASE, 3)).unwrap();
    assert_eq!(settled(&mut memory, &mut machine).free, before);
}

#[test]
fn only_kept_and_archive_pages_can_be_lent() {
    let (mut memory, mut machine) = start();
    let program = space(&mut memory, &mut machine, 1);
    let handle = instance(&mut memory, &mut machine);
    let root = memory.instance_root(handle);
    let stack = at(root, memory.instance_layout(handle).stack_top - PAGE_SIZE);
    let range = pages(BASE, 1);
    let refused = memory.reply_pages(&mut machine, stack, program, range, READ);
    assert_eq!(refused, Err(CallError::BadAddress));
    let archive = at(root, SERVICE_ARCHIVE);
    memory
        .reply_pages(&mut machine, archive, program, range, READ)
        .unwrap();
    assert_eq!(memory.resident_pages(program), 1);
    memory.unmap(&mut machine, program, range).unwrap();
}

#[test]
fn a_view_reads_what_its_predecessor_wrote_and_writes_nothing() {
    let (mut memory, mut machine) = start();
    let old = instance(&mut memory, &mut machine);
    let before = memory.statistics();
    let heap = memory.grow(&mut machine, old, 1).unwrap();
    memory
        .write(&mut machine, at(memory.instance_root(old), heap), b"state")
        .unwrap();
    let view = memory.create_view(&mut machine, old).unwrap();
    let root = memory.view_root(view);
    let mut bytes = [0; 5];
    memory.read(&machine, at(root, heap), &mut bytes).unwrap();
    assert_eq!(&bytes, b"state");
    assert!(memory.write(&mut machine, at(root, heap), &[0]).is_err());
    memory
        .write(&mut machine, at(root, Memory::export_stack_top() - 8), &[1])
        .unwrap();
    let inbox = memory.inbox_grow(&mut machine, view, 5000).unwrap();
    assert_eq!(memory.inbox_grow(&mut machine, view, 5000), Ok(inbox));
    memory
        .write(&mut machine, at(root, inbox), b"export")
        .unwrap();
    let new = instance(&mut memory, &mut machine);
    assert_eq!(
        memory.hand_inbox(&mut machine, view, new, 8193),
        Err(CallError::BadArgument)
    );
    memory.hand_inbox(&mut machine, view, new, 6).unwrap();
    memory.destroy_view(&mut machine, view);
    let inbox = at(memory.instance_root(new), SERVICE_INBOX);
    memory.read(&machine, inbox, &mut bytes).unwrap();
    assert_eq!((&bytes, memory.inbox_bytes(new)), (b"expor", 6));
    assert!(memory.write(&mut machine, inbox, &[0]).is_err());
    memory.drop_inbox(&mut machine, new).unwrap();
    assert!(memory.read(&machine, inbox, &mut bytes).is_err());
    memory
        .read(&machine, at(memory.instance_root(old), heap), &mut bytes)
        .unwrap();
    memory.destroy_instance(&mut machine, old);
    assert_eq!(settled(&mut memory, &mut machine), before);
}

#[test]
fn a_view_that_is_given_up_leaves_nothing() {
    let (mut memory, mut machine) = start();
    let old = instance(&mut memory, &mut machine);
    let before = memory.statistics();
    let view = memory.create_view(&mut machine, old).unwrap();
    memory
        .inbox_grow(&mut machine, view, 50 * PAGE_SIZE)
        .unwrap();
    let too_much = memory.inbox_grow(&mut machine, view, 101 * PAGE_SIZE);
    assert_eq!(too_much, Err(CallError::NoMemory));
    memory.destroy_view(&mut machine, view);
    assert_eq!(settled(&mut memory, &mut machine), before);
}

#[test]
fn the_clock_page_says_what_the_machine_says() {
    let (mut memory, mut machine) = start();
    let program = space(&mut memory, &mut machine, 1);
    memory.set_vdso(PAGE_SIZE, 5000).unwrap();
    assert_eq!(
        memory.set_vdso(PAGE_SIZE, u64::MAX),
        Err(CallError::BadImage)
    );
    memory.write_clock(&mut machine, 77);
    assert_eq!(memory.map_vdso(&mut machine, program, BASE), Ok(3));
    let root = memory.space_root(program);
    let words: [u64; 6] = memory.read_plain(&machine, at(root, BASE)).unwrap();
    assert_eq!(words, [2, 1, 2, 3, 32, 77]);
    let code = memory.frame_at(&machine, at(root, BASE + PAGE_SIZE));
    assert_eq!(code, Ok(Frame(ARCHIVE.0 + 1)));
    memory.destroy_space(&mut machine, SpaceId(1)).unwrap();
    assert_eq!(machine.word(memory.vdso.clock, 5), 77);
}
