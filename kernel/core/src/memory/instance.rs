//! The memory of services' instances: made whole at once, never demand-paged, within a quota.

use abi::CallError;
use abi::call::Protection;
use abi::layout::{EVENT_PAGE, PAGE_SIZE, SERVICE_ARCHIVE, SERVICE_HEAP};
use abi::limits::{PAGES_PER_CALL, SLOTS};
use alloc::boxed::Box;
use alloc::vec;

use super::Memory;
use super::copy::Place;
use super::entry::{Entry, TOP_LEVEL, index};
use super::frames::{Purpose, State};
use super::load;
use super::tree::new_root;
use crate::machine::{Frame, Machine};

/// Where the bytes of an image come from.
#[derive(Clone, Copy, Debug)]
pub enum ImageSource {
    /// The boot archive, from this byte on. Text and read-only data are shared, not copied.
    Archive {
        /// Where the image starts; a multiple of the page size.
        offset: u64,
        /// Its bytes.
        bytes: u64,
    },
    /// Memory of another instance. Everything is copied.
    Memory {
        /// Where the image starts.
        place: Place,
        /// Its bytes.
        bytes: u64,
    },
}

/// What is known of an instance from its creation on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct InstanceLayout {
    /// Where its image is loaded.
    pub base: u64,
    /// The end of its text.
    pub text_end: u64,
    /// Where it starts.
    pub entry: u64,
    /// Where its export starts.
    pub export_entry: u64,
    /// The end of its stack; the pages before and behind the stack are never mapped.
    pub stack_top: u64,
    /// The version in its image.
    pub version: u32,
}

/// The index of an instance's record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InstanceHandle(u16);

#[derive(Clone, Copy, Debug)]
pub(super) struct Instance {
    pub(super) root: Frame,
    pub(super) event: Frame,
    pub(super) quota: u64,
    /// Pages charged, kept ones included.
    pub(super) pages: u64,
    heap: u64,
    pub(super) kept: u64,
    /// Bytes in the inbox that can be read.
    pub(super) inbox: u64,
    pub(super) layout: InstanceLayout,
}

/// A slot has a current instance and a candidate; old ones stay while their memory is lent.
const INSTANCES: usize = 4 * SLOTS;

pub(super) struct Instances(Box<[Option<Instance>]>);

impl Instances {
    pub(super) fn new() -> Instances {
        Instances(vec![None; INSTANCES].into_boxed_slice())
    }
}

impl Instance {
    /// Charges pages to the quota.
    pub(super) fn charge(&mut self, pages: u64) -> Result<(), CallError> {
        let charged = self.pages.saturating_add(pages);
        if charged > self.quota {
            return Err(CallError::NoMemory);
        }
        self.pages = charged;
        Ok(())
    }
}

impl Memory {
    /// Loads an image into an instance of its own, with stack and event page, at random places.
    ///
    /// # Errors
    /// `BadImage`, `NoMemory` (also for the quota or too many instances), or `BadAddress` if the
    /// image's source cannot be read.
    pub fn create_instance<M: Machine>(
        &mut self,
        machine: &mut M,
        source: ImageSource,
        quota: u64,
        archive_visible: bool,
    ) -> Result<InstanceHandle, CallError> {
        self.reclaim_some(machine);
        let free = self
            .instances
            .0
            .iter()
            .position(Option::is_none)
            .ok_or(CallError::NoMemory)?;
        let handle = InstanceHandle(u16::try_from(free).map_err(|_| CallError::NoMemory)?);
        let header = load::read_header(self, machine, source)?;
        let root = new_root(&mut self.frames, machine, Purpose::Service)?;
        let mut instance = Instance {
            root,
            event: Frame(0),
            quota,
            pages: 0,
            heap: 0,
            kept: 0,
            inbox: 0,
            layout: load::choose_layout(machine, &header),
        };
        let loaded = load::load(self, machine, source, &header, &mut instance)
            .and_then(|()| self.map_event_page(machine, &mut instance));
        if archive_visible {
            let entry = self.archive.top;
            machine.set_word(root, index(SERVICE_ARCHIVE, TOP_LEVEL), entry.0);
        }
        self.instances.0[free] = Some(instance);
        if let Err(error) = loaded {
            self.destroy_instance(machine, handle);
            return Err(error);
        }
        Ok(handle)
    }

    /// Ends an instance: everything it still has will be free, but for kept pages that are lent, which
    /// stay with the programs that map them. Its views have to be destroyed before.
    pub fn destroy_instance<M: Machine>(&mut self, machine: &mut M, handle: InstanceHandle) {
        let Some(instance) = self.instances.0[handle.0 as usize].take() else {
            return;
        };
        machine.set_word(instance.root, index(SERVICE_ARCHIVE, TOP_LEVEL), 0);
        self.bury(machine, instance.root, Purpose::Service);
    }

    /// The top-level page table of an instance.
    #[must_use]
    pub fn instance_root(&self, handle: InstanceHandle) -> Frame {
        self.instance(handle)
            .map_or(Frame(0), |instance| instance.root)
    }

