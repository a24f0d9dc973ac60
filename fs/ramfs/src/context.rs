//! What every handler needs: who asks, what time it is, and pages from the kernel.
//!
//! A page is given to a file in the closure that fills it, and taken from a file by *releasing* it.
//! Released pages are unmapped in a closure of their own after the one that released them: had the
//! instance died between, the successor would still find the page of the file it was. An instance
//! that takes over unmaps all that is free, for its predecessor may have died between mapping a
//! page and saying so.

use crate::RamFileSystem;
use crate::content::runs;
use crate::load::load;
use crate::state::{Open, State};
use crate::tree::Tree;
use abi::limits::PAGES_PER_CALL;
use abi::{Call, CallError, Errno};
use alloc::vec::Vec;
use archive::Archive;
use linux::file::mode::Actor;
use service::{Cx, System};

/// A handler's context.
pub(crate) type Context = Cx<RamFileSystem>;

/// Free pages of the machine that files do not take, so that everybody else can go on.
const LEFT_TO_OTHERS: u64 = 512;
/// Nodes whose export and import fit a page: twice their name and attributes.
const NODES_PER_PAGE: u64 = 4;
/// Pages behind the last used one that a predecessor may have mapped in vain.
const STRAY: u64 = 8 * PAGES_PER_CALL;

/// Who asks.
pub(crate) fn actor(cx: &Context) -> Actor<'static> {
    let caller = cx.caller();
    Actor {
        user: caller.user,
        group: caller.group,
        groups: &[],
    }
}

/// The time of the request, ns since 1970. To be asked for within the closure that uses it.
pub(crate) fn now(cx: &Context) -> u64 {
    let start = cx.system().call(Call::RealTime, &[]).unwrap_or(0);
    start.saturating_add(cx.stamp().0)
}

/// How many pages files may still get.
pub(crate) fn room(system: &dyn System) -> u64 {
    let memory = system.memory_statistics();
    if memory.total == 0 {
        return u64::MAX;
    }
    memory
        .free
        .saturating_sub(memory.reserved)
        .saturating_sub(LEFT_TO_OTHERS)
}

/// Refuses what would make the tree larger than a successor could take over in the memory that is
/// free: it needs the exported nodes and its own.
///
/// # Errors
/// `NOSPC`.
pub(crate) fn check_room(system: &dyn System, nodes: u64) -> Result<(), Errno> {
    if room(system) <= nodes / NODES_PER_PAGE {
        return Err(Errno::NOSPC);
    }
    Ok(())
}

/// Maps free pages, zeroed; they stay free. Returns those that could be mapped.
pub(crate) fn map(system: &dyn System, mut pages: Vec<u64>) -> Vec<u64> {
    let mut mapped = 0;
    for (first, count) in runs(&pages, PAGES_PER_CALL) {
        if map_run(system, first, count).is_ok() {
            mapped += abi::word::index(count);
            continue;
        }
        // As many of the run as there is memory for.
        unmap(system, &[(first, count)]);
        let fit = (first..first + count).take_while(|page| map_run(system, *page, 1).is_ok());
        mapped += fit.count();
        break;
    }
    pages.truncate(mapped);
    pages
}

fn map_run(system: &dyn System, first: u64, count: u64) -> Result<(), CallError> {
    // What a closure cut short may have left there is not zero.
    system.call(Call::KeepUnmap, &[first, count])?;
    system.call(Call::KeepMap, &[first, count])?;
    Ok(())
}

/// Unmaps pages that are no file's.
pub(crate) fn unmap(system: &dyn System, runs: &[(u64, u64)]) {
    for (first, count) in runs {
        let mut done = 0;
        while done < *count {
            let part = (count - done).min(PAGES_PER_CALL);
            // The range is good; there is nothing else that the kernel refuses.
            let _ = system.call(Call::KeepUnmap, &[first + done, part]);
            done += part;
        }
    }
}

/// Unmaps released pages; they are free then.
pub(crate) fn drain(cx: &Context) {
    cx.step("drain", |state| drain_state(cx.system(), state));
}

fn drain_state(system: &dyn System, state: &mut State) {
    let pages = state.released();
    unmap(system, &runs(&pages, PAGES_PER_CALL));
    for page in pages {
        state.free(page);
    }
}

/// What a new instance does first.
pub(crate) fn recover(cx: &Context) {
    cx.step("recover", |state| {
        let system = cx.system();
        if !state.is_loaded() {
            fill(cx, state);
        }
        drain_state(system, state);
        let mut free = state.free_runs();
        if let Some(last) = free.last_mut() {
            last.1 += STRAY;
        }
        unmap(system, &free);
    });
}

fn fill(cx: &Context, state: &mut State) {
    match Archive::read(cx.system().archive()) {
        Ok(archive) => {
            let files = load(state, &archive);
            cx.log(&alloc::format!(
                "ramfs: {files} files from the boot archive"
            ));
        }
        Err(error) => cx.log(&alloc::format!("ramfs: the boot archive is bad: {error}")),
    }
    state.set_loaded();
}

/// The file of an open description.
///
/// # Errors
/// `STALE`.
pub(crate) fn file_of(
    state: &State,
    handle: protocol::Handle,
) -> Result<crate::node::NodeId, Errno> {
    Ok(state.open().get(handle)?.object)
}
