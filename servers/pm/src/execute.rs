//! A program is executed.
//!
//! The order matters: until the process is put into its new memory, everything can be undone and
//! the call fails; afterwards nothing can fail.

use crate::process::Command;
use crate::table::Execution;
use crate::{Context, apply, arguments, caller, identify};
use abi::layout::{PAGE_SIZE, USER_TOP};
use abi::limits::{ARGUMENT_BYTES, PATH_BYTES};
use abi::{Call, Errno, Pid, SpaceId, word};
use alloc::format;
use alloc::vec::Vec;
use linux::process::auxiliary::Auxiliary;
use linux::process::executable::{HEAD_BYTES, Header, NotExecutable, Program};
use linux::process::limit::{INFINITY, Resource};
use linux::process::script::{self, Interpreter};
use linux::process::stack::InitialStack;
use linux::process::strings::Strings;
use linux_raw_sys::general as raw;
use minicbor::{Decode, Encode};
use protocol::descriptors::{self, Executable};
use protocol::endpoint::{VFS, VM};
use protocol::payload::{ExecutePlan, PlannedRegion};
use protocol::{memory, object};
use service::{Lend, Outcome, Refused};
use shape::Shape;

/// Scripts that may name scripts as their interpreters, one after the other (Linux: 5 in all).
const MOST_SCRIPTS: usize = 5;
/// S_ISUID and S_ISGID with group execution.
const SET_USER: u32 = 0o4000;
const SET_GROUP: u32 = 0o2010;
/// Where position-independent programs start, less a random distance (Linux: two thirds of user
/// memory).
const MOVABLE_BASE: u64 = USER_TOP / 3 * 2;
/// Random pages that a base, and the top of the stack, may be moved by: 28 and 22 bits.
const BASE_SPREAD: u64 = 1 << 28;
const STACK_SPREAD: u64 = 1 << 22;
/// Pages kept for the clock page and the vDSO.
const VDSO_PAGES: u64 = 16;
/// Pages between vDSO and stack that are never mapped.
const GAP_PAGES: u64 = 16;

/// What a program is started with.
#[derive(Clone, Debug, Encode, Decode, Shape)]
pub(crate) struct Gathered {
    /// Its path.
    #[cbor(n(0), with = "minicbor::bytes")]
    pub(crate) path: Vec<u8>,
    /// Its arguments.
    #[cbor(n(1), with = "minicbor::bytes")]
    pub(crate) arguments: Vec<u8>,
    /// Its environment.
    #[cbor(n(2), with = "minicbor::bytes")]
    pub(crate) environment: Vec<u8>,
}

/// A program that lies ready in memory.
#[derive(Clone, Debug)]
pub(crate) struct Loaded {
    pub(crate) space: SpaceId,
    pub(crate) entry: u64,
    pub(crate) stack: u64,
    execution: Execution,
}

impl Loaded {
    /// Its name and arguments.
    pub(crate) fn command(&self) -> Command {
        self.execution.command.clone()
    }
}

/// Answers execve.
pub(crate) async fn execve(cx: Context, path: u64, argv: u64, envp: u64) -> Outcome {
    let gathered = arguments::copied(&cx, "arguments", || {
        let path = arguments::string(&cx, path, PATH_BYTES)?;
        gather(&cx, path, argv, envp)
    })?;
    execute(cx, gathered).await
}

/// Answers execveat: a path relative to a descriptor goes by way of /proc, as Linux's own names of
/// such programs do.
pub(crate) async fn execveat(cx: Context, words: [u64; 7]) -> Outcome {
    let [directory, path, argv, envp, flags, ..] = words;
    let flags = word::low_32(flags);
    if flags & !(raw::AT_EMPTY_PATH | raw::AT_SYMLINK_NOFOLLOW) != 0 {
        return Err(Errno::INVAL.into());
    }
    let directory = crate::int(directory);
    let gathered = arguments::copied(&cx, "arguments", || {
        let path = arguments::string(&cx, path, PATH_BYTES)?;
        let path = match () {
            () if path.is_empty() && flags & raw::AT_EMPTY_PATH == 0 => {
                return Err(Errno::NOENT.into());
            }
            () if path.is_empty() => format!("/proc/self/fd/{directory}").into_bytes(),
            () if path[0] == b'/' || directory == raw::AT_FDCWD => path,
            () => [format!("/proc/self/fd/{directory}/").as_bytes(), &path].concat(),
        };
        gather(&cx, path, argv, envp)
    })?;
    execute(cx, gathered).await
}

