//! Processes are made: the first one, and by fork, vfork, clone and clone3.

use crate::end::ask_to_free;
use crate::execute::{self, Gathered, Loaded};
use crate::process::Process;
use crate::state::Counter;
use crate::table::{Birth, effects::key};
use crate::{Context, arguments, caller, making};
use abi::layout::PAGE_SIZE;
use abi::{Call, CallError, Errno, Pid, SpaceId};
use core::task::Poll;
use linux::process::clone::{CLONE_ARGUMENTS_BYTES, Child, Refusal};
use linux::process::strings::Strings;
use protocol::endpoint::{SCHED, VFS, VM};
use protocol::{descriptors, memory, scheduling};
use service::{Outcome, Refused, System};

/// The first program.
const INIT_PATH: &[u8] = b"/sbin/init";
/// Its environment (Linux: `envp_init`).
const INIT_ENVIRONMENT: [&[u8]; 2] = [b"HOME=/", b"TERM=linux"];

/// Answers clone.
pub(crate) async fn clone(cx: Context, words: [u64; 7]) -> Outcome {
    let [
        flags,
        stack,
        parent_number,
        child_number,
        thread_pointer,
        ..,
    ] = words;
    let child = Child::of_clone([flags, stack, parent_number, child_number, thread_pointer]);
    create(cx, child.map_err(refusal)?).await
}

/// Answers clone3.
pub(crate) async fn clone3(cx: Context, address: u64, size: u64) -> Outcome {
    if size < CLONE_ARGUMENTS_BYTES as u64 {
        return Err(Errno::INVAL.into());
    }
    if size > PAGE_SIZE {
        return Err(Errno::TOOBIG.into());
    }
    let bytes = arguments::read(&cx, address)?;
    let child = Child::of_clone3(&bytes);
    create(cx, child.map_err(refusal)?).await
}

fn refusal(refusal: Refusal) -> Errno {
    match refusal {
        Refusal::Invalid => Errno::INVAL,
        Refusal::Unsupported => Errno::NOSYS,
    }
}

/// Makes a child: fork and vfork.
pub(crate) async fn create(cx: Context, child: Child) -> Outcome {
    let maker = caller(&cx);
    let number = making::begin(&cx, maker)?;
    let space = match prepare(&cx, maker, number, child).await {
        Ok(space) => space,
        Err((space, refused)) => return give_up(cx, number, space, refused).await,
    };
    let made = cx.kernel("create", |kernel| make(kernel, maker, number, space, child));
    let own_space = if child.shares_memory {
        SpaceId::NONE
    } else {
        space
    };
    if let Err(errno) = made {
        return give_up(cx, number, own_space, errno.into()).await;
    }
    let start = scheduling::Start {
        process: Pid(number),
        parent: Pid(maker),
    };
    // Without a policy the kernel's defaults hold.
    let _ = cx.ask("schedule", SCHED, start, &[]).await;
    if let Some(address) = child.parent_number {
        arguments::write_if_possible(&cx, address, &number.to_le_bytes())?;
    }
    let birth = Birth {
        maker,
        number,
        child,
        space,
        now: cx.stamp(),
    };
    if let Err(errno) = cx.step("born", |state| state.born(&birth)) {
        return give_up(cx, number, own_space, errno.into()).await;
    }
    run(&cx, number);
    making::finish(&cx, number);
    if child.parent_waits {
        wait_for_child(cx, maker, number).await
    } else {
        cx.end(|_| u64::from(number))
    }
}

/// Gets memory and descriptors for a child. An error comes with the space made before it, or none.
async fn prepare(
    cx: &Context,
    maker: u32,
    number: u32,
    child: Child,
) -> Result<SpaceId, (SpaceId, Refused)> {
    let parent = cx.caller().space;
    let own_space = if child.shares_memory {
        SpaceId::NONE
    } else {
        let asked = cx.ask("space", VM, memory::Clone { parent }, &[]).await;
        let space = asked.map_err(|refused| (SpaceId::NONE, refused))?.space;
        making::has_space(cx, number, space);
        space
    };
    let table = descriptors::Clone {
        parent: Pid(maker),
        child: Pid(number),
    };
    let asked = cx.ask("table", VFS, table, &[]).await;
    asked.map_err(|refused| (own_space, refused))?;
    Ok(if child.shares_memory {
        parent
    } else {
        own_space
    })
}

/// Ends vfork once the child has executed or ended, or the parent is killed.
async fn wait_for_child(cx: Context, maker: u32, number: u32) -> Outcome {
    cx.end_when(key::vfork(number), |state, _| {
        let is_killed = state.process(maker).is_none_or(Process::is_killed);
        if is_killed || state.has_let_go(number) {
            Poll::Ready(Ok(u64::from(number)))
        } else {
            Poll::Pending
        }
    })
    .await
}

/// Makes the stopped process of a child.
fn make(
    kernel: &dyn System,
    maker: u32,
    number: u32,
    space: SpaceId,
    child: Child,
) -> Result<(), Errno> {
    let arguments = [number.into(), maker.into(), space.0.into(), child.stack];
    let made = kernel.call(Call::ProcessCreate, &arguments).and_then(|_| {
        let Some(thread_pointer) = child.thread_pointer else {
            return Ok(());
        };
        let mut thread = kernel.registers_read(Pid(number))?;
        thread.registers.fs_base = thread_pointer;
        kernel.registers_write(Pid(number), &thread)
    });
    made.map_err(|error| match error {
        CallError::NoMemory => Errno::AGAIN,
        CallError::NoProcess => Errno::SRCH,
        _ => Errno::INVAL,
    })
}

