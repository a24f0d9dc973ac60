//! The tool's command line.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use evernix::bench::{self, What};
use evernix::inject::Options;
use evernix::machine::{Hardware, Memory};
use evernix::run::Exec;

/// Builds, boots and runs Evernix. Without a command: boots to a shell on the terminal, or gives
/// standard input to a shell inside when it is no terminal.
#[derive(Debug, Parser)]
#[command(name = "evernix", version)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) action: Option<Action>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Action {
    /// Builds what changed and nothing more
    Build,
    /// Boots to a shell on the terminal (Ctrl-A X ends the emulator)
    Boot {
        #[command(flatten)]
        machine: MachineOptions,
    },
    /// Boots, runs one command with this program's standard streams, and powers off
    ///
    /// The exit status is the command's: 128 and the signal's number when a signal ended it. 124
    /// when the time was over, 125 when the system or this tool failed.
    Exec(ExecOptions),
    /// Prints the emulator's command line, to be pasted into a shell
    Command {
        #[command(flatten)]
        machine: MachineOptions,
    },
    /// Puts faults into running services, one after the other, and tells what came of them
    ///
    /// The exit status is 1 when a program had a wrong result without an error, or the system was
    /// lost.
    Inject(InjectOptions),
    /// Measures what Linux's calls cost, here and in Linux, in the same emulator
    ///
    /// Prints a table of guest instructions and times, and writes them as JSON and as a chart.
    Bench(BenchOptions),
}

#[derive(Debug, Args)]
pub(crate) struct BenchOptions {
    /// How often each system is measured
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=1000))]
    rounds: u32,
    /// Memory of the machine, as 256M or 1G; 256M, and for --growth 2G, if not given
    #[arg(long)]
    memory: Option<Memory>,
    /// Measure how costs grow with the size of processes, the depth of paths, and the number of processes
    #[arg(long, conflicts_with = "operations")]
    growth: bool,
    /// Measure what Linux has not: requests between services, and services that are replaced
    #[arg(long, conflicts_with_all = ["operations", "growth", "chart"])]
    own: bool,
    /// Measure the time by the host's own processor, and nothing else
    #[arg(long)]
    kvm: bool,
    /// Where the figures go (JSON), instead of target/system/bench
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,
    /// Where the chart goes (SVG), instead of target/system/bench
    #[arg(long, value_name = "FILE")]
    pub(crate) chart: Option<PathBuf>,
    /// End a run that takes longer
    #[arg(long, value_name = "SECONDS", default_value_t = 1200, value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    limit: u64,
    /// The operations to measure; all if none is named
    operations: Vec<String>,
}

impl BenchOptions {
    pub(crate) fn wanted(&self) -> bench::Options {
        let (what, memory) = if self.growth {
            (What::Growth, Memory::LARGE)
        } else if self.own {
            (What::Own, Memory::default())
        } else {
            let operations = self.operations.clone();
            (What::Operations(operations), Memory::default())
        };
        bench::Options {
            what,
            rounds: self.rounds,
            hardware: Hardware {
                memory: self.memory.unwrap_or(memory),
                ..Hardware::default()
            },
            accelerated: self.kvm,
            limit: Duration::from_secs(self.limit),
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct InjectOptions {
    /// How many faults
    #[arg(long, value_name = "N", default_value_t = 100)]
    count: u64,
    /// What decides them
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u64,
    /// The number of the first, out of those that the seed decides
    #[arg(long, value_name = "K", default_value_t = 0)]
    from: u64,
    /// Begin no further fault after this time
    #[arg(long, value_name = "SECONDS")]
    within: Option<u64>,
    /// How many machines work at the same time; as many as the host has processors if not given
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=64))]
    jobs: Option<u8>,
}

/// How many processors the host has for this tool.
fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

impl InjectOptions {
    pub(crate) fn wanted(&self) -> Options {
        Options {
            count: self.count,
            seed: self.seed,
            from: self.from,
            within: self.within.map(Duration::from_secs),
            jobs: self.jobs.map_or_else(processors, usize::from),
        }
    }
}

#[derive(Debug, Default, Args)]
pub(crate) struct MachineOptions {
    /// Memory of the machine, as 256M or 1G
    #[arg(long, default_value_t)]
    memory: Memory,
    /// Processors of the machine (the system uses one)
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=64))]
    smp: u8,
    /// Count instructions: one takes one nanosecond, and runs repeat themselves
    #[arg(long)]
    icount: bool,
    /// Emulate the processor even where the host's own could be used
    #[arg(long)]
    pub(crate) emulate: bool,
}

impl MachineOptions {
    pub(crate) fn hardware(&self) -> Hardware {
        Hardware {
            memory: self.memory,
            processors: self.smp.max(1),
            counted: self.icount,
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct ExecOptions {
    /// A folder whose files are laid over the root; more than one may be given
    #[arg(long, value_name = "DIR")]
    overlay: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) machine: MachineOptions,
    /// End after this time, with status 124
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    timeout: Option<u64>,
    /// Show the kernel's log and the console afterwards, on standard error
    #[arg(long)]
    pub(crate) console: bool,
    /// Write a trace of requests, switches and faults, to be opened in Perfetto or Chrome (JSON)
    #[arg(long, value_name = "FILE")]
    trace: Option<PathBuf>,
    /// Write which functions of the system the instructions belong to; slow, with --icount and --emulate
    #[arg(long, value_name = "FILE")]
    profile: Option<PathBuf>,
    /// The command and its arguments
    #[arg(required = true, last = true)]
    command: Vec<OsString>,
}

impl ExecOptions {
    /// What is told of every instruction takes so long that only its own clock is right for the system.
    fn hardware(&self) -> Hardware {
        let hardware = self.machine.hardware();
        Hardware {
            counted: hardware.counted || self.profile.is_some(),
            ..hardware
        }
    }

    pub(crate) fn wanted(&self) -> Exec {
        Exec {
            hardware: self.hardware(),
            command: self.command.clone(),
            overlays: self.overlay.clone(),
            timeout: self.timeout.map(Duration::from_secs),
            trace: self.trace.clone(),
            profile: self.profile.clone(),
            ..Exec::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn options_end_at_the_hyphens() {
        let words = [
            "evernix",
            "exec",
            "--memory",
            "1G",
            "--overlay",
            "a",
            "--",
            "ls",
            "--memory",
            "x",
        ];
        let Some(Action::Exec(options)) = Arguments::try_parse_from(words).unwrap().action else {
            panic!("another command");
        };
        let wanted = options.wanted();
        assert_eq!(wanted.command, ["ls", "--memory", "x"]);
        assert_eq!(wanted.hardware.memory.to_string(), "1024M");
        assert_eq!(wanted.timeout, None);
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for words in [
            &["evernix", "exec"][..],
            &["evernix", "exec", "--memory", "1K", "--", "ls"],
            &["evernix", "exec", "--timeout", "0", "--", "ls"],
            &["evernix", "exec", "--smp", "0", "--", "ls"],
            &["evernix", "dance"],
        ] {
            assert!(Arguments::try_parse_from(words).is_err(), "{words:?}");
        }
    }
}
