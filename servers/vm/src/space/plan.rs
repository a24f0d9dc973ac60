//! The address space of a program about to run.

use super::{GUARD, Limits, Space};
use crate::range::{Range, page_down, page_up};
use crate::region::{Backing, FilePart, Marks, Region, Role};
use crate::regions::Regions;
use abi::Errno;
use abi::call::Protection;
use abi::layout::{PAGE_SIZE, USER_TOP};
use protocol::payload::{ExecutePlan, PlannedRegion};

/// A stack has at least so many bytes from the start. They are promised: as few as most programs need.
const FIRST_STACK: u64 = 16 * PAGE_SIZE;
/// The heap starts up to so many bytes behind the data (Linux: `arch_randomize_brk`).
const HEAP_SPREAD: u64 = 32 << 20;
/// The ceiling of mappings lies up to so many bytes lower than it could.
const CEILING_SPREAD: u64 = 1 << 36;
/// Bytes left below the stack for its growth, at least and at most (Linux: `mmap_base`).
const STACK_ROOM: (u64, u64) = (128 << 20, 1 << 44);
/// Bytes that arguments, environment and what else lies at the stack's top may have.
const STACK_BYTES: u64 = 1 << 20;

/// What a new space depends on besides the plan.
#[derive(Clone, Copy, Debug)]
pub struct Layout {
    /// The number of the program's file, if it is needed.
    pub file: u32,
    /// Pages of the clock page and the vDSO together.
    pub vdso_pages: u64,
    /// Random bits.
    pub random: u64,
}

impl Space {
    /// The space that a plan describes.
    ///
    /// # Errors
    /// `NOEXEC` when the plan makes no sense, `TOOBIG` when the stack does not hold what is to lie
    /// on it.
    pub fn planned(plan: &ExecutePlan, layout: &Layout) -> Result<Space, Errno> {
        let mut regions = Regions::default();
        for planned in &plan.regions {
            add_planned(&mut regions, planned, layout.file)?;
        }
        let stack = stack_region(plan)?;
        add(&mut regions, stack)?;
        add_vdso(&mut regions, plan.vdso, layout.vdso_pages)?;
        let (room, most) = STACK_ROOM;
        let room = plan.stack_limit.clamp(room, most) + GUARD;
        let spread = layout.random % CEILING_SPREAD;
        let ceiling = page_down(plan.stack_top.saturating_sub(room + spread));
        // Other bits than those of the ceiling: the two tell nothing about each other.
        let heap = plan
            .heap
            .saturating_add((layout.random >> 40) * PAGE_SIZE % HEAP_SPREAD);
        let heap = page_up(heap).filter(|heap| *heap < USER_TOP);
        let heap = heap.ok_or(Errno::NOEXEC)?;
        Ok(Space {
            regions,
            heap_start: heap,
            heap_end: heap,
            ceiling,
            limits: Limits {
                total: u64::MAX,
                data: u64::MAX,
                stack: plan.stack_limit,
            },
        })
    }
}

/// Where the pages start that hold `length` bytes below the stack's top, with one page to spare.
#[must_use]
pub fn guarded_start(stack_top: u64, length: u64) -> u64 {
    page_down(stack_top.saturating_sub(length)).saturating_sub(PAGE_SIZE)
}

fn add(regions: &mut Regions, region: Region) -> Result<(), Errno> {
    regions.insert(region).map_err(|_| Errno::NOEXEC)
}

/// Adds a segment: first the pages that the file has bytes for, then those of zeroes.
fn add_planned(regions: &mut Regions, planned: &PlannedRegion, file: u32) -> Result<(), Errno> {
    let whole = Range::of(planned.address, planned.length).map_err(|_| Errno::NOEXEC)?;
    let limit = planned.file_offset.checked_add(planned.file_bytes);
    let limit = limit.ok_or(Errno::NOEXEC)?;
    let valid = planned.file_bytes <= planned.length
        && planned.file_offset.is_multiple_of(PAGE_SIZE)
        && planned.protection & !7 == 0;
    if !valid {
        return Err(Errno::NOEXEC);
    }
    let protection = Protection(planned.protection);
    let filled = page_up(planned.file_bytes).ok_or(Errno::NOEXEC)?;
    let border = whole.start() + filled;
    if let Some(range) = Range::between(whole.start(), border) {
        let part = FilePart {
            file,
            offset: planned.file_offset,
            limit,
            shared: false,
        };
        let backing = Backing::File(part);
        add(
            regions,
            Region::new(range, protection, backing, Role::Mapping),
        )?;
    }
    if let Some(range) = Range::between(border, whole.end()) {
        add(
            regions,
            Region::new(range, protection, Backing::Zero, Role::Mapping),
        )?;
    }
    Ok(())
}

fn stack_region(plan: &ExecutePlan) -> Result<Region, Errno> {
    let length = plan.stack.len() as u64;
    if length > STACK_BYTES || length > plan.stack_limit {
        return Err(Errno::TOOBIG);
    }
    let end = page_up(plan.stack_top).ok_or(Errno::NOEXEC)?;
    let start = guarded_start(plan.stack_top, length).min(end.saturating_sub(FIRST_STACK));
    let range = Range::between(start, end).ok_or(Errno::NOEXEC)?;
    let protection = Protection(Protection::READ.0 | Protection::WRITE.0);
    let region = Region::new(range, protection, Backing::Zero, Role::Stack);
    Ok(region.marked(Marks::GROWS))
}

fn add_vdso(regions: &mut Regions, address: u64, pages: u64) -> Result<(), Errno> {
    if pages == 0 {
        return Ok(());
    }
    let clock = Range::of(address, PAGE_SIZE).map_err(|_| Errno::NOEXEC)?;
    add(
        regions,
        Region::new(clock, Protection::READ, Backing::Kernel, Role::Clock),
    )?;
    let end = address.checked_add(pages.saturating_mul(PAGE_SIZE));
    let end = end.ok_or(Errno::NOEXEC)?;
    let Some(code) = Range::between(clock.end(), end) else {
        return Ok(());
    };
    let protection = Protection(Protection::READ.0 | Protection::EXECUTE.0);
    add(
        regions,
        Region::new(code, protection, Backing::Kernel, Role::Vdso),
    )
}
