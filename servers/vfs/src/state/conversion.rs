//! From each version to the other.

use super::version_1::Process;
use super::version_2::Counters;
use super::{version_1, version_2};
use alloc::vec::Vec;
use service::container::Value;

impl From<version_1::State> for version_2::State {
    fn from(old: version_1::State) -> Self {
        let mut new = version_2::State {
            counters: Value::new(Counters {
                last_open: old.last_open.into_inner(),
                last_mount: old.last_mount.into_inner(),
                most_open: old.opens.len() as u64,
            }),
            opens: old.opens,
            mounts: old.mounts,
            locks: old.locks,
            ..Default::default()
        };
        for (process, record) in old.processes.into_entries() {
            new.places.insert(process, record.places);
            new.settings.insert(process, record.settings);
            new.programs.insert(process, record.program);
            if !record.groups.is_empty() {
                new.groups.insert(process, record.groups);
            }
        }
        let descriptors = old.descriptors.into_entries();
        new.slots = descriptors.map(|(key, of)| (key, of.into())).collect();
        let references = old.references.into_entries();
        let several = references.filter(|(_, references)| *references > 1);
        new.shared = several
            .map(|(id, references)| (id, references - 1))
            .collect();
        new
    }
}

impl From<version_2::State> for version_1::State {
    fn from(mut new: version_2::State) -> Self {
        let counters = *new.counters.get();
        let mut processes = Vec::new();
        for (process, places) in new.places.into_entries() {
            // A process that lacks a part is dropped, as `check` would.
            let (Some(settings), Some(program)) = (
                new.settings.get(&process).copied(),
                new.programs.remove(&process),
            ) else {
                continue;
            };
            let groups = new.groups.remove(&process).unwrap_or_default();
            let record = Process {
                places,
                settings,
                program,
                groups,
            };
            processes.push((process, record));
        }
        let references = new
            .opens
            .iter()
            .map(|(id, _)| (*id, new.shared.get(id).map_or(1, |others| others + 1)))
            .collect();
        let slots = new.slots.into_entries();
        version_1::State {
            processes: processes.into_iter().collect(),
            descriptors: slots.map(|(key, slot)| (key, slot.into())).collect(),
            references,
            opens: new.opens,
            last_open: Value::new(counters.last_open),
            mounts: new.mounts,
            last_mount: Value::new(counters.last_mount),
            locks: new.locks,
        }
    }
}
