//! Page faults.

use super::{Context, apply, capacity, close, relief};
use crate::action::{done, map_pages};
use crate::fault::{Decision, Fault, Pages, Touch, decide};
use crate::range::page_down;
use crate::region::FilePart;
use crate::state::{Object, State, Tables};
use abi::call::Protection;
use abi::layout::PAGE_SIZE;
use abi::word::low_32;
use abi::{Access, Call, CallError, Errno, LeaseDescriptor, LeaseSource, SpaceId};
use protocol::{Question, object, stopped};
use service::{Lend, Outcome, System};

/// Of the access bits of a lease of a forwarded fault: the page may be executed.
const EXECUTE: u32 = 4;
/// Of a fault's access bits: the program fetched an instruction.
const FETCH: u32 = 4;

/// Answers a page fault.
pub(crate) async fn page_fault(cx: Context, question: stopped::PageFault) -> Outcome {
    let fault = Fault {
        address: question.address,
        length: question.length,
        touch: touch(question.access),
        present: question.present,
    };
    loop {
        let result = match decide_for(&cx, &fault) {
            Decision::Zero(pages) => bring_zeroes(&cx, &pages, page_down(fault.address)),
            Decision::Own(pages) => make_own(&cx, &pages),
            Decision::Protect(pages) => protect(&cx, &pages),
            Decision::File(pages, part) => {
                return forward(&cx, &pages, part, page_down(fault.address));
            }
            Decision::Partial(pages, part, bytes) => read_part(&cx, &pages, part, bytes).await,
            Decision::Grow => {
                grow(&cx, &fault).await?;
                continue;
            }
            Decision::Refuse(errno) => Err(errno),
        };
        match result {
            Ok(()) => return cx.end(|_| ()),
            Err(Errno::NOMEM) => relief::wait(&cx).await?,
            Err(errno) => return Err(errno.into()),
        }
    }
}

fn touch(access: u32) -> Touch {
    if access & FETCH != 0 {
        Touch::Execute
    } else if access & Access::Write as u32 != 0 {
        Touch::Write
    } else {
        Touch::Read
    }
}

fn decide_for(cx: &Context, fault: &Fault) -> Decision {
    cx.look("decide", |state: &State| {
        match state.space(cx.caller().space) {
            Some(space) => decide(space, fault),
            None => Decision::Refuse(Errno::FAULT),
        }
    })
}

fn number(space: SpaceId) -> u64 {
    u64::from(space.0)
}

/// Brings zeroed pages, or at least the wanted one.
fn bring_zeroes(cx: &Context, pages: &Pages, wanted: u64) -> Result<(), Errno> {
    let space = number(cx.caller().space);
    cx.kernel("zero", |system| {
        let map = |start, count| map_pages(system, space, start, count, pages.rights);
        map(pages.start, pages.count).or_else(|_| map(wanted, 1))
    })
}

/// Gives the program pages of its own, or at least the first.
fn make_own(cx: &Context, pages: &Pages) -> Result<(), Errno> {
    let space = number(cx.caller().space);
    cx.kernel("own", |system| {
        let mut addresses = (0..pages.count).map(|page| pages.start + page * PAGE_SIZE);
        let first = addresses.next().unwrap_or(pages.start);
        unshare(system, space, first, pages.rights)?;
        // The rest is done as far as it can be: what is missing faults by itself.
        let _ = addresses.try_for_each(|at| unshare(system, space, at, pages.rights));
        Ok(())
    })
}

/// Makes a page the program's own; one that has gone meanwhile faults again.
fn unshare(system: &dyn System, space: u64, address: u64, rights: u64) -> Result<(), Errno> {
    match system.call(Call::Unshare, &[space, address, rights]) {
        Err(CallError::BadAddress) => Ok(()),
        result => done(result).map(drop),
    }
}

fn protect(cx: &Context, pages: &Pages) -> Result<(), Errno> {
    let space = number(cx.caller().space);
    cx.kernel("protect", |system| {
        let arguments = [space, pages.start, pages.count, pages.rights];
        done(system.call(Call::Protect, &arguments)).map(drop)
    })
}

fn object_of(cx: &Context, part: FilePart) -> Result<Object, Errno> {
    cx.look("object", |state: &State| state.object(part.file))
}

/// Hands the fault on to the file's server, which answers with its pages, the wanted one among them.
fn forward(cx: &Context, pages: &Pages, part: FilePart, wanted: u64) -> Outcome {
    let file = object_of(cx, part)?;
    let question = object::Page {
        handle: file.handle,
        offset: part.offset,
        pages: low_32(pages.count),
        wanted: low_32(wanted.saturating_sub(pages.start) / PAGE_SIZE),
    };
    let lease = LeaseDescriptor {
        source: LeaseSource::Lent as u32,
        access: lease_access(pages.rights, part.shared),
        request: cx.request(),
        index: 0,
        address: pages.start,
        length: pages.count * PAGE_SIZE,
    };
    cx.end_with_pages(|system, request| {
        system.forward(request, file.server, &question.message(), &[lease])
    })
}

/// The access bits of the lease that says where the pages go: what they are to be mapped with.
fn lease_access(rights: u64, shared: bool) -> u32 {
    let rights = Protection(rights);
    let mut access = Access::Read as u32;
    if rights.allows(Protection::WRITE) && !shared {
        access |= Access::Write as u32;
    }
    if rights.allows(Protection::EXECUTE) {
        access |= EXECUTE;
    }
    access
}

/// Brings a page that the file fills only in part: zeroes, then so many bytes of the file.
async fn read_part(cx: &Context, pages: &Pages, part: FilePart, bytes: u64) -> Result<(), Errno> {
    let file = object_of(cx, part)?;
    let space = number(cx.caller().space);
    // Writable while it is filled, whatever the program may do with it.
    let filling = Protection::READ.0 | Protection::WRITE.0;
    cx.kernel("page", |system| {
        map_pages(system, space, pages.start, 1, filling)
    })?;
    let question = object::ReadAt {
        handle: file.handle,
        count: bytes,
        offset: part.offset,
    };
    let lend = Lend::Part {
        index: 0,
        offset: pages.start,
        length: bytes,
        access: Access::Write,
    };
    let read = cx.ask("read", file.server, question, &[lend]).await;
    cx.kernel("filled", |system| {
        let range = [space, pages.start, 1, pages.rights];
        // A page without its content must not be seen.
        let result = match read {
            Ok(_) => system.call(Call::Protect, &range),
            Err(_) => system.call(Call::Unmap, &range[..3]),
        };
        done(result).map(drop)
    })?;
    match read {
        Ok(_) => Ok(()),
        // What the file does not have is no lack of memory.
        Err(refused) => Err(refused
            .errno()
            .filter(|e| *e != Errno::NOMEM)
            .unwrap_or(Errno::IO)),
    }
}

async fn grow(cx: &Context, fault: &Fault) -> Result<(), Errno> {
    let space = cx.caller().space;
    let grown = cx.step("grow", |state| {
        state.change(space, capacity(cx), |space, _| {
            space.grow_stack(fault.address)
        })
    });
    let grown = grown.map_err(|_| Errno::FAULT)?;
    apply(cx, space, &grown.actions)?;
    close(cx, &grown.closed).await;
    Ok(())
}