fn gather(cx: &Context, path: Vec<u8>, argv: u64, envp: u64) -> Result<Gathered, Refused> {
    if path.is_empty() {
        return Err(Errno::NOENT.into());
    }
    let mut arguments = arguments::strings(cx, argv, ARGUMENT_BYTES)?;
    if arguments.is_empty() {
        // Linux since 5.18: a program finds at least one argument.
        arguments.push(b"");
    }
    let left = ARGUMENT_BYTES.saturating_sub(arguments.stack_bytes());
    let environment = arguments::strings(cx, envp, left)?;
    Ok(Gathered {
        path,
        arguments: arguments.as_bytes().to_vec(),
        environment: environment.as_bytes().to_vec(),
    })
}

async fn execute(cx: Context, gathered: Gathered) -> Outcome {
    let pid = caller(&cx);
    let Loaded {
        space,
        entry,
        stack,
        execution,
    } = load(&cx, pid, gathered).await?;
    let changed = cx.step("executed", |state| state.execute(pid, &execution));
    let (old, effects) = match changed {
        Ok(changed) => changed,
        Err(errno) => {
            let _ = cx
                .ask("undo space", VM, memory::Destroy { space }, &[])
                .await;
            return Err(errno.into());
        }
    };
    cx.kernel("execute", |kernel| {
        // The process is this request's caller and the space is new: there is nothing to refuse.
        let arguments = [pid.into(), space.0.into(), entry, stack];
        kernel.call(Call::ProcessExecute, &arguments).is_ok()
    });
    identify(&cx, pid);
    // The table is there as long as the process is.
    let _ = cx
        .ask(
            "table",
            VFS,
            descriptors::Executed { process: Pid(pid) },
            &[],
        )
        .await;
    if has_limits(&cx, pid) {
        set_limits(&cx, pid, space).await;
    }
    if old != SpaceId::NONE {
        let _ = cx
            .ask("old space", VM, memory::Destroy { space: old }, &[])
            .await;
    }
    apply(&cx, &effects);
    cx.end(|_| 0_u64)
}

/// Tells vm the limits of a process.
pub(crate) async fn set_limits(cx: &Context, pid: u32, space: SpaceId) {
    let [total, data, stack] = cx.look("memory limits", |state| {
        [Resource::MEMORY, Resource::DATA, Resource::STACK]
            .map(|resource| state.limit(pid, resource).soft)
    });
    let limits = memory::SetLimits {
        space,
        total,
        data,
        stack,
    };
    // The space is there as long as the process is.
    let _ = cx.ask("limits", VM, limits, &[]).await;
}

/// Whether vm enforces more of a process than the size of its stack, which its plan tells.
fn has_limits(cx: &Context, pid: u32) -> bool {
    cx.look("limited", |state| {
        [Resource::MEMORY, Resource::DATA]
            .into_iter()
            .any(|resource| state.limit(pid, resource).soft != INFINITY)
    })
}

/// Puts a program into new memory. On errors nothing is left.
pub(crate) async fn load(cx: &Context, pid: u32, gathered: Gathered) -> Result<Loaded, Refused> {
    let mut path = gathered.path.clone();
    let mut arguments = Strings::from_bytes(gathered.arguments);
    let environment = Strings::from_bytes(gathered.environment);
    for _ in 0..=MOST_SCRIPTS {
        let question = descriptors::OpenExecutable { process: Pid(pid) };
        let file = cx.ask("open", VFS, question, &[Lend::Bytes(&path)]).await?;
        match examine(cx, &file).await {
            Ok(Examined::Program(program)) => {
                let start = Start {
                    name: &gathered.path,
                    arguments,
                    environment,
                };
                return place(cx, pid, file, program, start).await;
            }
            Ok(Examined::Script(interpreter, argument)) => {
                close(cx, &file).await;
                arguments = script_arguments(&interpreter, argument, &path, &arguments);
                path = interpreter;
                if arguments.stack_bytes() + environment.stack_bytes() > ARGUMENT_BYTES {
                    return Err(Errno::TOOBIG.into());
                }
            }
            Err(refused) => {
                close(cx, &file).await;
                return Err(refused);
            }
        }
    }
    Err(Errno::LOOP.into())
}

