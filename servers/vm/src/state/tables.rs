//! What both versions of the State offer to the handlers: the few accesses that each version has to
//! write, and everything that follows from them.

use crate::action::Actions;
use crate::region::{Backing, Region};
use crate::space::{Layout, Limits, Sizes, Space};
use abi::layout::PAGE_SIZE;
use abi::{Endpoint, Errno, RequestId, SpaceId};
use alloc::collections::BTreeSet;
use alloc::vec::Vec;
use minicbor::{Decode, Encode};
use protocol::Handle;
use protocol::payload::ExecutePlan;
use service::container::Map;
use shape::Shape;

/// A file that regions show: an open file description at its server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode, Shape)]
pub struct Object {
    /// The server.
    #[n(0)]
    pub server: Endpoint,
    /// The description there, of which vm holds one reference.
    #[n(1)]
    pub handle: Handle,
}

/// Whether a promised page could not be found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Shortage {
    /// There is memory.
    #[default]
    None,
    /// A fault found none.
    Felt,
    /// The process in this space has been named to be ended for it.
    Victim(SpaceId),
}

/// What a change of a space came to, to be carried out by the handler.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, Shape)]
pub struct Changed<T> {
    /// The change's own result.
    #[n(0)]
    pub value: T,
    /// What is to be done to the pages.
    #[n(1)]
    pub actions: Actions,
    /// Descriptions that are to be closed.
    #[n(2)]
    pub closed: Vec<Object>,
}

/// A part of a space whose pages a child shares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Shape)]
pub struct Cloned {
    /// The first address.
    #[n(0)]
    pub start: u64,
    /// The address behind the last one.
    #[n(1)]
    pub end: u64,
    /// Whether the pages stay shared when one of the two writes to them.
    #[n(2)]
    pub shared: bool,
}

impl Cloned {
    fn of(region: &Region) -> Cloned {
        Cloned {
            start: region.start(),
            end: region.end(),
            shared: region.backing == Backing::Shared,
        }
    }
}

/// The State, whichever version it has.
pub trait Tables {
    /// A space.
    fn space(&self, id: SpaceId) -> Option<&Space>;
    /// Puts a space in, new or changed; its total size is known to the caller.
    fn put_space(&mut self, id: SpaceId, space: Space, sizes: &Sizes);
    /// Takes a space out.
    fn take_space(&mut self, id: SpaceId) -> Option<Space>;
    /// All spaces.
    fn space_ids(&self) -> Vec<SpaceId>;
    /// The most bytes that were ever mapped in a space.
    fn peak(&self, id: SpaceId) -> u64;
    /// A file by vm's number, and how many spaces show it.
    fn file(&self, number: u32) -> Option<(Object, u32)>;
    /// vm's number of a file.
    fn number_of(&self, object: Object) -> Option<u32>;
    /// Notes how many spaces show a file.
    fn put_file(&mut self, number: u32, object: Object, spaces: u32);
    /// Forgets a file.
    fn take_file(&mut self, number: u32);
    /// A number for a new space, never given before.
    fn new_space(&mut self) -> SpaceId;
    /// Spaces that are being made, by which request.
    fn makings(&self) -> &Map<SpaceId, RequestId>;
    /// The same, to be changed.
    fn makings_mut(&mut self) -> &mut Map<SpaceId, RequestId>;
    /// A number for a new file, never given before.
    fn new_file(&mut self) -> u32;
    /// Random bits.
    fn random(&mut self) -> u64;
    /// Pages promised to all programs.
    fn promised(&self) -> u64;
    /// Notes the pages promised to all programs.
    fn set_promised(&mut self, pages: u64);
    /// Whether a promised page could not be found.
    fn shortage(&self) -> Shortage;
    /// Notes whether a promised page could not be found.
    fn set_shortage(&mut self, shortage: Shortage);

    /// The file behind vm's number.
    ///
    /// # Errors
    /// `IO` when it is not known any more.
    fn object(&self, number: u32) -> Result<Object, Errno> {
        self.file(number).map(|(object, _)| object).ok_or(Errno::IO)
    }

