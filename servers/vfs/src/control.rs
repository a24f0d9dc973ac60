//! fcntl and ioctl.

use crate::arguments::{self, Context, MEMORY, descriptor};
use crate::found;
use crate::lock;
use crate::tables::{Descriptors, Object};
use abi::layout::USER_TOP;
use abi::lease::Access;
use abi::{Errno, word};
use linux::file::control::{
    Command, FD_CLOEXEC, FIOASYNC, FIOCLEX, FIONBIO, FIONCLEX, argument_bytes,
};
use linux::file::flags::{CHANGEABLE, O_LARGEFILE, O_NONBLOCK, OpenFlags};
use linux::file::mode;
use protocol::object;
use service::{Lend, Outcome};

/// Bytes of memory that go with an ioctl at most.
const CONTROL_BYTES: u64 = 128;
/// Bytes that a pipe holds (Linux's default).
const PIPE_BYTES: u64 = 65536;

/// fcntl.
pub(crate) async fn control(cx: Context, number: u64, command: u64, argument: u64) -> Outcome {
    let found = found::named(&cx, number)?;
    let command = Command::check(word::low_32(command))?;
    if found.names_only() && !command.works_on_names() {
        return Err(Errno::BADF.into());
    }
    let process = cx.caller().pid;
    let number = descriptor(number);
    let Object { server, handle } = found.object;
    match command {
        Command::Duplicate { close_on_exec } => cx.end_with(|state| {
            let least = u32::try_from(argument).map_err(|_| Errno::INVAL)?;
            let copy = state.duplicate(process, number, least, close_on_exec)?;
            Ok(u64::from(copy))
        }),
        Command::GetDescriptorFlags => cx.end(|_| u64::from(found.close_on_exec)),
        Command::SetDescriptorFlags => cx.end_with(|state| {
            state.opened(process, number)?;
            state.mark(process, number, number, argument & FD_CLOEXEC != 0);
            Ok(())
        }),
        Command::GetStatusFlags => status_flags(cx, &found).await,
        Command::SetStatusFlags => {
            let flags = word::low_32(argument) & CHANGEABLE;
            cx.forward(server, &object::SetFlags { handle, flags }, &[])
        }
        Command::GetLock(holder) => lock::get(cx, found, holder, argument).await,
        Command::SetLock(holder) => lock::set(cx, found, holder, argument, false).await,
        Command::SetLockWait(holder) => lock::set(cx, found, holder, argument, true).await,
        Command::GetOwner | Command::SetOwner => cx.end(|_| ()),
        Command::GetPipeSize | Command::SetPipeSize if found.kind() != mode::S_IFIFO => {
            Err(Errno::BADF.into())
        }
        Command::SetPipeSize if argument > PIPE_BYTES => Err(Errno::PERM.into()),
        Command::GetPipeSize | Command::SetPipeSize => cx.end(|_| PIPE_BYTES),
    }
}

/// The flags that can be changed are the server's, the others those of the opening.
async fn status_flags(cx: Context, found: &found::Found) -> Outcome {
    let opened = match OpenFlags::check(found.flags) {
        Ok(flags) => flags.status(),
        Err(_) => found.flags | O_LARGEFILE,
    };
    if found.names_only() {
        return cx.end(|_| u64::from(opened));
    }
    let Object { server, handle } = found.object;
    let now = cx.repeat("flags", server, object::GetFlags { handle }, &[]);
    let now = word::low_32(now.await?);
    cx.end(|_| u64::from(opened & !CHANGEABLE | now & CHANGEABLE))
}

/// ioctl.
pub(crate) async fn device_control(
    cx: Context,
    number: u64,
    request: u64,
    argument: u64,
) -> Outcome {
    let found = found::usable(&cx, number)?;
    let request = word::low_32(request);
    let process = cx.caller().pid;
    let number = descriptor(number);
    let Object { server, handle } = found.object;
    match request {
        FIOCLEX | FIONCLEX => cx.end_with(|state| {
            state.opened(process, number)?;
            state.mark(process, number, number, request == FIOCLEX);
            Ok(())
        }),
        FIONBIO => {
            let wanted = arguments::structure::<4>(&cx, "wanted", argument)?;
            let now = cx.repeat("flags", server, object::GetFlags { handle }, &[]);
            let now = word::low_32(now.await?);
            let flags = if wanted == [0; 4] {
                now & !O_NONBLOCK
            } else {
                now | O_NONBLOCK
            };
            let flags = flags & CHANGEABLE;
            cx.ask("set flags", server, object::SetFlags { handle, flags }, &[])
                .await?;
            cx.end(|_| ())
        }
        FIOASYNC => cx.end(|_| ()),
        _ => {
            let question = object::Control {
                handle,
                request,
                argument,
            };
            let memory = control_memory(request, argument);
            cx.forward(server, &question, memory.as_slice())
        }
    }
}

/// The memory at an ioctl's argument; nothing when the argument cannot be an address.
fn control_memory(request: u32, argument: u64) -> Option<Lend<'static>> {
    let wanted = argument_bytes(request).unwrap_or(CONTROL_BYTES);
    let room = USER_TOP.checked_sub(argument)?;
    Some(Lend::Part {
        index: MEMORY,
        offset: argument,
        length: wanted.clamp(1, CONTROL_BYTES).min(room),
        access: Access::Both,
    })
}
