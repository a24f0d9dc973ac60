//! bench: measures what Linux's system calls cost. The same binary runs in Evernix and in Linux.
//!
//! ```text
//! bench                 measures everything
//! bench NAME...         measures these operations
//! bench --list          prints their names
//! ```
//!
//! The first line is `start` and the processor's time stamp when the program began. Then a line for
//! each operation: its name, how often it was done, and what it took altogether: ticks of the
//! processor's time stamp, nanoseconds, and how often another thread went to the processor.

mod calls;
mod files;
mod memory;
mod meter;
mod operation;
mod processes;
mod signals;
mod tools;

use std::io;
use std::process::ExitCode;

use meter::Meter;
use operation::OPERATIONS;

fn main() -> ExitCode {
    let start = meter::ticks();
    let words: Vec<String> = std::env::args().skip(1).collect();
    match words.first().map(String::as_str) {
        Some("--list") => {
            OPERATIONS.iter().for_each(|one| println!("{}", one.name));
            ExitCode::SUCCESS
        }
        Some(option) if option.starts_with('-') => {
            eprintln!("usage: bench [--list | NAME...]");
            ExitCode::from(2)
        }
        _ => run(&words, start),
    }
}

fn run(words: &[String], start: u64) -> ExitCode {
    if let Some(unknown) = words.iter().find(|word| !operation::is_known(word)) {
        eprintln!("bench: there is no operation {unknown}; `bench --list` prints all");
        return ExitCode::from(2);
    }
    println!("start\t{start}");
    let wanted = |name: &str| words.is_empty() || words.iter().any(|word| word == name);
    let mut status = ExitCode::SUCCESS;
    for one in OPERATIONS.iter().filter(|one| wanted(one.name)) {
        if let Err(error) = measure(one) {
            eprintln!("bench: {}: {error}", one.name);
            status = ExitCode::FAILURE;
        }
    }
    status
}

fn measure(one: &operation::Operation) -> io::Result<()> {
    let mut meter = Meter::calibrated()?;
    (one.measure)(&mut meter)?;
    println!("{}\t{meter}", one.name);
    Ok(())
}
