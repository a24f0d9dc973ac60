//! What people do: programs that run programs.

use std::io;
use std::process::Command;

use crate::meter::Meter;
use crate::processes::run;

fn shell(meter: &mut Meter, times: u64, line: &str) -> io::Result<()> {
    meter.times(times, || {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", line]).env_clear();
        command.env("PATH", "/bin:/sbin:/usr/bin:/usr/sbin");
        run(command)
    })
}

pub(crate) fn find_root(meter: &mut Meter) -> io::Result<()> {
    shell(meter, 2, "find / -xdev")
}

/// A shell that makes a thousand copies of itself, one after the other.
pub(crate) fn shell_forks(meter: &mut Meter) -> io::Result<()> {
    shell(
        meter,
        1,
        "i=0; while [ $i -lt 1000 ]; do (:); i=$((i + 1)); done",
    )
}

pub(crate) fn shell_execs(meter: &mut Meter) -> io::Result<()> {
    shell(
        meter,
        1,
        "i=0; while [ $i -lt 100 ]; do /bin/true; i=$((i + 1)); done",
    )
}

pub(crate) fn sort_pipeline(meter: &mut Meter) -> io::Result<()> {
    shell(meter, 1, "seq 1 5000 | sort -rn | md5sum")
}

pub(crate) fn copy_tree(meter: &mut Meter) -> io::Result<()> {
    shell(
        meter,
        1,
        "mkdir /tmp/bench-tree && cp -r /etc /usr /tmp/bench-tree && rm -r /tmp/bench-tree",
    )
}

/// The folders of the root that are the same wherever this runs.
pub(crate) fn tar_gzip(meter: &mut Meter) -> io::Result<()> {
    shell(meter, 1, "tar -cf - -C / bin etc sbin usr | gzip")
}
