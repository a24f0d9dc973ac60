//! The command `evernix`; see `lib.rs`.

mod arguments;

use std::io::IsTerminal;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use evernix::bench::{What, measure};
use evernix::inject::campaign;
use evernix::machine::{Acceleration, Hardware, QEMU};
use evernix::project::{check_place, say, write};
use evernix::run::{Ending, Ends, Exec, boot, command, execute, fastest, tail};
use evernix::{Built, Error, Project, build};

use crate::arguments::{
    Action, Arguments, BenchOptions, ExecOptions, InjectOptions, MachineOptions,
};

/// The exit statuses that are the tool's own.
mod status {
    /// A fault made a wrong result, or the system was lost.
    pub(crate) const FAULTS: u8 = 1;
    /// The time allowed is over.
    pub(crate) const LATE: u8 = 124;
    /// The system or this tool failed.
    pub(crate) const FAILED: u8 = 125;
    /// Nobody reads the output: what SIGPIPE would end a program with.
    pub(crate) const UNHEARD: u8 = 141;
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
    let built = build(&Project::here())?;
    let shell = MachineOptions::default();
    match action {
        Some(Action::Build) => Ok(0),
        None if std::io::stdin().is_terminal() => start(&built, &shell),
        None => exec(&built, false, &shell_of_input(), false),
        Some(Action::Boot { machine }) => start(&built, &machine),
        Some(Action::Exec(options)) => run_command(&built, &options),
        Some(Action::Command { machine }) => {
            println!("{}", command(&built, machine.hardware())?);
            Ok(0)
        }
        Some(Action::Inject(options)) => inject(built, &options),
        Some(Action::Bench(options)) => bench(&built, &options),
    }
}

/// Puts faults into services and prints what came of them.
fn inject(built: Built, options: &InjectOptions) -> Result<u8, Error> {
    QEMU.ensure()?;
    let report = campaign(built, options.wanted())?;
    println!("{}", report.text());
    if let Some(failure) = report.failure {
        return Err(failure);
    }
    let is_bad = report.bad().next().is_some();
    Ok(if is_bad { status::FAULTS } else { 0 })
}

/// Measures this system and Linux, prints the table, and writes the figures and the chart.
fn bench(built: &Built, options: &BenchOptions) -> Result<u8, Error> {
    QEMU.ensure()?;
    let folder = built.project().made_folder("bench")?;
    let place =
        |wanted: &Option<PathBuf>, name| wanted.clone().unwrap_or_else(|| folder.join(name));
    let wanted = options.wanted();
    let (figures, picture) = match wanted.what {
        What::Operations(_) => ("figures.json", Some("ratios.svg")),
        What::Growth => ("growth.json", Some("growth.svg")),
        What::Own => ("own.json", None),
    };
    let json = place(&options.json, figures);
    let chart = picture.map(|picture| place(&options.chart, picture));
    check_place(&json)?;
    chart.iter().try_for_each(|chart| check_place(chart))?;
    let report = measure(built, &wanted)?;
    let (text, numbers, drawn) = match wanted.what {
        What::Operations(_) => (report.table(), report.json(), report.chart()),
        What::Growth => (
            format!("{}\n{}", report.table(), report.growth_table()),
            report.json(),
            report.growth_chart(),
        ),
        What::Own => (report.own_table(), report.own_json(), String::new()),
    };
    print!("{text}");
    let drawn = chart.map(|chart| (chart, drawn));
    for (path, content) in std::iter::once((json, numbers)).chain(drawn) {
        write(&path, content.as_bytes())?;
        say("Wrote", &path.display().to_string());
    }
    Ok(0)
}

fn run_command(built: &Built, options: &ExecOptions) -> Result<u8, Error> {
    let emulate = options.machine.emulate;
    exec(built, emulate, &options.wanted(), options.console)
}

/// Standard input is no terminal: a shell gets it.
fn shell_of_input() -> Exec {
    Exec {
        command: vec!["/bin/sh".into()],
        ..Exec::default()
    }
}

/// How to run a machine that counts its instructions is no question: it is emulated.
fn acceleration(built: &Built, emulate: bool, hardware: Hardware) -> Result<Acceleration, Error> {
    QEMU.ensure()?;
    if emulate {
        return Ok(Acceleration::None);
    }
    fastest(built, hardware)
}

fn start(built: &Built, options: &MachineOptions) -> Result<u8, Error> {
    let hardware = options.hardware();
    let acceleration = acceleration(built, options.emulate, hardware)?;
    match boot(built, acceleration, hardware)? {
        None => Ok(0),
        Some(failure) => {
            eprintln!("evernix: {failure}");
            Ok(status::FAILED)
        }
    }
}

fn exec(built: &Built, emulate: bool, wanted: &Exec, show: bool) -> Result<u8, Error> {
    let acceleration = acceleration(built, emulate, wanted.hardware)?;
    let ends = Ends {
        input: Box::new(std::io::stdin()),
        output: Box::new(std::io::stdout()),
        error: Box::new(std::io::stderr()),
        ..Ends::default()
    };
    let outcome = execute(built, acceleration, wanted, ends)?;
    let (status, problem) = match outcome.ending {
        Ending::Status(status) => (status, None),
        Ending::Unheard => (status::UNHEARD, None),
        Ending::Late => (status::LATE, Some("the time allowed is over".to_owned())),
        Ending::Failed(reason) => (status::FAILED, Some(reason)),
    };
    let logs = [&outcome.logs.kernel, &outcome.logs.console];
    if show {
        logs.iter().for_each(|log| eprintln!("{log}"));
    } else if problem.is_some() {
        logs.iter().for_each(|log| eprintln!("{}", tail(log)));
    }
    if let Some(problem) = problem {
        eprintln!("evernix: {problem}");
    }
    Ok(status)
}
