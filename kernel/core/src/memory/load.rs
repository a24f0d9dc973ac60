//! Loading a service's image (`abi::image`) into a new instance.
//!
//! Only the structure is checked here; who hands an image in has checked its checksum.

use abi::CallError;
use abi::call::Protection;
use abi::image::{ABI_VERSION, ImageHeader, MAGIC};
use abi::layout::{PAGE_SIZE, SERVICE_IMAGE, SERVICE_STACK_SIZE, TOP_LEVEL_SPAN};

use super::Memory;
use super::copy::Place;
use super::entry::PAGE_BYTES;
use super::instance::{ImageSource, Instance, InstanceLayout, READ_WRITE};
use super::plain::Plain;
use crate::machine::{Frame, Machine};

/// Bytes of the largest image, in file and memory: a load is one bounded operation.
const LARGEST_IMAGE: u64 = 16 << 20;
const READ_EXECUTE: Protection = Protection(5);
/// Relocations read at a time.
const RELOCATIONS_AT_A_TIME: usize = 64;

impl ImageSource {
    fn bytes(self) -> u64 {
        let (ImageSource::Archive { bytes, .. } | ImageSource::Memory { bytes, .. }) = self;
        bytes
    }
}

/// Reads and checks an image's header.
pub(super) fn read_header<M: Machine>(
    memory: &Memory,
    machine: &M,
    source: ImageSource,
) -> Result<ImageHeader, CallError> {
    if let ImageSource::Archive { offset, bytes } = source {
        let inside = offset
            .checked_add(bytes)
            .is_some_and(|end| end <= memory.archive.bytes);
        if !inside || !offset.is_multiple_of(PAGE_SIZE) {
            return Err(CallError::BadImage);
        }
    }
    if source.bytes() < PAGE_SIZE {
        return Err(CallError::BadImage);
    }
    let mut bytes = [0; ImageHeader::SIZE];
    read_source(memory, machine, source, 0, &mut bytes)?;
    let header = ImageHeader::load(&bytes);
    if is_loadable(&header, source.bytes()) {
        Ok(header)
    } else {
        Err(CallError::BadImage)
    }
}

/// Whether everything the header names lies where it may.
fn is_loadable(header: &ImageHeader, available: u64) -> bool {
    let sizes = [
        header.text_offset,
        header.text_size,
        header.read_only_size,
        header.data_offset,
        header.data_memory,
    ];
    let small = sizes
        .iter()
        .all(|s| *s <= LARGEST_IMAGE && s.is_multiple_of(PAGE_SIZE))
        && header.file_size <= available.min(LARGEST_IMAGE)
        && header.data_size <= header.data_memory
        && header.relocation_offset <= LARGEST_IMAGE;
    small
        && header.magic == MAGIC
        && header.abi == ABI_VERSION
        && header.text_offset >= PAGE_SIZE
        && header.text_offset + header.text_size + header.read_only_size <= header.file_size
        && header.data_offset + header.data_size <= header.file_size
        && header.relocation_offset + 4 * u64::from(header.relocations) <= header.file_size
        && header.memory_size() <= LARGEST_IMAGE
        && header.entry < header.text_size
        && header.export_entry < header.text_size
}

/// Picks random places for image and stack, with unmapped pages around both.
pub(super) fn choose_layout<M: Machine>(machine: &mut M, header: &ImageHeader) -> InstanceLayout {
    // Each gets a half of the area, so they cannot meet.
    let half = TOP_LEVEL_SPAN / 2;
    let mut place =
        |size: u64| (1 + machine.random() % ((half - size) / PAGE_SIZE - 2)) * PAGE_SIZE;
    let base = SERVICE_IMAGE + place(header.memory_size());
    let stack = SERVICE_IMAGE + half + place(SERVICE_STACK_SIZE);
    InstanceLayout {
        base,
        text_end: base + header.text_size,
        entry: base + header.entry,
        export_entry: base + header.export_entry,
        stack_top: stack + SERVICE_STACK_SIZE,
        version: header.version,
    }
}

/// Maps text and read-only data, copies and relocates data, makes the stack. On an error, what
/// has been mapped is in the instance's tree and goes with it.
pub(super) fn load<M: Machine>(
    memory: &mut Memory,
    machine: &mut M,
    source: ImageSource,
    header: &ImageHeader,
    instance: &mut Instance,
) -> Result<(), CallError> {
    let base = instance.layout.base;
    let mut loader = Loader {
        memory,
        machine,
        source,
        instance,
    };
    loader.map_shared(header.text_offset, base, header.text_size, READ_EXECUTE)?;
    let read_only = base + header.text_size;
    let offset = header.text_offset + header.text_size;
    loader.map_shared(offset, read_only, header.read_only_size, Protection::READ)?;
    let data = read_only + header.read_only_size;
    loader.map_own(data, header.data_memory)?;
    loader.copy(header.data_offset, data, header.data_size)?;
    loader.relocate(header)?;
    let stack = loader.instance.layout.stack_top - SERVICE_STACK_SIZE;
    loader.map_own(stack, SERVICE_STACK_SIZE)
}

struct Loader<'a, M> {
    memory: &'a mut Memory,
    machine: &'a mut M,
    source: ImageSource,
    instance: &'a mut Instance,
}

