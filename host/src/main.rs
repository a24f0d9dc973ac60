//! The command `evernix`; see `lib.rs`.

use std::ffi::OsString;
use std::io::IsTerminal;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use evernix::machine::{Hardware, Memory};
use evernix::run::{Exec, boot, exec, print_command, status};
use evernix::{Error, Project, build};

/// Builds, boots and runs Evernix. Without a command: boots to a shell on the terminal.
#[derive(Debug, Parser)]
#[command(name = "evernix", version)]
struct Arguments {
    #[command(subcommand)]
    action: Option<Action>,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Builds what changed and nothing more
    Build,
    /// Boots to a shell on the terminal (Ctrl-A X ends the emulator)
    Boot {
        #[command(flatten)]
        machine: MachineOptions,
    },
    /// Boots, runs one command with this program's standard streams, and powers off
    ///
    /// The exit status is the command's; 124 when the time was over, 125 when the system failed.
    Exec(ExecOptions),
    /// Prints the emulator's command line
    Command {
        #[command(flatten)]
        machine: MachineOptions,
    },
}

#[derive(Debug, Args)]
struct MachineOptions {
    /// Memory of the machine, as 256M or 1G
    #[arg(long, default_value = "256M")]
    memory: Memory,
    /// Processors of the machine (the system uses one)
    #[arg(long, value_name = "N", default_value_t = 1)]
    smp: u8,
    /// Count instructions: one takes one nanosecond, and runs repeat themselves
    #[arg(long)]
    icount: bool,
}

impl MachineOptions {
    fn hardware(&self) -> Hardware {
        Hardware {
            memory: self.memory,
            processors: self.smp,
            counted: self.icount,
        }
    }
}

#[derive(Debug, Args)]
struct ExecOptions {
    /// A folder whose files are laid over the root
    #[arg(long, value_name = "DIR")]
    overlay: Vec<PathBuf>,
    #[command(flatten)]
    machine: MachineOptions,
    /// End after this time
    #[arg(long, value_name = "SECONDS")]
    timeout: Option<u64>,
    /// Show the console and the kernel's log afterwards
    #[arg(long)]
    console: bool,
    /// The command and its arguments
    #[arg(required = true, last = true)]
    command: Vec<OsString>,
}

fn main() -> ExitCode {
    match run(Arguments::parse().action) {
        Ok(status) => ExitCode::from(status),
        Err(error) => {
            eprintln!("evernix: {error}");
            ExitCode::from(status::FAILED)
        }
    }
}

fn run(action: Option<Action>) -> Result<u8, Error> {
    let project = Project::here();
    let built = build(&project)?;
    match action {
        Some(Action::Build) => Ok(0),
        None if std::io::stdin().is_terminal() => boot(&built, Hardware::default()),
        None => exec(&built, &shell_of_input()),
        Some(Action::Boot { machine }) => boot(&built, machine.hardware()),
        Some(Action::Command { machine }) => {
            print_command(&built, machine.hardware())?;
            Ok(0)
        }
        Some(Action::Exec(options)) => exec(
            &built,
            &Exec {
                hardware: options.machine.hardware(),
                command: options.command,
                overlays: options.overlay,
                timeout: options.timeout.map(Duration::from_secs),
                show_console: options.console,
            },
        ),
    }
}

/// Standard input is no terminal: a shell gets it.
fn shell_of_input() -> Exec {
    Exec {
        hardware: Hardware::default(),
        command: vec!["/bin/sh".into()],
        overlays: Vec::new(),
        timeout: None,
        show_console: false,
    }
}
