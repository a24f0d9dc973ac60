//! bench: measures what Linux's system calls cost. The same binary runs in Evernix and in Linux.
//!
//! ```text
//! bench                 measures everything
//! bench NAME...         measures these operations
//! bench --list          prints their names
//! bench --growth        measures what grows with something: as `NAME: SIZE`
//! bench --own           measures what Linux has not
//! ```
//!
//! The first line is `start`, the processor's time stamp when the program began, and the memory that was in use
//! then, in KiB. Then a line for
//! each operation: its name, how often it was done, and what it took altogether: ticks of the
//! processor's time stamp, nanoseconds, and how often another thread went to the processor.

mod calls;
mod files;
mod memory;
mod meter;
mod operation;
mod own;
mod processes;
mod signals;
mod tools;

use std::io;
use std::process::ExitCode;

use meter::Meter;
use operation::{GROWTHS, OPERATIONS};

fn main() -> ExitCode {
    let start = meter::ticks();
    let words: Vec<String> = std::env::args().skip(1).collect();
    let done = match words.first().map(String::as_str) {
        Some("--list") => {
            OPERATIONS.iter().for_each(|one| println!("{}", one.name));
            Ok(ExitCode::SUCCESS)
        }
        Some("--growth") => grow(start),
        Some("--own") => own(start),
        Some(option) if option.starts_with('-') => {
            eprintln!("usage: bench [--list | --growth | --own | NAME...]");
            Ok(ExitCode::from(2))
        }
        _ => run(&words, start),
    };
    done.unwrap_or_else(|error| {
        eprintln!("bench: {error}");
        ExitCode::FAILURE
    })
}

fn run(words: &[String], start: u64) -> io::Result<ExitCode> {
    if let Some(unknown) = words.iter().find(|word| !operation::is_known(word)) {
        eprintln!("bench: there is no operation {unknown}; `bench --list` prints all");
        return Ok(ExitCode::from(2));
    }
    tell_start(start)?;
    let wanted = |name: &str| words.is_empty() || words.iter().any(|word| word == name);
    let wanted = OPERATIONS.iter().filter(|one| wanted(one.name));
    Ok(all(wanted.map(|one| measure(one.name, one.measure))))
}

/// Prints the first line.
fn tell_start(start: u64) -> io::Result<()> {
    println!("start\t{start}\t{}", memory::in_use()?);
    Ok(())
}

/// Measures what Linux has not.
fn own(start: u64) -> io::Result<ExitCode> {
    tell_start(start)?;
    let own = own::all()?.into_iter();
    Ok(all(own.map(|(name, work)| measure(&name, work))))
}

/// Measures everything at each of its sizes.
fn grow(start: u64) -> io::Result<ExitCode> {
    tell_start(start)?;
    let sizes = GROWTHS
        .iter()
        .flat_map(|one| one.sizes.iter().map(move |size| (one, *size)));
    Ok(all(sizes.map(|(one, size)| {
        let name = format!("{}: {size}", one.name);
        measure(&name, |meter| (one.measure)(meter, size))
    })))
}

/// Measures all of it, also after one that could not be measured.
fn all(measured: impl Iterator<Item = bool>) -> ExitCode {
    let failures = measured.filter(|measured| !measured).count();
    if failures == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// Measures one operation and prints what it took, or what is wrong. Whether it could be measured.
fn measure(name: &str, work: impl FnOnce(&mut Meter) -> io::Result<()>) -> bool {
    let measured = Meter::calibrated().and_then(|mut meter| {
        work(&mut meter)?;
        Ok(meter)
    });
    match &measured {
        Ok(meter) => println!("{name}\t{meter}"),
        Err(error) => eprintln!("bench: {name}: {error}"),
    }
    measured.is_ok()
}
