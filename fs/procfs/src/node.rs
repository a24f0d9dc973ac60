//! What there is in /proc: nodes, their names, their numbers.

use abi::Endpoint;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use minicbor::{Decode, Encode};
use shape::Shape;
use virtual_tree::{Kind, Name};

/// A node of the tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Shape)]
pub enum Node {
    /// /proc.
    #[n(0)]
    Root,
    /// /proc/self.
    #[n(1)]
    SelfLink,
    /// /proc/mounts, which is self/mounts.
    #[n(2)]
    MountsLink,
    /// A directory that is always there.
    #[n(3)]
    Directory(#[n(0)] Directory),
    /// A file about the system.
    #[n(4)]
    System(#[n(0)] SystemFile),
    /// /proc/service/NAME, by the service's slot.
    #[n(5)]
    Service(#[n(0)] u16),
    /// /proc/service/NAME/status.
    #[n(6)]
    ServiceStatus(#[n(0)] u16),
    /// /proc/PID.
    #[n(7)]
    Process(#[n(0)] u32),
    /// What is in /proc/PID.
    #[n(8)]
    Of(#[n(0)] u32, #[n(1)] ProcessFile),
    /// /proc/PID/fd/N.
    #[n(9)]
    Descriptor(#[n(0)] u32, #[n(1)] u32),
}

/// Directories that are always there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Shape)]
#[cbor(index_only)]
pub enum Directory {
    /// /proc itself, in the table of names.
    #[n(0)]
    Root,
    /// /proc/sys.
    #[n(1)]
    Settings,
    /// /proc/sys/kernel.
    #[n(2)]
    Kernel,
    /// /proc/sys/vm.
    #[n(3)]
    Memory,
    /// /proc/service.
    #[n(4)]
    Services,
}

/// Files about the system.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Shape)]
#[cbor(index_only)]
pub enum SystemFile {
    /// /proc/meminfo.
    #[n(0)]
    Memory,
    /// /proc/stat.
    #[n(1)]
    Statistics,
    /// /proc/loadavg.
    #[n(2)]
    Load,
    /// /proc/uptime.
    #[n(3)]
    Uptime,
    /// /proc/version.
    #[n(4)]
    Version,
    /// /proc/filesystems.
    #[n(5)]
    FileSystems,
    /// /proc/cpuinfo.
    #[n(6)]
    Processor,
    /// /proc/cmdline.
    #[n(7)]
    CommandLine,
    /// /proc/swaps.
    #[n(8)]
    Swaps,
    /// /proc/sys/kernel/hostname.
    #[n(9)]
    HostName,
    /// /proc/sys/kernel/ostype.
    #[n(10)]
    SystemType,
    /// /proc/sys/kernel/osrelease.
    #[n(11)]
    Release,
    /// /proc/sys/kernel/version.
    #[n(12)]
    Build,
    /// /proc/sys/kernel/pid_max.
    #[n(13)]
    LargestProcess,
    /// /proc/sys/kernel/ngroups_max.
    #[n(14)]
    Groups,
    /// /proc/sys/kernel/cap_last_cap.
    #[n(15)]
    LastCapability,
    /// /proc/sys/vm/overcommit_memory.
    #[n(16)]
    Overcommit,
    /// /proc/sys/vm/max_map_count.
    #[n(17)]
    Regions,
}

/// What is in the directory of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, Shape)]
#[cbor(index_only)]
pub enum ProcessFile {
    /// stat.
    #[n(0)]
    Statistics,
    /// statm.
    #[n(1)]
    Memory,
    /// status.
    #[n(2)]
    Status,
    /// cmdline.
    #[n(3)]
    CommandLine,
    /// comm.
    #[n(4)]
    Command,
    /// maps.
    #[n(5)]
    Regions,
    /// mounts.
    #[n(6)]
    Mounts,
    /// exe.
    #[n(7)]
    Executable,
    /// cwd.
    #[n(8)]
    WorkingDirectory,
    /// root.
    #[n(9)]
    Root,
    /// fd.
    #[n(10)]
    Descriptors,
    /// wchan: the number of the system call it waits in.
    #[n(11)]
    WaitsFor,
}

const fn name(directory: Directory, name: &'static str, node: Node) -> Name<Directory, Node> {
    Name {
        directory,
        name,
        node,
    }
}

/// The names that are always there, in the order in which they are listed.
pub const NAMES: &[Name<Directory, Node>] = &[
    name(Directory::Root, "self", Node::SelfLink),
    name(Directory::Root, "mounts", Node::MountsLink),
    name(Directory::Root, "sys", Node::Directory(Directory::Settings)),
    name(
        Directory::Root,
        "service",
        Node::Directory(Directory::Services),
    ),
    name(Directory::Root, "meminfo", Node::System(SystemFile::Memory)),
    name(
        Directory::Root,
        "stat",
        Node::System(SystemFile::Statistics),
    ),
    name(Directory::Root, "loadavg", Node::System(SystemFile::Load)),
    name(Directory::Root, "uptime", Node::System(SystemFile::Uptime)),
    name(
        Directory::Root,
        "version",
        Node::System(SystemFile::Version),
    ),
    name(
        Directory::Root,
        "filesystems",
        Node::System(SystemFile::FileSystems),
    ),
    name(
        Directory::Root,
        "cpuinfo",
        Node::System(SystemFile::Processor),
    ),
    name(
        Directory::Root,
        "cmdline",
        Node::System(SystemFile::CommandLine),
    ),
    name(Directory::Root, "swaps", Node::System(SystemFile::Swaps)),
    name(
        Directory::Settings,
        "kernel",
        Node::Directory(Directory::Kernel),
    ),
    name(
        Directory::Settings,
        "vm",
        Node::Directory(Directory::Memory),
    ),
    name(
        Directory::Kernel,
        "hostname",
        Node::System(SystemFile::HostName),
    ),
    name(
        Directory::Kernel,
        "ostype",
        Node::System(SystemFile::SystemType),
    ),
    name(
        Directory::Kernel,
        "osrelease",
        Node::System(SystemFile::Release),
    ),
    name(
        Directory::Kernel,
        "version",
        Node::System(SystemFile::Build),
    ),
    name(
        Directory::Kernel,
        "pid_max",
        Node::System(SystemFile::LargestProcess),
    ),
    name(
        Directory::Kernel,
        "ngroups_max",
        Node::System(SystemFile::Groups),
    ),
    name(
        Directory::Kernel,
        "cap_last_cap",
        Node::System(SystemFile::LastCapability),
    ),
    name(
        Directory::Memory,
        "overcommit_memory",
        Node::System(SystemFile::Overcommit),
    ),
    name(
        Directory::Memory,
        "max_map_count",
        Node::System(SystemFile::Regions),
    ),
];

/// What is in the directory of a process, in the order in which it is listed.
pub const PROCESS_NAMES: &[(&str, ProcessFile)] = &[
    ("stat", ProcessFile::Statistics),
    ("statm", ProcessFile::Memory),
    ("status", ProcessFile::Status),
    ("cmdline", ProcessFile::CommandLine),
    ("comm", ProcessFile::Command),
    ("maps", ProcessFile::Regions),
    ("mounts", ProcessFile::Mounts),
    ("wchan", ProcessFile::WaitsFor),
    ("exe", ProcessFile::Executable),
    ("cwd", ProcessFile::WorkingDirectory),
    ("root", ProcessFile::Root),
    ("fd", ProcessFile::Descriptors),
];

impl virtual_tree::Node for Node {
    fn parent(self) -> Option<Self> {
        match self {
            Node::Root | Node::Directory(Directory::Root) => None,
            Node::Service(_) => Some(Node::Directory(Directory::Services)),
            Node::ServiceStatus(slot) => Some(Node::Service(slot)),
            Node::Process(_) => Some(Node::Root),
            Node::Of(process, _) => Some(Node::Process(process)),
            Node::Descriptor(process, _) => Some(Node::Of(process, ProcessFile::Descriptors)),
            fixed => {
                let entry = NAMES.iter().find(|entry| entry.node == fixed);
                entry.map(|entry| Node::of_directory(entry.directory))
            }
        }
    }

    fn kind(self) -> Kind {
        match self {
            Node::Root
            | Node::Directory(_)
            | Node::Service(_)
            | Node::Process(_)
            | Node::Of(_, ProcessFile::Descriptors) => Kind::Directory,
            Node::SelfLink
            | Node::MountsLink
            | Node::Descriptor(..)
            | Node::Of(
                _,
                ProcessFile::Executable | ProcessFile::WorkingDirectory | ProcessFile::Root,
            ) => Kind::Link,
            Node::System(_) | Node::ServiceStatus(_) | Node::Of(..) => Kind::File,
        }
    }
}

impl Node {
    const fn of_directory(directory: Directory) -> Node {
        match directory {
            Directory::Root => Node::Root,
            other => Node::Directory(other),
        }
    }

    /// The directory it is in the table of names.
    #[must_use]
    pub const fn as_directory(self) -> Option<Directory> {
        match self {
            Node::Root => Some(Directory::Root),
            Node::Directory(directory) => Some(directory),
            _ => None,
        }
    }

    /// The process it is about.
    #[must_use]
    pub const fn process(self) -> Option<u32> {
        match self {
            Node::Process(process) | Node::Of(process, _) | Node::Descriptor(process, _) => {
                Some(process)
            }
            _ => None,
        }
    }

    /// Whether only the user of the process may see what it holds or where it leads.
    #[must_use]
    pub const fn is_private(self) -> bool {
        matches!(
            self,
            Node::Descriptor(..)
                | Node::Of(
                    _,
                    ProcessFile::Descriptors
                        | ProcessFile::Executable
                        | ProcessFile::WorkingDirectory
                        | ProcessFile::Root
                )
        )
    }

    /// Its permission bits.
    #[must_use]
    pub fn permissions(self) -> u32 {
        match (virtual_tree::Node::kind(self), self) {
            (Kind::Directory, Node::Of(..)) => 0o500,
            (Kind::Directory, _) => 0o555,
            (Kind::File, _) => 0o444,
            (Kind::Link, Node::Descriptor(..)) => 0o700,
            (Kind::Link, _) => 0o777,
        }
    }

    /// The number of its inode: unique, and the same for as long as the system runs.
    #[must_use]
    pub fn number(self) -> u64 {
        let fixed = |node: Node| NAMES.iter().position(|entry| entry.node == node);
        match self {
            Node::Root | Node::Directory(Directory::Root) => 1,
            Node::Service(slot) => 1000 + 2 * u64::from(slot),
            Node::ServiceStatus(slot) => 1001 + 2 * u64::from(slot),
            Node::Process(process) => u64::from(process) << 16,
            Node::Of(process, file) => u64::from(process) << 16 | (1 + file as u64),
            Node::Descriptor(process, number) => {
                1 << 62 | u64::from(process) << 24 | u64::from(number & 0xff_ffff)
            }
            node => 2 + fixed(node).unwrap_or(0) as u64,
        }
    }

    /// Its name in its directory.
    #[must_use]
    pub fn name(self) -> String {
        match self {
            Node::Root | Node::Directory(Directory::Root) => String::new(),
            Node::Service(slot) => {
                let name = protocol::endpoint::name(Endpoint(slot));
                name.unwrap_or_default().into()
            }
            Node::ServiceStatus(_) => "status".into(),
            Node::Process(process) => format!("{process}"),
            Node::Descriptor(_, number) => format!("{number}"),
            Node::Of(_, file) => {
                let entry = PROCESS_NAMES.iter().find(|(_, of)| *of == file);
                entry.map_or("", |(name, _)| *name).into()
            }
            fixed => {
                let entry = NAMES.iter().find(|entry| entry.node == fixed);
                entry.map_or("", |entry| entry.name).into()
            }
        }
    }

    /// Its path from the root of this file system.
    #[must_use]
    pub fn path(self) -> String {
        let mut names = Vec::new();
        let mut node = self;
        while let Some(parent) = virtual_tree::Node::parent(node) {
            names.push(node.name());
            node = parent;
        }
        let mut path = String::new();
        for name in names.iter().rev() {
            path.push('/');
            path.push_str(name);
        }
        if path.is_empty() { "/".into() } else { path }
    }
}

/// A number as a name spells it: decimal, without zeroes before it.
#[must_use]
pub fn number(name: &[u8]) -> Option<u32> {
    let digits = name.iter().all(u8::is_ascii_digit);
    if !digits || name.len() > 1 && name.starts_with(b"0") {
        return None;
    }
    core::str::from_utf8(name).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use virtual_tree::Node as _;

    #[test]
    fn every_name_has_a_parent_and_a_number_of_its_own() {
        let fixed = NAMES.iter().map(|entry| entry.node);
        let of_process = PROCESS_NAMES.iter().map(|(_, file)| Node::Of(7, *file));
        let others = [
            Node::Root,
            Node::Process(7),
            Node::Process(8),
            Node::Service(3),
            Node::ServiceStatus(3),
            Node::Descriptor(7, 1),
        ];
        let all: Vec<Node> = fixed.chain(of_process).chain(others).collect();
        let numbers: BTreeSet<u64> = all.iter().map(|node| node.number()).collect();
        assert_eq!(numbers.len(), all.len());
        for node in all.into_iter().filter(|node| *node != Node::Root) {
            let parent = node.parent().unwrap();
            assert_eq!(parent.kind(), Kind::Directory, "{node:?}");
            assert!(!node.name().is_empty());
        }
    }

    #[test]
    fn paths_are_absolute() {
        assert_eq!(Node::Root.path(), "/");
        let fd = Node::Of(12, ProcessFile::Descriptors);
        assert_eq!(fd.path(), "/12/fd");
        let kernel = Node::Directory(Directory::Kernel);
        assert_eq!(kernel.path(), "/sys/kernel");
        assert_eq!(Node::Service(0).path(), "/service/rs");
    }

    #[test]
    fn numbers_are_spelled_in_one_way() {
        assert_eq!(number(b"0"), Some(0));
        assert_eq!(number(b"42"), Some(42));
        for name in [&b""[..], b"01", b"+1", b"-1", b"4294967296", b"1x"] {
            assert_eq!(number(name), None);
        }
    }
}