/// Lets a process that has been born run.
pub(crate) fn run(cx: &Context, pid: u32) {
    let interrupts = cx.look("interrupts", |state| {
        state.process(pid).map_or(0, |p| p.interrupts)
    });
    let identity = cx.look("born identity", |state| {
        state.process(pid).map(Process::identity)
    });
    cx.kernel("run", |kernel| {
        let number = u64::from(pid);
        if let Some(identity) = identity {
            let _ = kernel.process_identity(Pid(pid), &identity);
        }
        if interrupts > 0 {
            let _ = kernel.call(Call::ProcessInterrupt, &[number, interrupts]);
        }
        // It exists: nobody but itself ends it, and it has not run yet.
        kernel.call(Call::ProcessRun, &[number, 1]).is_ok()
    });
}

/// Gives up a child that was not born, whose own space this is, if it has one.
async fn give_up(cx: Context, number: u32, space: SpaceId, refused: Refused) -> Outcome {
    free(&cx, number, space).await;
    making::finish(&cx, number);
    Err(refused)
}

/// Frees what a child that was not born has, wherever that is.
pub(crate) async fn free(cx: &Context, number: u32, space: SpaceId) {
    let process = Pid(number);
    cx.kernel("unmake", |kernel| {
        kernel.call(Call::ProcessDestroy, &[number.into()]).is_ok()
    });
    let table = descriptors::Destroy { process };
    let _ = ask_to_free(cx, "abandon table", VFS, table).await;
    if space != SpaceId::NONE {
        let _ = ask_to_free(cx, "abandon space", VM, memory::Destroy { space }).await;
    }
    let _ = ask_to_free(cx, "unschedule", SCHED, scheduling::Stop { process }).await;
}

/// Starts the first process. Asked again, it answers that it runs.
pub(crate) async fn start_init(cx: Context) -> Outcome {
    let pid = Pid::INIT.0;
    if !claim_init(&cx).await {
        return cx.end(|_| ());
    }
    let table = descriptors::First { process: Pid::INIT };
    if let Err(refused) = cx.ask("first table", VFS, table, &[]).await {
        return end_init(&cx, refused);
    }
    let loaded = match load_init(&cx).await {
        Ok(loaded) => loaded,
        Err(refused) => return undo_init(cx, None, refused).await,
    };
    let Loaded {
        space,
        entry,
        stack,
        ..
    } = loaded;
    let made = cx.kernel("create init", |kernel| {
        let number = u64::from(pid);
        let created = kernel.call(Call::ProcessCreate, &[number, 0, space.0.into(), stack]);
        let arguments = [number, space.0.into(), entry, stack];
        created
            .and_then(|_| kernel.call(Call::ProcessExecute, &arguments))
            .is_ok()
    });
    making::has_space(&cx, pid, space);
    if !made {
        return undo_init(cx, Some(space), Errno::NOMEM.into()).await;
    }
    let executed = descriptors::Executed { process: Pid::INIT };
    let _ = cx.ask("executed", VFS, executed, &[]).await;
    cx.step("born", |state| {
        state.first(pid, space, loaded.command(), cx.stamp());
    });
    cx.wake(key::INIT);
    let start = scheduling::Start {
        process: Pid::INIT,
        parent: Pid::NONE,
    };
    let _ = cx.ask("schedule", SCHED, start, &[]).await;
    run(&cx, pid);
    making::finish(&cx, pid);
    cx.end(|_| ())
}

/// Waits until the first process runs, or nobody is starting it: then this request does. Whether it
/// does. rs asks again when it was replaced, and what its predecessor has asked may be under way.
async fn claim_init(cx: &Context) -> bool {
    let (pid, request) = (Pid::INIT.0, cx.request());
    cx.step_when("claim", key::INIT, |state, _| {
        if state.process(pid).is_some() {
            Poll::Ready(false)
        } else if state.makings().get(&pid).is_none() {
            state.set_counter(Counter::LastProcess, pid.into());
            making::insert(state, pid, request);
            Poll::Ready(true)
        } else {
            Poll::Pending
        }
    })
    .await
}

/// Lets another request start the first process.
fn end_init(cx: &Context, refused: Refused) -> Outcome {
    making::finish(cx, Pid::INIT.0);
    Err(refused)
}

async fn load_init(cx: &Context) -> Result<Loaded, Refused> {
    let (mut arguments, mut environment) = (Strings::new(), Strings::new());
    arguments.push(INIT_PATH);
    INIT_ENVIRONMENT
        .iter()
        .for_each(|variable| environment.push(variable));
    let gathered = Gathered {
        path: INIT_PATH.to_vec(),
        arguments: arguments.as_bytes().to_vec(),
        environment: environment.as_bytes().to_vec(),
    };
    execute::load(cx, Pid::INIT.0, gathered).await
}

async fn undo_init(cx: Context, space: Option<SpaceId>, refused: Refused) -> Outcome {
    if let Some(space) = space {
        let _ = cx
            .ask("undo space", VM, memory::Destroy { space }, &[])
            .await;
    }
    let _ = cx
        .ask(
            "undo table",
            VFS,
            descriptors::Destroy { process: Pid::INIT },
            &[],
        )
        .await;
    end_init(&cx, refused)
}

/// Writes a child's number where it asked for it, as Linux does before a child's first return to
/// user mode: a request of the child's own thread is in hand.
pub(crate) fn write_number(cx: &Context, pid: u32) -> Result<(), Refused> {
    let Some(address) = cx.look("number at", |state| state.process(pid)?.number_at) else {
        return Ok(());
    };
    arguments::write_if_possible(cx, address, &pid.to_le_bytes())?;
    cx.step("number written", |state| {
        state.change(pid, |process| process.number_at = None);
    });
    Ok(())
}
