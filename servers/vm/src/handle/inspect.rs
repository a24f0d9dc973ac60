//! What proc and pm want to know about spaces.

use super::Context;
use crate::maps;
use crate::space::{Limits, Space};
use crate::state::{Shortage, State, Tables};
use abi::layout::PAGE_SIZE;
use abi::{Call, Errno, SpaceId};
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;
use protocol::memory::{Inspect, Regions, SetLimits, Sizes, Space as Named};
use protocol::object;
use service::Outcome;

/// With fewer free pages than these, memory is short.
const LACKING: u64 = 16;

/// Sizes of a space.
pub(crate) async fn inspect(cx: Context, question: Inspect) -> Outcome {
    let id = question.space;
    let resident = resident_pages(&cx, id) * PAGE_SIZE;
    cx.end_with(|state| {
        let sizes = state.space(id).ok_or(Errno::SRCH)?.sizes();
        Ok(Sizes {
            total: sizes.total,
            resident,
            text: sizes.text,
            data: sizes.data,
            stack: sizes.stack,
            peak: state.peak(id),
        })
    })
}

/// Pages that are there; 0 of a space that is not.
fn resident_pages(cx: &Context, space: SpaceId) -> u64 {
    let pages = cx
        .system()
        .call(Call::SpaceStatistics, &[u64::from(space.0)]);
    pages.unwrap_or(0)
}

/// Sets limits.
pub(crate) async fn set_limits(cx: Context, question: SetLimits) -> Outcome {
    let limits = Limits {
        total: question.total,
        data: question.data,
        stack: question.stack,
    };
    cx.end_with(|state| Ok(state.set_limits(question.space, limits)?))
}

/// The text of /proc/PID/maps.
pub(crate) async fn regions(cx: Context, question: Regions) -> Outcome {
    let nodes = nodes(&cx, question.space).await?;
    cx.end_with(|state| {
        let space = state.space(question.space).ok_or(Errno::SRCH)?;
        let text = text(space, &nodes);
        let start = abi::word::index(question.offset).min(text.len());
        let length = abi::word::index(cx.lease(0).length).min(text.len() - start);
        let bytes = &text.as_bytes()[start..start + length];
        cx.write_lease(0, 0, bytes)?;
        Ok(length as u64)
    })
}

/// The inodes of the files that a space shows, as far as their servers tell.
async fn nodes(cx: &Context, space: SpaceId) -> Result<BTreeMap<u32, u64>, Errno> {
    let files: Option<Vec<u32>> = cx.look("files", |state: &State| {
        let space = state.space(space)?;
        Some(space.regions.files().into_iter().collect())
    });
    let mut nodes = BTreeMap::new();
    for file in files.ok_or(Errno::SRCH)? {
        let object = cx.look("object", |state: &State| state.object(file));
        let Ok(object) = object else { continue };
        let handle = object.handle;
        let question = object::Describe { handle };
        if let Ok(file_of) = cx.repeat("describe", object.server, question, &[]).await {
            nodes.insert(file, file_of.node);
        }
    }
    Ok(nodes)
}

fn text(space: &Space, nodes: &BTreeMap<u32, u64>) -> String {
    let lines = space.regions.iter().map(|region| {
        let node = region.file().and_then(|file| nodes.get(&file));
        maps::line(region, node.copied().unwrap_or(0))
    });
    lines.collect()
}

/// The space whose process has to end for its memory, if memory is short.
pub(crate) async fn victim(cx: Context) -> Outcome {
    // A server that lends its pages may have found none for a page table: vm has not felt that.
    let lacking = cx.look("lacking", |_: &State| {
        let memory = cx.system().memory_statistics();
        memory.free.saturating_sub(memory.reserved) < LACKING
    });
    let ids = cx.look("spaces", |state: &State| {
        let short = lacking || state.shortage() != Shortage::None;
        if short { state.space_ids() } else { Vec::new() }
    });
    let sizes = ids
        .iter()
        .map(|space| (*space, resident_pages(&cx, *space)));
    let sizes: Vec<_> = sizes.collect();
    cx.end(|state| {
        if lacking && state.shortage() == Shortage::None {
            state.set_shortage(Shortage::Felt);
        }
        Named {
            space: state.name_victim(&sizes),
        }
    })
}