/// The arguments of an interpreter: itself, the argument of the script's line, the script, and the
/// script's arguments.
fn script_arguments(
    interpreter: &[u8],
    argument: Option<Vec<u8>>,
    script: &[u8],
    arguments: &Strings,
) -> Strings {
    let mut new = Strings::new();
    new.push(interpreter);
    if let Some(argument) = argument {
        new.push(&argument);
    }
    new.push(script);
    new.extend(&arguments.rest());
    new
}

async fn close(cx: &Context, file: &Executable) {
    let handle = file.handle;
    let _ = cx
        .ask("close", file.server, object::Close { handle }, &[])
        .await;
}

enum Examined {
    Program(Program),
    Script(Vec<u8>, Option<Vec<u8>>),
}

async fn examine(cx: &Context, file: &Executable) -> Result<Examined, Refused> {
    let head = read(cx, file, 0, HEAD_BYTES).await?;
    if script::is_script(&head) {
        let Interpreter { path, argument } = script::interpreter(&head).ok_or(Errno::NOEXEC)?;
        return Ok(Examined::Script(
            path.to_vec(),
            argument.map(<[u8]>::to_vec),
        ));
    }
    let header = Header::read(&head).map_err(errno)?;
    let (offset, length) = header.table();
    let from = word::index(offset);
    let to = from.saturating_add(word::index(length));
    let program = match head.get(from..to) {
        Some(table) => header.program(table, file.length),
        None => {
            let table = read(cx, file, offset, word::index(length)).await?;
            header.program(&table, file.length)
        }
    };
    Ok(Examined::Program(program.map_err(errno)?))
}

async fn read(
    cx: &Context,
    file: &Executable,
    offset: u64,
    length: usize,
) -> Result<Vec<u8>, Refused> {
    let question = object::ReadAt {
        handle: file.handle,
        count: length as u64,
        offset,
    };
    let (count, mut bytes) = cx
        .repeat_reading("read", file.server, question, &[], length)
        .await?;
    bytes.truncate(word::index(count));
    Ok(bytes)
}

fn errno(reason: NotExecutable) -> Errno {
    match reason {
        NotExecutable::TooLarge => Errno::NOMEM,
        NotExecutable::NotElf
        | NotExecutable::WrongKind
        | NotExecutable::Dynamic
        | NotExecutable::Malformed => Errno::NOEXEC,
    }
}

/// What a program is started with, scripts resolved.
struct Start<'a> {
    name: &'a [u8],
    arguments: Strings,
    environment: Strings,
}

async fn place(
    cx: &Context,
    pid: u32,
    file: Executable,
    program: Program,
    start: Start<'_>,
) -> Result<Loaded, Refused> {
    let random = cx.step("random", |state| state.random::<4>());
    let program = match settle(program, random[0]) {
        Ok(program) => program,
        Err(reason) => {
            close(cx, &file).await;
            return Err(errno(reason).into());
        }
    };
    let rights = rights(cx, pid, &file);
    let layout = Layout::new(random[1]);
    let stack = InitialStack {
        path: start.name,
        arguments: &start.arguments,
        environment: &start.environment,
        random: bytes_of([random[2], random[3]]),
        auxiliary: Auxiliary {
            vdso: layout.vdso + PAGE_SIZE,
            headers: program.headers,
            header_count: program.header_count,
            entry: program.entry,
            ..rights.auxiliary
        },
    }
    .build(layout.stack_top);
    let stack_limit = cx.look("stack limit", |state| {
        state.limit(pid, Resource::STACK).soft
    });
    let plan = plan(&program, layout, stack_limit, stack.bytes);
    let plan = minicbor::to_vec(&plan).map_err(|_| Errno::NOMEM)?;
    let Executable { server, handle, .. } = file;
    let process = Pid(pid);
    // Only what /proc shows depends on it.
    let choice = descriptors::Program {
        process,
        server,
        handle,
    };
    let _ = cx.ask("program", VFS, choice, &[]).await;
    // The file is vm's from here on, whatever happens.
    let question = memory::Execute { server, handle };
    let space = cx
        .ask("space", VM, question, &[Lend::Bytes(&plan)])
        .await?
        .space;
    Ok(Loaded {
        space,
        entry: program.entry,
        stack: stack.pointer,
        execution: Execution {
            space,
            command: Command::new(start.name, start.arguments.as_bytes(), stack.pointer),
            user: rights.user,
            group: rights.group,
        },
    })
}

