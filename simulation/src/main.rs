//! A long campaign: cases, schedules and disturbances by chance.

use clap::Parser;
use simulation::campaign::{Campaign, Sweep};
use simulation::chance::Chance;
use simulation::{cases, random};
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// Disturbs the real services by chance, on the real kernel core, in one thread.
///
/// Every seed stands for a case, a schedule and some disturbances of it. A failure is printed with
/// its seed: `--seed N --count 1` repeats it.
#[derive(Debug, Parser)]
struct Arguments {
    /// The first seed; the next ones follow.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Stops after so many seeds.
    #[arg(long)]
    count: Option<u64>,
    /// Stops after so many minutes.
    #[arg(long, default_value_t = 1.0)]
    minutes: f64,
    /// Plays this case only: its number in the list of cases, from 0.
    #[arg(long)]
    case: Option<usize>,
    /// Disturbances of each seed.
    #[arg(long, default_value_t = 50)]
    disturbances: u64,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let end = Duration::try_from_secs_f64(60.0 * arguments.minutes).unwrap_or(Duration::MAX);
    let start = Instant::now();
    let mut sweep = Sweep::default();
    let seeds = arguments.seed
        ..arguments
            .seed
            .saturating_add(arguments.count.unwrap_or(u64::MAX));
    for seed in seeds {
        if start.elapsed() >= end {
            break;
        }
        match play(&arguments, seed) {
            Ok(more) => sweep.more(more),
            Err(text) => {
                eprintln!("seed {seed}: {text}");
                return ExitCode::FAILURE;
            }
        }
    }
    println!("{sweep}");
    if sweep.failed.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn play(arguments: &Arguments, seed: u64) -> Result<Sweep, String> {
    let mut chance = Chance::new(seed);
    let all: Vec<usize> = (0..cases::ALL.len()).collect();
    let drawn = chance.one_of(&all).unwrap_or_default();
    let number = arguments.case.unwrap_or(drawn);
    let maker = cases::ALL.get(number).ok_or("there is no such case")?;
    let case = maker()?;
    let campaign = Campaign::new(&case, seed).map_err(|failed| failed.to_string())?;
    let disturbances = (0..arguments.disturbances)
        .map(|_| random::disturbance(&case, &campaign.counts, &mut chance));
    Ok(campaign.sweep(disturbances))
}
