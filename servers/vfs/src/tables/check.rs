//! What does not fit together is dropped, one entity at a time.

use super::{LockOwner, OpenId, Tables};
use alloc::collections::BTreeMap;
use alloc::vec::Vec;

/// Drops descriptors and processes that refer to what is not there, opens that nobody refers to,
/// and locks without owners, and counts references anew. Returns how much was wrong.
pub(crate) fn check(tables: &mut impl Tables) -> usize {
    let mut wrong = drop_lost_processes(tables) + drop_lost_descriptors(tables);
    let references = count_references(tables);
    let opens: Vec<OpenId> = tables.opens().map(|(id, _)| id).collect();
    for id in opens {
        let counted = references.get(&id).copied().unwrap_or(0);
        if counted == 0 {
            tables.take_open(id);
            wrong += 1;
        } else if counted != tables.references(id) {
            tables.set_references(id, counted);
            wrong += 1;
        }
    }
    let processes = tables.processes();
    wrong
        + tables.locks_mut().retain(|owner| match owner {
            LockOwner::Process(process) => processes.contains(&process),
            LockOwner::Description(id) | LockOwner::Whole(id) => references.contains_key(&id),
        })
}

fn drop_lost_processes(tables: &mut impl Tables) -> usize {
    let mut dropped = 0;
    for process in tables.processes() {
        let whole = tables.places(process).is_some_and(|places| {
            tables.open(places.root).is_some() && tables.open(places.directory).is_some()
        });
        if !whole || tables.settings(process).is_none() || tables.program(process).is_none() {
            tables.drop_process(process);
            dropped += 1;
        }
    }
    dropped
}

fn drop_lost_descriptors(tables: &mut impl Tables) -> usize {
    let mut dropped = 0;
    for (process, number, descriptor) in tables.all_descriptors() {
        if tables.places(process).is_none() || tables.open(descriptor.open).is_none() {
            tables.take_descriptor(process, number);
            dropped += 1;
        }
    }
    dropped
}

fn count_references(tables: &impl Tables) -> BTreeMap<OpenId, u32> {
    let descriptors = tables.all_descriptors();
    let places = tables.processes();
    let places = places.iter().filter_map(|process| tables.places(*process));
    let referred = descriptors
        .iter()
        .map(|(_, _, descriptor)| descriptor.open)
        .chain(places.flat_map(|places| [places.root, places.directory]));
    let mut counted = BTreeMap::new();
    for id in referred {
        *counted.entry(id).or_insert(0) += 1;
    }
    counted
}