/// Whose rights a program runs with.
struct Rights {
    /// The user its file names, if it is a set-user-id program.
    user: Option<u32>,
    /// The group its file names, if it is a set-group-id program.
    group: Option<u32>,
    /// What it is told of them.
    auxiliary: Auxiliary,
}

fn rights(cx: &Context, pid: u32, file: &Executable) -> Rights {
    let found = cx.look("rights", |state| {
        let process = state.process(pid)?;
        Some((
            process.credentials.clone(),
            process.attributes.no_new_rights,
        ))
    });
    let (mut credentials, no_new_rights) = found.unwrap_or_default();
    let gives = |bits| !no_new_rights && file.mode & bits == bits;
    let user = gives(SET_USER).then_some(file.user);
    let group = gives(SET_GROUP).then_some(file.group);
    let secure = credentials.execute(user, group);
    let auxiliary = Auxiliary {
        users: [credentials.users.real, credentials.users.effective],
        groups: [credentials.groups.real, credentials.groups.effective],
        secure,
        ..Auxiliary::default()
    };
    Rights {
        user,
        group,
        auxiliary,
    }
}

/// A program at its final place.
fn settle(program: Program, random: u64) -> Result<Program, NotExecutable> {
    if !program.is_movable {
        return Ok(program);
    }
    let distance = random % BASE_SPREAD * PAGE_SIZE;
    program.at(
        MOVABLE_BASE - MOVABLE_BASE % PAGE_SIZE - distance,
        MOVABLE_BASE + (USER_TOP >> 3),
    )
}

/// Where vDSO and stack go.
#[derive(Clone, Copy, Debug)]
struct Layout {
    vdso: u64,
    stack_top: u64,
}

impl Layout {
    fn new(random: u64) -> Layout {
        let top = USER_TOP - random % STACK_SPREAD * PAGE_SIZE;
        let vdso = top - VDSO_PAGES * PAGE_SIZE;
        Layout {
            vdso,
            stack_top: vdso - GAP_PAGES * PAGE_SIZE,
        }
    }
}

fn plan(program: &Program, layout: Layout, stack_limit: u64, stack: Vec<u8>) -> ExecutePlan {
    let regions = program.regions.iter().map(|region| PlannedRegion {
        address: region.address,
        length: region.length,
        protection: region.protection.0,
        file_bytes: region.file_bytes,
        file_offset: region.file_offset,
    });
    ExecutePlan {
        regions: regions.collect(),
        heap: program.end,
        stack_top: layout.stack_top,
        stack_limit,
        stack,
        vdso: layout.vdso,
    }
}

fn bytes_of(words: [u64; 2]) -> [u8; 16] {
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&words[0].to_le_bytes());
    bytes[8..].copy_from_slice(&words[1].to_le_bytes());
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_is_an_argument_of_its_interpreter() {
        let mut arguments = Strings::new();
        arguments.push(b"called");
        arguments.push(b"one");
        let new = script_arguments(b"/bin/sh", Some(b"-e".to_vec()), b"/tmp/x", &arguments);
        let new: Vec<&[u8]> = new.iter().collect();
        assert_eq!(new, [&b"/bin/sh"[..], b"-e", b"/tmp/x", b"one"]);
    }

    #[test]
    fn stack_and_vdso_are_apart_wherever_they_land() {
        for random in [0, 1, u64::MAX, 0x1234_5678_9abc] {
            let layout = Layout::new(random);
            assert!(layout.vdso + VDSO_PAGES * PAGE_SIZE <= USER_TOP);
            assert_eq!(layout.vdso - layout.stack_top, GAP_PAGES * PAGE_SIZE);
            assert!(layout.stack_top > USER_TOP - (STACK_SPREAD + 64) * PAGE_SIZE);
        }
        const { assert!(MOVABLE_BASE - BASE_SPREAD * PAGE_SIZE > 1 << 32) };
    }
}
