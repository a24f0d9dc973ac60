//! Making the contents of files and the texts of links.

use crate::ask::{self, Context};
use crate::node::{Node, ProcessFile, SystemFile};
use crate::text::{process, service, system};
use abi::{Call, Errno, limits};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use protocol::identity::{BUILD, RELEASE, SYSTEM_TYPE};

/// One more than the largest process number there can be (Linux: `PID_MAX_LIMIT`).
const PROCESS_NUMBERS: u32 = 1 << 22;

/// The content of a file.
///
/// # Errors
/// `NOENT` when what it is about is gone, `INVAL` for what has no content.
pub(crate) async fn content(cx: &Context, node: Node) -> Result<Vec<u8>, Errno> {
    match node {
        Node::System(file) => of_system(cx, file).await,
        Node::Of(number, file) => of_process(cx, number, file).await,
        Node::ServiceStatus(slot) => {
            let services = ask::services(cx).await?;
            let found = services.iter().find(|service| service.slot == slot);
            Ok(service::status(found.ok_or(Errno::NOENT)?).into_bytes())
        }
        _ => Err(Errno::INVAL),
    }
}

async fn of_system(cx: &Context, file: SystemFile) -> Result<Vec<u8>, Errno> {
    let text: String = match file {
        SystemFile::Memory => system::memory(&cx.system().memory_statistics()),
        SystemFile::Statistics => {
            let (numbers, _) = ask::system(cx).await?;
            // A clock that has not been set yet says that the system started in 1970.
            let real_time = cx.system().call(Call::RealTime, &[]).unwrap_or(0);
            system::statistics(&cx.system().machine_statistics(), &numbers, real_time)
        }
        SystemFile::Load => system::load(&ask::system(cx).await?.0),
        SystemFile::Uptime => system::uptime(&cx.system().machine_statistics()),
        SystemFile::Version => system::version(),
        SystemFile::FileSystems => "nodev\tramfs\nnodev\tproc\nnodev\tpipefs\n".into(),
        SystemFile::Processor => system::processor(),
        SystemFile::CommandLine => "\n".into(),
        SystemFile::Swaps => "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n".into(),
        SystemFile::HostName => {
            let (_, mut name) = ask::system(cx).await?;
            name.push(b'\n');
            return Ok(name);
        }
        SystemFile::SystemType => format!("{SYSTEM_TYPE}\n"),
        SystemFile::Release => format!("{RELEASE}\n"),
        SystemFile::Build => format!("{BUILD}\n"),
        SystemFile::LargestProcess => format!("{PROCESS_NUMBERS}\n"),
        SystemFile::Groups => "65536\n".into(),
        SystemFile::LastCapability => "40\n".into(),
        // What is promised can be had.
        SystemFile::Overcommit => "2\n".into(),
        SystemFile::Regions => format!("{}\n", 8192),
    };
    Ok(text.into_bytes())
}

async fn of_process(cx: &Context, number: u32, file: ProcessFile) -> Result<Vec<u8>, Errno> {
    let of = ask::process(cx, number).await?;
    let text = match file {
        ProcessFile::Statistics => {
            let sizes = ask::sizes(cx, of.space).await;
            process::statistics(number, &of, &sizes)
        }
        ProcessFile::Memory => process::memory(&ask::sizes(cx, of.space).await),
        ProcessFile::Status => {
            let sizes = ask::sizes(cx, of.space).await;
            let descriptors = ask::table_size(cx, number).await;
            process::status(number, &of, &sizes, descriptors)
        }
        ProcessFile::CommandLine => return Ok(of.arguments),
        ProcessFile::Command => return Ok(process::name(&of)),
        // A process that has ended has no memory.
        ProcessFile::Regions if of.space == 0 => return Ok(Vec::new()),
        ProcessFile::Regions => return ask::regions(cx, of.space).await,
        ProcessFile::Mounts => return ask::mounts(cx).await,
        ProcessFile::WaitsFor if of.call_number == u64::MAX => "0".into(),
        ProcessFile::WaitsFor => format!("{}", of.call_number),
        ProcessFile::Executable
        | ProcessFile::WorkingDirectory
        | ProcessFile::Root
        | ProcessFile::Descriptors => return Err(Errno::INVAL),
    };
    Ok(text.into_bytes())
}

/// Where a link leads.
///
/// # Errors
/// `NOENT` when what it is about is gone, `INVAL` for what is no link.
pub(crate) async fn link(cx: &Context, node: Node) -> Result<Vec<u8>, Errno> {
    match node {
        Node::SelfLink if cx.caller().pid == abi::Pid::NONE => Err(Errno::NOENT),
        Node::SelfLink => Ok(format!("{}", cx.caller().pid.0).into_bytes()),
        Node::MountsLink => Ok(b"self/mounts".to_vec()),
        Node::Of(process, ProcessFile::WorkingDirectory) => path(cx, process, 0).await,
        Node::Of(process, ProcessFile::Root) => path(cx, process, 1).await,
        Node::Of(process, ProcessFile::Executable) => path(cx, process, 2).await,
        Node::Descriptor(process, number) => match ask::descriptor(cx, process, number).await {
            Some((found, text)) if found == number => Ok(text),
            _ => Err(Errno::NOENT),
        },
        _ => Err(Errno::INVAL),
    }
}

async fn path(cx: &Context, process: u32, which: u32) -> Result<Vec<u8>, Errno> {
    let path = ask::path_of(cx, process, which)
        .await
        .map_err(|_| Errno::NOENT)?;
    if path.is_empty() || path.len() > limits::PATH_BYTES {
        return Err(Errno::NOENT);
    }
    Ok(path)
}