    /// Changes a space: all of it, or nothing when `change` refuses, when a limit of the process
    /// is exceeded, or when more is promised than the `capacity` in pages allows.
    ///
    /// # Errors
    /// `SRCH` when there is no such space, `NOMEM`, and what `change` refuses with.
    fn change<T>(
        &mut self,
        id: SpaceId,
        capacity: u64,
        change: impl FnOnce(&mut Space, &mut Actions) -> Result<T, Errno>,
    ) -> Result<Changed<T>, Errno> {
        let before = self.space(id).ok_or(Errno::SRCH)?;
        let old_sizes = before.sizes();
        let old_files = before.regions.files();
        let mut space = before.clone();
        let mut actions = Actions::new();
        let value = change(&mut space, &mut actions)?;
        space.check_growth(&old_sizes)?;
        let sizes = space.sizes();
        self.promise(old_sizes.promised, sizes.promised, capacity)?;
        let closed = self.count_files(&old_files, &space.regions.files());
        self.put_space(id, space, &sizes);
        Ok(Changed {
            value,
            actions,
            closed,
        })
    }

    /// Changes a space by a mapping of a file whose description vm has just been given. Its number
    /// goes to `change`. The description is among the closed ones if vm has it already.
    ///
    /// # Errors
    /// As [`Tables::change`]; the description is still the caller's to close then.
    fn change_with_file<T>(
        &mut self,
        id: SpaceId,
        capacity: u64,
        object: Object,
        change: impl FnOnce(&mut Space, &mut Actions, u32) -> Result<T, Errno>,
    ) -> Result<Changed<T>, Errno> {
        let (number, known) = self.adopt(object);
        let changed = self.change(id, capacity, |space, actions| {
            change(space, actions, number)
        });
        self.settle_adopted(changed, number, object, known)
    }

    /// vm's number for a description it has just been given, and whether it had it before.
    fn adopt(&mut self, object: Object) -> (u32, bool) {
        if let Some(number) = self.number_of(object) {
            return (number, true);
        }
        let number = self.new_file();
        self.put_file(number, object, 0);
        (number, false)
    }

    /// After a change that may have used an adopted description: each that vm knows is held once.
    ///
    /// # Errors
    /// That of the change.
    fn settle_adopted<T>(
        &mut self,
        changed: Result<Changed<T>, Errno>,
        number: u32,
        object: Object,
        known: bool,
    ) -> Result<Changed<T>, Errno> {
        let unused = matches!(self.file(number), Some((_, 0)));
        if unused {
            self.take_file(number);
        }
        let mut changed = changed?;
        if known || unused {
            changed.closed.push(object);
        }
        Ok(changed)
    }

    /// Makes the space of a program about to run.
    ///
    /// # Errors
    /// As [`Space::planned`]; `NOMEM`. The description is still the caller's to close then.
    fn execute(
        &mut self,
        id: SpaceId,
        capacity: u64,
        plan: &ExecutePlan,
        object: Object,
        vdso_pages: u64,
    ) -> Result<Changed<()>, Errno> {
        let (file, known) = self.adopt(object);
        let layout = Layout {
            file,
            vdso_pages,
            random: self.random(),
        };
        let made =
            Space::planned(plan, &layout).and_then(|space| self.add_space(id, capacity, space));
        self.settle_adopted(made, file, object, known)
    }

    /// Makes a copy of a space for a child; answers the parts whose pages it shares.
    ///
    /// # Errors
    /// `SRCH` when there is no such space, `NOMEM`.
    fn clone_space(
        &mut self,
        parent: SpaceId,
        child: SpaceId,
        capacity: u64,
    ) -> Result<Vec<Cloned>, Errno> {
        let space = self.space(parent).ok_or(Errno::SRCH)?.for_child();
        let cloned = space.regions.iter().filter(|region| region.is_cloned());
        let parts = cloned.map(Cloned::of).collect();
        self.add_space(child, capacity, space)?;
        Ok(parts)
    }

    /// Sets the limits of a space's process.
    ///
    /// # Errors
    /// `SRCH` when there is no such space.
    fn set_limits(&mut self, id: SpaceId, limits: Limits) -> Result<(), Errno> {
        let mut space = self.space(id).ok_or(Errno::SRCH)?.clone();
        let sizes = space.sizes();
        space.limits = limits;
        self.put_space(id, space, &sizes);
        Ok(())
    }

    /// Adds a space.
    ///
    /// # Errors
    /// `NOMEM`.
    fn add_space(
        &mut self,
        id: SpaceId,
        capacity: u64,
        space: Space,
    ) -> Result<Changed<()>, Errno> {
        let sizes = space.sizes();
        self.promise(0, sizes.promised, capacity)?;
        let closed = self.count_files(&BTreeSet::new(), &space.regions.files());
        self.put_space(id, space, &sizes);
        Ok(Changed {
            value: (),
            actions: Actions::new(),
            closed,
        })
    }