impl<M: Machine> Loader<'_, M> {
    /// Maps whole pages of the image that are never written: those of the archive themselves,
    /// otherwise copies.
    fn map_shared(
        &mut self,
        offset: u64,
        address: u64,
        bytes: u64,
        protection: Protection,
    ) -> Result<(), CallError> {
        if let Some(first) = self.archive_frame(offset) {
            let mut tree = self.memory.service_tree(self.machine, self.instance.root);
            return tree.map_run(address, first, bytes / PAGE_SIZE, protection);
        }
        for done in (0..bytes).step_by(PAGE_BYTES) {
            self.instance.charge(1)?;
            let root = self.instance.root;
            let frame = self
                .memory
                .map_page(self.machine, root, address + done, protection)?;
            self.fill(frame, offset + done, PAGE_BYTES)?;
        }
        Ok(())
    }

    fn archive_frame(&self, offset: u64) -> Option<Frame> {
        match self.source {
            ImageSource::Archive { offset: start, .. } => self.memory.archive.frame(start + offset),
            ImageSource::Memory { .. } => None,
        }
    }

    fn map_own(&mut self, address: u64, bytes: u64) -> Result<(), CallError> {
        let pages = bytes / PAGE_SIZE;
        self.instance.charge(pages)?;
        for page in 0..pages {
            let at = address + page * PAGE_SIZE;
            self.memory
                .map_page(self.machine, self.instance.root, at, READ_WRITE)?;
        }
        Ok(())
    }

    /// Copies bytes of the image to pages of the instance.
    fn copy(&mut self, offset: u64, address: u64, bytes: u64) -> Result<(), CallError> {
        for done in (0..bytes).step_by(PAGE_BYTES) {
            let here = usize::try_from((bytes - done).min(PAGE_SIZE));
            let frame = self.frame(address + done)?;
            self.fill(frame, offset + done, here.map_err(|_| CallError::BadImage)?)?;
        }
        Ok(())
    }

    /// Fills a frame with bytes of the image from the start of one of its pages on.
    fn fill(&mut self, frame: Frame, offset: u64, bytes: usize) -> Result<(), CallError> {
        if let Some(from) = self.archive_frame(offset) {
            self.machine.transfer(from, 0, frame, 0, bytes);
            return Ok(());
        }
        let mut buffer = [0; 256];
        for done in (0..bytes).step_by(buffer.len()) {
            let part = &mut buffer[..(bytes - done).min(256)];
            read_source(
                self.memory,
                self.machine,
                self.source,
                offset + done as u64,
                part,
            )?;
            self.machine.write(frame, done, part);
        }
        Ok(())
    }

    /// Adds the base to every word that holds an address. They are in order, so that most lie in the
    /// page of the one before.
    fn relocate(&mut self, header: &ImageHeader) -> Result<(), CallError> {
        let data = header.text_size + header.read_only_size;
        let base = self.instance.layout.base;
        let mut bytes = [0; 4 * RELOCATIONS_AT_A_TIME];
        let mut offset = header.relocation_offset;
        let mut left = header.relocations as usize;
        let mut page = None;
        while left > 0 {
            let part = &mut bytes[..4 * left.min(RELOCATIONS_AT_A_TIME)];
            read_source(self.memory, self.machine, self.source, offset, part)?;
            for relocation in part.chunks(4) {
                let word = u64::from(u32::load(relocation));
                if word < data || word % 8 != 0 || word + 8 > data + header.data_memory {
                    return Err(CallError::BadImage);
                }
                let frame = match page {
                    Some((number, frame)) if number == word / PAGE_SIZE => frame,
                    _ => self.frame(base + word)?,
                };
                page = Some((word / PAGE_SIZE, frame));
                let index = super::copy::offset_in_page(word) / 8;
                let value = self.machine.word(frame, index).wrapping_add(base);
                self.machine.set_word(frame, index, value);
            }
            offset += part.len() as u64;
            left -= part.len() / 4;
        }
        Ok(())
    }

    fn frame(&self, address: u64) -> Result<Frame, CallError> {
        let place = Place {
            root: self.instance.root,
            address,
        };
        self.memory
            .frame_at(self.machine, place)
            .map_err(|_| CallError::BadImage)
    }
}

/// Reads bytes of an image.
fn read_source<M: Machine>(
    memory: &Memory,
    machine: &M,
    source: ImageSource,
    offset: u64,
    bytes: &mut [u8],
) -> Result<(), CallError> {
    match source {
        ImageSource::Memory { place, .. } => {
            let address = place.address.saturating_add(offset);
            let from = Place {
                root: place.root,
                address,
            };
            memory
                .read(machine, from, bytes)
                .map_err(|_| CallError::BadAddress)
        }
        ImageSource::Archive { offset: start, .. } => {
            let mut done = 0;
            while done < bytes.len() {
                let at = start + offset + done as u64;
                let frame = memory.archive.frame(at).ok_or(CallError::BadImage)?;
                let in_page = super::copy::offset_in_page(at);
                let end = bytes.len().min(done + PAGE_BYTES - in_page);
                machine.read(frame, in_page, &mut bytes[done..end]);
                done = end;
            }
            Ok(())
        }
    }
}
