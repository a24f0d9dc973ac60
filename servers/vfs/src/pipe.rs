//! pipe, pipe2.

use crate::arguments::{self, Context};
use crate::open::abandon;
use crate::release::release;
use crate::tables::{Descriptors, LockFile, Object, Open};
use abi::{Errno, word};
use alloc::format;
use linux::file::flags::{O_CLOEXEC, O_NONBLOCK, O_RDONLY, O_WRONLY};
use linux::file::mode;
use protocol::endpoint::PFS;
use protocol::{Handle, pipe};
use service::{Outcome, Refused};

/// pipe, pipe2.
pub(crate) async fn create(cx: Context, address: u64, flags: u64) -> Outcome {
    let flags = word::low_32(flags);
    // Packets (O_DIRECT) are refused as by a kernel that does not know them.
    if flags & !(O_CLOEXEC | O_NONBLOCK) != 0 {
        return Err(Errno::INVAL.into());
    }
    let process = cx.caller().pid;
    cx.look("room", |state| state.number_for_new(process).map(drop))?;
    let question = pipe::Create {
        flags: flags & !O_CLOEXEC,
    };
    let ends = cx.ask("create", PFS, question, &[]).await?;
    let reader = end(&ends, ends.reader, O_RDONLY | flags & O_NONBLOCK);
    let writer = end(&ends, ends.writer, O_WRONLY | flags & O_NONBLOCK);
    let both = [reader.clone(), writer.clone()];
    let installed = cx.step("install", |state| {
        state.install_both(process, both, flags & O_CLOEXEC != 0)
    });
    let (first, second) = match installed {
        Ok(numbers) => numbers,
        Err(errno) => {
            abandon(&cx, &reader).await;
            abandon(&cx, &writer).await;
            return Err(errno.into());
        }
    };
    let told = [first.to_le_bytes(), second.to_le_bytes()].concat();
    match arguments::told(&cx, "told", address, &told) {
        Ok(()) => cx.end(|_| ()),
        Err(Refused::Withdrawn) => Err(Refused::Withdrawn),
        Err(refused) => take_back(cx, [first, second], refused).await,
    }
}

async fn take_back(cx: Context, numbers: [u32; 2], refused: Refused) -> Outcome {
    let process = cx.caller().pid;
    for number in numbers {
        let released = cx.step("take back", |state| state.close(process, number));
        release(&cx, released.unwrap_or_default()).await;
    }
    Err(refused)
}

fn end(ends: &pipe::Ends, handle: Handle, flags: u32) -> Open {
    let object = Object {
        server: PFS,
        handle,
    };
    let number = ends.reader.0;
    Open {
        object,
        node: None,
        mount: 0,
        mode: mode::S_IFIFO | 0o600,
        flags,
        path: format!("pipe:[{number}]").into_bytes(),
        file: LockFile::of(object, u64::from(number)),
    }
}
