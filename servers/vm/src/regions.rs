//! The regions of a program: a table that is sorted, without overlap, and as short as possible.

use crate::range::Range;
use crate::region::Region;
use abi::Errno;
use alloc::collections::BTreeSet;
use alloc::vec::Vec;
use minicbor::{Decode, Encode};
use shape::Shape;

/// Regions a program can have at most (Linux: vm.max_map_count is 65530).
pub const REGIONS: usize = 8192;

/// The regions of a program.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, Shape)]
#[cbor(transparent)]
pub struct Regions(#[n(0)] Vec<Region>);

impl Regions {
    /// All regions, by address.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Region> {
        self.0.iter()
    }

    /// How many regions there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The index of the first region that ends above an address.
    fn first_above(&self, address: u64) -> usize {
        self.0.partition_point(|region| region.end() <= address)
    }

    /// The region an address lies in.
    #[must_use]
    pub fn find(&self, address: u64) -> Option<&Region> {
        let region = self.0.get(self.first_above(address))?;
        (region.start() <= address).then_some(region)
    }

    /// The lowest region that lies wholly above an address.
    #[must_use]
    pub fn above(&self, address: u64) -> Option<&Region> {
        let from = self.0.partition_point(|region| region.start() <= address);
        self.0.get(from)
    }

    /// The highest region that ends at or below an address.
    #[must_use]
    pub fn below(&self, address: u64) -> Option<&Region> {
        self.0.get(self.first_above(address).checked_sub(1)?)
    }

    /// The parts of regions that lie in a range.
    pub fn within(&self, range: Range) -> impl Iterator<Item = Region> {
        let first = self.first_above(range.start());
        self.0[first..]
            .iter()
            .take_while(move |region| region.start() < range.end())
            .filter_map(move |region| region.part(range))
    }

    /// Whether regions cover all of a range.
    #[must_use]
    pub fn cover(&self, range: Range) -> bool {
        let pages: u64 = self.within(range).map(|part| part.pages()).sum();
        pages == range.pages()
    }

    /// Whether no region touches a range.
    #[must_use]
    pub fn is_free(&self, range: Range) -> bool {
        self.within(range).next().is_none()
    }

    /// Puts a region in.
    ///
    /// # Errors
    /// `EXIST` when its range is not free, `INVAL` when it has no range, `NOMEM` when there are too
    /// many.
    pub fn insert(&mut self, region: Region) -> Result<(), Errno> {
        let range = region.range().ok_or(Errno::INVAL)?;
        if !self.is_free(range) {
            return Err(Errno::EXIST);
        }
        if self.0.len() >= REGIONS {
            return Err(Errno::NOMEM);
        }
        let at = self.first_above(range.start());
        self.0.insert(at, region);
        self.join_around(at, at + 1);
        Ok(())
    }

    /// Takes the pages of a range out, and returns the parts that were there.
    ///
    /// # Errors
    /// `NOMEM` when the rest would be too many regions; nothing is changed then.
    pub fn remove(&mut self, range: Range) -> Result<Vec<Region>, Errno> {
        let removed: Vec<Region> = self.within(range).collect();
        self.replace(range, &[])?;
        Ok(removed)
    }

    /// Changes the parts of regions that lie in a range.
    ///
    /// # Errors
    /// `NOMEM` when there would be too many regions; nothing is changed then.
    pub fn change(&mut self, range: Range, change: impl Fn(&mut Region)) -> Result<(), Errno> {
        let mut parts: Vec<Region> = self.within(range).collect();
        parts.iter_mut().for_each(change);
        self.replace(range, &parts)
    }

    /// Lowers the start of the region that starts at `start` to `to`.
    ///
    /// # Errors
    /// `EXIST` when there is something in between, `FAULT` when there is no such region.
    pub fn grow_down(&mut self, start: u64, to: u64) -> Result<(), Errno> {
        let at = self.first_above(start);
        let added = Range::between(to, start).ok_or(Errno::INVAL)?;
        if !self.is_free(added) {
            return Err(Errno::EXIST);
        }
        let region = self.0.get_mut(at).filter(|region| region.start() == start);
        let region = region.ok_or(Errno::FAULT)?;
        *region = region.grown_to(to);
        Ok(())
    }

    /// Replaces what lies in a range by `parts`, which lie in it.
    fn replace(&mut self, range: Range, parts: &[Region]) -> Result<(), Errno> {
        let first = self.first_above(range.start());
        let count = self.0[first..]
            .iter()
            .take_while(|region| region.start() < range.end())
            .count();
        if count == 0 {
            return Ok(());
        }
        let outside = |from: u64, to: u64, region: Option<&Region>| {
            region.and_then(|region| region.part(Range::between(from, to)?))
        };
        let before = self.0.get(first);
        let after = self.0.get(first + count - 1);
        let left = before.and_then(|b| outside(b.start(), range.start(), before));
        let right = after.and_then(|a| outside(range.end(), a.end(), after));
        let new = parts.len() + usize::from(left.is_some()) + usize::from(right.is_some());
        if self.0.len() - count + new > REGIONS {
            return Err(Errno::NOMEM);
        }
        let all = left.into_iter().chain(parts.iter().copied()).chain(right);
        self.0.splice(first..first + count, all);
        self.join_around(first, first + new);
        Ok(())
    }

    /// Joins neighbours that continue each other, from the region before `from` to the one at `to`.
    fn join_around(&mut self, from: usize, to: usize) {
        let mut at = to.min(self.0.len().saturating_sub(1));
        while at > 0 && at + 1 > from {
            let (left, right) = (self.0[at - 1], self.0[at]);
            if left.is_continued_by(&right) {
                self.0[at - 1] = left.joined(&right);
                self.0.remove(at);
            }
            at -= 1;
        }
    }

    /// The highest free range of `length` bytes between `floor` and `ceiling`. Below a region that
    /// grows, `guard` bytes stay free.
    #[must_use]
    pub fn gap_below(&self, length: u64, floor: u64, ceiling: u64, guard: u64) -> Option<Range> {
        let mut top = ceiling;
        for region in self.0.iter().rev() {
            if region.start() >= ceiling {
                top = top.min(lowest(region, guard));
                continue;
            }
            if let Some(gap) = high_end(region.end().max(floor), top, length) {
                return Some(gap);
            }
            top = top.min(lowest(region, guard));
        }
        high_end(floor, top, length)
    }

    /// The lowest free range of `length` bytes between `floor` and `ceiling`.
    #[must_use]
    pub fn gap_above(&self, length: u64, floor: u64, ceiling: u64, guard: u64) -> Option<Range> {
        let mut bottom = floor;
        for region in &self.0[self.first_above(floor)..] {
            let top = lowest(region, guard).min(ceiling);
            if bottom < top && top - bottom >= length {
                break;
            }
            bottom = bottom.max(region.end());
        }
        let next = self.above(bottom.saturating_sub(1));
        let top = next.map_or(ceiling, |region| lowest(region, guard).min(ceiling));
        let end = bottom.checked_add(length).filter(|end| *end <= top)?;
        Range::between(bottom, end)
    }

    /// The files that the regions show.
    #[must_use]
    pub fn files(&self) -> BTreeSet<u32> {
        self.0.iter().filter_map(Region::file).collect()
    }

    /// Drops regions of files that are not known; returns how many.
    pub fn drop_files(&mut self, is_known: impl Fn(u32) -> bool) -> usize {
        let before = self.0.len();
        self.0.retain(|region| region.file().is_none_or(&is_known));
        before - self.0.len()
    }

    /// Drops regions that make no sense; returns how many.
    pub fn check(&mut self) -> usize {
        let before = self.0.len();
        let mut last = 0;
        self.0.retain(|region| {
            let good = region.range().is_some() && region.start() >= last;
            if good {
                last = region.end();
            }
            good
        });
        before - self.0.len()
    }
}

/// Regions in order of address; one that overlaps those before is left out.
impl FromIterator<Region> for Regions {
    fn from_iter<I: IntoIterator<Item = Region>>(regions: I) -> Self {
        let mut all = Regions::default();
        for region in regions {
            match all.0.last() {
                Some(last) if last.is_continued_by(&region) => {
                    let joined = last.joined(&region);
                    all.0.pop();
                    all.0.push(joined);
                }
                Some(last) if last.end() > region.start() => {}
                _ => all.0.push(region),
            }
        }
        all
    }
}

/// The lowest address that must stay free for a region.
fn lowest(region: &Region, guard: u64) -> u64 {
    if region.marks.has(crate::region::Marks::GROWS) {
        region.start().saturating_sub(guard)
    } else {
        region.start()
    }
}

fn high_end(bottom: u64, top: u64, length: u64) -> Option<Range> {
    let start = top.checked_sub(length)?;
    if start < bottom {
        return None;
    }
    Range::between(start, top)
}

#[cfg(test)]
mod tests;