    /// The event page of an instance, for [`Machine::event_page`].
    #[must_use]
    pub fn event_frame(&self, handle: InstanceHandle) -> Frame {
        self.instance(handle)
            .map_or(Frame(0), |instance| instance.event)
    }

    /// Where the instance's parts lie.
    #[must_use]
    pub fn instance_layout(&self, handle: InstanceHandle) -> InstanceLayout {
        self.instance(handle)
            .map_or(InstanceLayout::default(), |instance| instance.layout)
    }

    /// Pages charged to the instance.
    #[must_use]
    pub fn instance_pages(&self, handle: InstanceHandle) -> u64 {
        self.instance(handle).map_or(0, |instance| instance.pages)
    }

    /// Bytes in the instance's inbox.
    #[must_use]
    pub fn inbox_bytes(&self, handle: InstanceHandle) -> u64 {
        self.instance(handle).map_or(0, |instance| instance.inbox)
    }

    /// Makes the heap at least `bytes` long; answers its address.
    ///
    /// # Errors
    /// `BadArgument` for more than `PAGES_PER_CALL` new pages; `NoMemory`. Nothing changed then.
    pub fn grow<M: Machine>(
        &mut self,
        machine: &mut M,
        handle: InstanceHandle,
        bytes: u64,
    ) -> Result<u64, CallError> {
        let instance = *self.instance(handle)?;
        let pages = bytes.div_ceil(PAGE_SIZE);
        let wanted = pages.saturating_sub(instance.heap);
        if wanted > PAGES_PER_CALL {
            return Err(CallError::BadArgument);
        }
        self.reclaim_some(machine);
        self.instance_mut(handle)?.charge(wanted)?;
        let from = SERVICE_HEAP + instance.heap * PAGE_SIZE;
        if let Err(error) = self.map_own(machine, instance.root, from, wanted) {
            self.instance_mut(handle)?.pages -= wanted;
            return Err(error);
        }
        self.instance_mut(handle)?.heap += wanted;
        Ok(SERVICE_HEAP)
    }

    /// Whether `address` lies in a page next to the instance's stack, which is never mapped.
    #[must_use]
    pub fn is_stack_guard(&self, handle: InstanceHandle, address: u64) -> bool {
        let top = self.instance_layout(handle).stack_top;
        let bottom = top.saturating_sub(abi::layout::SERVICE_STACK_SIZE);
        (bottom.saturating_sub(PAGE_SIZE)..bottom).contains(&address)
    }

    pub(super) fn instance(&self, handle: InstanceHandle) -> Result<&Instance, CallError> {
        self.instances.0[handle.0 as usize]
            .as_ref()
            .ok_or(CallError::NoSlot)
    }

    pub(super) fn instance_mut(
        &mut self,
        handle: InstanceHandle,
    ) -> Result<&mut Instance, CallError> {
        self.instances.0[handle.0 as usize]
            .as_mut()
            .ok_or(CallError::NoSlot)
    }

    /// Maps zeroed, writable pages of a service where none are; all or none.
    pub(super) fn map_own<M: Machine>(
        &mut self,
        machine: &mut M,
        root: Frame,
        address: u64,
        pages: u64,
    ) -> Result<(), CallError> {
        for page in 0..pages {
            let at = address + page * PAGE_SIZE;
            if let Err(error) = self.map_page(machine, root, at, READ_WRITE) {
                self.unmap_own(machine, root, address, page);
                return Err(error);
            }
        }
        Ok(())
    }

    /// Maps one zeroed page of a service; answers its frame.
    pub(super) fn map_page<M: Machine>(
        &mut self,
        machine: &mut M,
        root: Frame,
        address: u64,
        protection: Protection,
    ) -> Result<Frame, CallError> {
        let frame = self.frames.allocate(Purpose::Service, State::Service)?;
        machine.zero(frame);
        let entry = Entry::page(frame, protection);
        let mapped = self.service_tree(machine, root).map(address, entry);
        if mapped.is_err() {
            self.frames.free(frame);
        }
        mapped.map(|()| frame)
    }

    /// Frees the first `pages` pages from `address` on, all of which are mapped.
    pub(super) fn unmap_own<M: Machine>(
        &mut self,
        machine: &mut M,
        root: Frame,
        address: u64,
        pages: u64,
    ) {
        for page in 0..pages {
            let at = address + page * PAGE_SIZE;
            let mut tree = self.service_tree(machine, root);
            let Some(table) = tree.table(at) else {
                continue;
            };
            let entry = tree.entry(table, index(at, 0));
            if entry.is_present() {
                tree.set(table, index(at, 0), Entry::EMPTY);
                tree.frames.let_go(entry.frame());
            }
            tree.prune(at);
        }
    }

    fn map_event_page<M: Machine>(
        &mut self,
        machine: &mut M,
        instance: &mut Instance,
    ) -> Result<(), CallError> {
        instance.charge(1)?;
        instance.event = self.map_page(machine, instance.root, EVENT_PAGE, READ_WRITE)?;
        Ok(())
    }
}

/// What most pages of a service are.
pub(super) const READ_WRITE: Protection = Protection(3);
