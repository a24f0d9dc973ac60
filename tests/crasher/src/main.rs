//! The command `crasher`; see `lib.rs`.

use std::path::Path;
use std::process::ExitCode;

use control::ServiceName;
use crasher::{pages, pauses, recovery, transaction};

const USAGE: &str = "usage: crasher transaction FIRST STEP SERVICE...
       crasher recovery SEED COUNT CORPUS SERVICE...
       crasher pauses SERVICE...
       crasher pages";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let result = match words.as_slice() {
        ["transaction", first, step, set @ ..] => numbers(first, step)
            .filter(|(_, step)| *step > 0)
            .zip(names(set))
            .map(|((first, step), set)| transaction::run(&set, first, step)),
        ["recovery", seed, count, corpus, services @ ..] => numbers(seed, count)
            .zip(names(services))
            .map(|((seed, count), services)| {
                recovery::run(seed, count, &services, Path::new(corpus))
            }),
        ["pauses", services @ ..] => names(services).map(|services| pauses::run(&services)),
        ["pages"] => Some(pages::run().map_err(|error| error.to_string())),
        ["calls"] => Some(pauses::calls().map_err(|error| error.to_string())),
        _ => None,
    };
    match result {
        None => {
            eprintln!("{USAGE}");
            ExitCode::from(2)
        }
        Some(Err(reason)) => {
            eprintln!("crasher: {reason}");
            ExitCode::FAILURE
        }
        Some(Ok(())) => ExitCode::SUCCESS,
    }
}

fn numbers(first: &str, second: &str) -> Option<(u64, u64)> {
    Some((first.parse().ok()?, second.parse().ok()?))
}

/// Services, at least one.
fn names(words: &[&str]) -> Option<Vec<ServiceName>> {
    let names: Result<Vec<_>, _> = words.iter().map(|word| ServiceName::new(word)).collect();
    names.ok().filter(|names| !names.is_empty())
}
