//! All operations, in the order in which they are measured.

use std::io;

use crate::meter::Meter;
use crate::{calls, files, memory, processes, signals, tools};

/// Something to measure.
pub(crate) struct Operation {
    /// Its name.
    pub(crate) name: &'static str,
    /// Prepares it, measures it, and leaves things as they were.
    pub(crate) measure: fn(&mut Meter) -> io::Result<()>,
}

const fn operation(name: &'static str, measure: fn(&mut Meter) -> io::Result<()>) -> Operation {
    Operation { name, measure }
}

/// All of them.
pub(crate) const OPERATIONS: [Operation; 34] = [
    operation("getppid", calls::getppid),
    operation("clock_gettime", calls::clock_gettime),
    operation("read_byte", calls::read_byte),
    operation("write_byte", calls::write_byte),
    operation("open_close", calls::open_close),
    operation("stat", calls::stat),
    operation("poll_10", calls::poll_10),
    operation("pipe_alone", processes::pipe_alone),
    operation("pipe_round_trip", processes::pipe_round_trip),
    operation("yield", processes::yield_to_another),
    operation("signal_install", signals::install),
    operation("signal_delivery", signals::deliver),
    operation("fork_wait", processes::fork_wait),
    operation("fork_exec_wait", processes::fork_exec_wait),
    operation("vfork_exec_wait", processes::vfork_exec_wait),
    operation("fault_anonymous", memory::fault_anonymous),
    operation("fault_copy", memory::fault_copy),
    operation("fault_present", memory::fault_present),
    operation("fault_file", memory::fault_file),
    operation("map_unmap_1m", memory::map_unmap),
    operation("map_touch_unmap_1m", memory::map_touch_unmap),
    operation("write_16m_4k", files::write_4k),
    operation("read_16m_4k", files::read_4k),
    operation("write_16m_64k", files::write_64k),
    operation("read_16m_64k", files::read_64k),
    operation("lookup_8_deep", files::lookup),
    operation("create_remove", files::create_remove),
    operation("readdir_1000", files::readdir),
    operation("find_root", tools::find_root),
    operation("shell_forks_1000", tools::shell_forks),
    operation("shell_execs_100", tools::shell_execs),
    operation("sort_pipeline", tools::sort_pipeline),
    operation("copy_tree", tools::copy_tree),
    operation("tar_gzip", tools::tar_gzip),
];

/// Something that is measured at several sizes of something else.
pub(crate) struct Growth {
    /// What is measured, and what grows.
    pub(crate) name: &'static str,
    /// The sizes.
    pub(crate) sizes: &'static [u64],
    /// Prepares it, measures it, and leaves things as they were.
    pub(crate) measure: fn(&mut Meter, u64) -> io::Result<()>,
}

/// What may grow worse than it should.
pub(crate) const GROWTHS: [Growth; 5] = [
    Growth {
        name: "fork_wait, MiB",
        sizes: &[1, 4, 16, 64],
        measure: |meter, size| memory::in_a_large_process(meter, size, processes::fork_wait),
    },
    Growth {
        name: "fork_exec_wait, MiB",
        sizes: &[1, 4, 16, 64],
        measure: |meter, size| memory::in_a_large_process(meter, size, processes::fork_exec_wait),
    },
    Growth {
        name: "stat, folders",
        sizes: &[1, 2, 4, 8, 16, 32],
        measure: files::lookup_deep,
    },
    Growth {
        name: "getppid, processes",
        sizes: &[16, 256, 4096],
        measure: |meter, size| processes::among_many(meter, size, calls::getppid),
    },
    Growth {
        name: "stat, processes",
        sizes: &[16, 256, 4096],
        measure: |meter, size| processes::among_many(meter, size, calls::stat),
    },
];

/// Whether there is an operation of this name.
pub(crate) fn is_known(name: &str) -> bool {
    OPERATIONS.iter().any(|one| one.name == name)
}