    /// Takes a space out; answers the descriptions that are to be closed.
    fn remove_space(&mut self, id: SpaceId) -> Vec<Object> {
        self.makings_mut().remove(&id);
        let taken = self.take_space(id);
        if self.shortage() == Shortage::Victim(id) {
            self.set_shortage(Shortage::None);
        }
        let Some(space) = taken else {
            return Vec::new();
        };
        let pages = space.sizes().promised / PAGE_SIZE;
        self.set_promised(self.promised().saturating_sub(pages));
        self.count_files(&space.regions.files(), &BTreeSet::new())
    }

    /// Notes a change of what a space is promised, in bytes.
    ///
    /// # Errors
    /// `NOMEM` when it grows beyond the capacity.
    fn promise(&mut self, before: u64, now: u64, capacity: u64) -> Result<(), Errno> {
        let others = self.promised().saturating_sub(before / PAGE_SIZE);
        let promised = others.saturating_add(now / PAGE_SIZE);
        if now > before && promised > capacity {
            return Err(Errno::NOMEM);
        }
        self.set_promised(promised);
        Ok(())
    }

    /// Counts the files that a space shows now and before; answers those nobody shows any more.
    fn count_files(&mut self, before: &BTreeSet<u32>, now: &BTreeSet<u32>) -> Vec<Object> {
        for number in now.difference(before) {
            if let Some((object, spaces)) = self.file(*number) {
                self.put_file(*number, object, spaces.saturating_add(1));
            }
        }
        let mut closed = Vec::new();
        for number in before.difference(now) {
            match self.file(*number) {
                Some((object, 0 | 1)) => {
                    self.take_file(*number);
                    closed.push(object);
                }
                Some((object, spaces)) => self.put_file(*number, object, spaces - 1),
                None => {}
            }
        }
        closed
    }

    /// Names the process to be ended because a promised page could not be found: the same one
    /// until it has ended, or the largest of `resident`.
    fn name_victim(&mut self, resident: &[(SpaceId, u64)]) -> SpaceId {
        match self.shortage() {
            Shortage::None => SpaceId::NONE,
            Shortage::Victim(space) if self.space(space).is_some() => space,
            Shortage::Felt | Shortage::Victim(_) => {
                let known = resident.iter().filter(|(id, _)| self.space(*id).is_some());
                let largest = known.max_by_key(|(_, pages)| *pages);
                let Some((space, _)) = largest.copied() else {
                    return SpaceId::NONE;
                };
                self.set_shortage(Shortage::Victim(space));
                space
            }
        }
    }
}

/// Checks of what was imported that are the same in both versions: regions of files that are not
/// there go, files that nobody shows, and the space that is to be ended but is not there; what is
/// promised is counted anew. Answers how much was wrong.
pub(super) fn check_tables<S: Tables>(state: &mut S, numbers: &[u32]) -> usize {
    let ids = state.space_ids();
    let mut dropped = 0;
    for id in &ids {
        let Some(mut space) = state.space(*id).cloned() else {
            continue;
        };
        let lost = space
            .regions
            .drop_files(|number| state.file(number).is_some());
        if lost > 0 {
            let sizes = space.sizes();
            state.put_space(*id, space, &sizes);
            dropped += lost;
        }
    }
    if let Shortage::Victim(id) = state.shortage()
        && state.space(id).is_none()
    {
        state.set_shortage(Shortage::None);
        dropped += 1;
    }
    let spaces: Vec<&Space> = ids.iter().filter_map(|id| state.space(*id)).collect();
    let promised: u64 = spaces.iter().map(|s| s.sizes().promised / PAGE_SIZE).sum();
    let files: Vec<BTreeSet<u32>> = spaces.iter().map(|s| s.regions.files()).collect();
    let mut wrong = dropped + usize::from(promised != state.promised());
    state.set_promised(promised);
    for number in numbers {
        let shown = files.iter().filter(|files| files.contains(number)).count();
        let shown = u32::try_from(shown).unwrap_or(u32::MAX);
        match state.file(*number) {
            Some((object, count)) if count != shown => {
                wrong += 1;
                state.put_file(*number, object, shown);
            }
            _ => {}
        }
    }
    wrong
}
