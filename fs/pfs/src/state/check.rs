//! After an import, in both versions: ends, pipes and FIFOs that refer to what is not there.

use super::{End, PipeId};
use crate::pipe::Pipe;
use abi::Endpoint;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use linux::file::flags::{reads, writes};
use service::container::{Map, Value};
use service::description::Descriptions;

/// The tables of a State.
pub(super) struct Tables<'a> {
    pub(super) pipes: &'a mut Map<PipeId, Pipe>,
    pub(super) fifos: &'a mut Map<(Endpoint, u64), PipeId>,
    pub(super) open: &'a mut Descriptions<End>,
    pub(super) last: &'a mut Value<u64>,
}

/// Drops ends and FIFOs of pipes that are not there, and pipes to which nothing leads; counts the
/// ends of the others anew. Returns how much was wrong.
pub(super) fn check(tables: &mut Tables<'_>) -> usize {
    let Tables {
        pipes,
        fifos,
        open,
        last,
    } = tables;
    let mut wrong = open.check(|end| pipes.contains(&end.pipe()));
    let named = fifos.len();
    fifos.retain(|_, id| pipes.contains(id));
    wrong += named - fifos.len();
    let mut ends: BTreeMap<PipeId, (u32, u32)> = BTreeMap::new();
    for (_, description) in open.iter() {
        let of = ends.entry(description.object.pipe()).or_default();
        of.0 += u32::from(reads(description.flags));
        of.1 += u32::from(writes(description.flags));
    }
    let before = pipes.len();
    pipes.retain(|id, _| ends.contains_key(id) || fifos.iter().any(|(_, of)| of == id));
    wrong += before - pipes.len();
    let counted = |id: &PipeId| ends.get(id).copied().unwrap_or_default();
    let miscounted: Vec<PipeId> = pipes
        .iter()
        .filter(|(id, pipe)| counted(id) != (pipe.readers, pipe.writers))
        .map(|(id, _)| *id)
        .collect();
    for id in &miscounted {
        pipes.update(id, |pipe| (pipe.readers, pipe.writers) = counted(id));
    }
    let newest = pipes.iter().next_back().map_or(0, |(id, _)| id.0);
    if newest > *last.get() {
        last.set(newest);
        wrong += 1;
    }
    wrong + miscounted.len()
}
