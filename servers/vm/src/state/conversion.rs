//! From each version to the other.

use super::version_1::{File, Need};
use super::version_2::{AddressSpace, Memory, Shown};
use super::{version_1, version_2};
use abi::layout::PAGE_SIZE;
use alloc::vec::Vec;
use service::container::Value;

impl From<version_1::State> for version_2::State {
    fn from(old: version_1::State) -> Self {
        let spaces = old.spaces.into_entries().map(|(id, space)| {
            let sizes = space.sizes();
            let known = AddressSpace {
                space,
                // The first version does not know: at least what is mapped now.
                peak: sizes.total,
                promised: sizes.promised / PAGE_SIZE,
            };
            (id, known)
        });
        let files: Vec<(u32, File)> = old.files.into_entries().collect();
        let shown = files.iter().map(|(number, file)| {
            let shown = Shown {
                number: *number,
                spaces: file.spaces,
            };
            (file.object, shown)
        });
        let memory = match old.need.into_inner() {
            Need::None => Memory::Enough,
            Need::Felt => Memory::Short,
            Need::Victim(space) => Memory::Awaited(space),
        };
        version_2::State {
            address_spaces: spaces.collect(),
            shown: shown.collect(),
            objects: files.iter().map(|(n, file)| (*n, file.object)).collect(),
            last: Value::new((*old.last_space.get(), *old.last_file.get())),
            random: old.seed,
            memory: Value::new(memory),
            promised: old.promised,
            makings: old.makings,
        }
    }
}

impl From<version_2::State> for version_1::State {
    fn from(new: version_2::State) -> Self {
        let spaces: Vec<_> = new.address_spaces.into_entries().collect();
        let promised = spaces.iter().map(|(_, known)| known.promised).sum();
        let files = new.shown.into_entries().map(|(object, shown)| {
            let file = File {
                object,
                spaces: shown.spaces,
            };
            (shown.number, file)
        });
        let need = match new.memory.into_inner() {
            Memory::Enough | Memory::Relieved(_) => Need::None,
            Memory::Short => Need::Felt,
            Memory::Awaited(space) => Need::Victim(space),
        };
        let (last_space, last_file) = new.last.into_inner();
        version_1::State {
            spaces: spaces.into_iter().map(|(id, k)| (id, k.space)).collect(),
            files: files.collect(),
            last_space: Value::new(last_space),
            last_file: Value::new(last_file),
            seed: new.random,
            promised: Value::new(promised),
            need: Value::new(need),
            makings: new.makings,
        }
    }
}
