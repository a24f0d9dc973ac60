//! Views: a predecessor's memory as its exporter sees it.
//!
//! A view is a top-level table of its own whose entries point to the predecessor's lower tables
//! with the write permission cleared; the processor combines the rights of all levels, so a store
//! faults. Its own are a stack and the *inbox*, which the importer gets when the export has ended.

use abi::CallError;
use abi::layout::{
    EVENT_PAGE, EXPORT_STACK, EXPORT_STACK_SIZE, PAGE_SIZE, SERVICE_ARCHIVE, SERVICE_HEAP,
    SERVICE_IMAGE, SERVICE_INBOX, SERVICE_KEPT, TOP_LEVEL_SPAN,
};
use abi::limits::{PAGES_PER_CALL, SLOTS};
use alloc::boxed::Box;
use alloc::vec;

use super::Memory;
use super::entry::{Entry, TOP_LEVEL, index};
use super::frames::Purpose;
use super::instance::InstanceHandle;
use super::tree::new_root;
use crate::machine::{Frame, Machine};

/// The areas that a view shows of its predecessor.
const SHOWN: [u64; 5] = [
    SERVICE_IMAGE,
    SERVICE_HEAP,
    SERVICE_KEPT,
    SERVICE_ARCHIVE,
    EVENT_PAGE,
];

/// The index of a view's record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ViewHandle(u16);

#[derive(Clone, Copy, Debug)]
struct View {
    root: Frame,
    inbox: u64,
    quota: u64,
}

/// One for each slot at most.
pub(super) struct Views(Box<[Option<View>]>);

impl Views {
    pub(super) fn new() -> Views {
        Views(vec![None; SLOTS].into_boxed_slice())
    }
}

impl Memory {
    /// Makes the view of an instance. The inbox may grow to as many pages as the instance's quota.
    ///
    /// # Errors
    /// `NoMemory`.
    pub fn create_view<M: Machine>(
        &mut self,
        machine: &mut M,
        predecessor: InstanceHandle,
    ) -> Result<ViewHandle, CallError> {
        self.reclaim_some(machine);
        let free = self
            .views
            .0
            .iter()
            .position(Option::is_none)
            .ok_or(CallError::NoMemory)?;
        let handle = ViewHandle(u16::try_from(free).map_err(|_| CallError::NoMemory)?);
        let instance = *self.instance(predecessor)?;
        let root = new_root(&mut self.frames, machine, Purpose::Service)?;
        self.views.0[free] = Some(View {
            root,
            inbox: 0,
            quota: instance.quota,
        });
        for area in SHOWN {
            let at = index(area, TOP_LEVEL);
            let entry = Entry(machine.word(instance.root, at));
            machine.set_word(root, at, entry.without_write().0);
        }
        let pages = EXPORT_STACK_SIZE / PAGE_SIZE;
        if let Err(error) = self.map_own(machine, root, EXPORT_STACK + PAGE_SIZE, pages) {
            self.destroy_view(machine, handle);
            return Err(error);
        }
        Ok(handle)
    }

    /// The top-level page table of a view.
    #[must_use]
    pub fn view_root(&self, view: ViewHandle) -> Frame {
        self.views.0[view.0 as usize].map_or(Frame(0), |view| view.root)
    }

    /// The end of an exporter's stack; the pages before and behind it are never mapped.
    #[must_use]
    pub const fn export_stack_top() -> u64 {
        EXPORT_STACK + PAGE_SIZE + EXPORT_STACK_SIZE
    }

    /// Makes the inbox at least `bytes` long; answers its address.
    ///
    /// # Errors
    /// `BadArgument` for more than `PAGES_PER_CALL` new pages; `NoMemory`. Nothing changed then.
    pub fn inbox_grow<M: Machine>(
        &mut self,
        machine: &mut M,
        handle: ViewHandle,
        bytes: u64,
    ) -> Result<u64, CallError> {
        let view = self.views.0[handle.0 as usize].ok_or(CallError::NoSlot)?;
        let pages = bytes.div_ceil(PAGE_SIZE);
        let wanted = pages.saturating_sub(view.inbox);
        if wanted > PAGES_PER_CALL || bytes > TOP_LEVEL_SPAN {
            return Err(CallError::BadArgument);
        }
        if view.inbox + wanted > view.quota {
            return Err(CallError::NoMemory);
        }
        self.reclaim_some(machine);
        self.map_own(
            machine,
            view.root,
            SERVICE_INBOX + view.inbox * PAGE_SIZE,
            wanted,
        )?;
        if let Some(view) = &mut self.views.0[handle.0 as usize] {
            view.inbox += wanted;
        }
        Ok(SERVICE_INBOX)
    }

    /// Moves the inbox, of which `bytes` have been written, to the importer: read only there, and
    /// gone from the view.
    ///
    /// # Errors
    /// `BadArgument` if the inbox is not so long; `BadState` if the importer has one.
    pub fn hand_inbox<M: Machine>(
        &mut self,
        machine: &mut M,
        handle: ViewHandle,
        importer: InstanceHandle,
        bytes: u64,
    ) -> Result<(), CallError> {
        let view = self.views.0[handle.0 as usize].ok_or(CallError::NoSlot)?;
        let root = self.instance(importer)?.root;
        if bytes > view.inbox * PAGE_SIZE {
            return Err(CallError::BadArgument);
        }
        if Entry(machine.word(root, index(SERVICE_INBOX, TOP_LEVEL))).is_present() {
            return Err(CallError::BadState);
        }
        self.move_area(
            machine,
            SERVICE_INBOX,
            view.root,
            root,
            Entry::without_write,
        );
        self.instance_mut(importer)?.inbox = bytes;
        if let Some(view) = &mut self.views.0[handle.0 as usize] {
            view.inbox = 0;
        }
        Ok(())
    }

    /// Takes an importer's inbox away, if it has one: its pages will be free.
    ///
    /// # Errors
    /// `NoSlot`.
    pub fn drop_inbox<M: Machine>(
        &mut self,
        machine: &mut M,
        importer: InstanceHandle,
    ) -> Result<(), CallError> {
        let instance = self.instance_mut(importer)?;
        instance.inbox = 0;
        let root = instance.root;
        // The area moves to a root of its own, to be freed later. Without memory for that root, the
        // inbox goes with the instance.
        let Ok(grave) = new_root(&mut self.frames, machine, Purpose::Service) else {
            return Ok(());
        };
        self.move_area(machine, SERVICE_INBOX, root, grave, |entry| entry);
        self.bury(machine, grave, Purpose::Service);
        Ok(())
    }

    /// Ends a view with its stack, and its inbox if nobody got it: their pages will be free.
    pub fn destroy_view<M: Machine>(&mut self, machine: &mut M, handle: ViewHandle) {
        let Some(view) = self.views.0[handle.0 as usize].take() else {
            return;
        };
        for area in SHOWN {
            machine.set_word(view.root, index(area, TOP_LEVEL), 0);
        }
        self.bury(machine, view.root, Purpose::Service);
    }
}
