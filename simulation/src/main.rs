//! A long campaign: cases, schedules and disturbances by chance.

use clap::Parser;
use simulation::campaign::{Campaign, Sweep};
use simulation::case::Case;
use simulation::chance::Chance;
use simulation::probe::Kind;
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
    /// Disturbs the cases at every point of the first seed's schedule, one after the other, instead.
    #[arg(long)]
    everywhere: bool,
    /// Disturbances of each seed.
    #[arg(long, default_value_t = 50)]
    disturbances: u64,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let sweep = match all_cases() {
        Ok(cases) if arguments.everywhere => everywhere(&arguments, &cases),
        Ok(cases) => by_chance(&arguments, &cases),
        Err(text) => Err(text),
    };
    match sweep {
        Ok(sweep) => {
            println!("{sweep}");
            if sweep.failed.is_empty() {
                return ExitCode::SUCCESS;
            }
        }
        Err(text) => eprintln!("{text}"),
    }
    ExitCode::FAILURE
}

fn all_cases() -> Result<Vec<Case>, String> {
    cases::ALL.iter().map(|maker| maker()).collect()
}

fn everywhere(arguments: &Arguments, cases: &[Case]) -> Result<Sweep, String> {
    let mut sweep = Sweep::default();
    for (number, case) in cases.iter().enumerate() {
        if arguments.case.is_some_and(|wanted| wanted != number) {
            continue;
        }
        let campaign = Campaign::new(case, arguments.seed).map_err(|failed| failed.to_string())?;
        // A machine whose first transaction fails does not start.
        let kinds = Kind::ALL.into_iter();
        let kinds: Vec<Kind> = kinds
            .filter(|kind| *kind != Kind::Start || !case.counts_boot)
            .collect();
        let more = campaign.sweep(campaign.deaths(&kinds).chain(campaign.updates()));
        println!("{}: {} runs", case.name, more.runs);
        sweep.more(more);
    }
    Ok(sweep)
}

fn by_chance(arguments: &Arguments, cases: &[Case]) -> Result<Sweep, String> {
    let end = Duration::try_from_secs_f64(60.0 * arguments.minutes).unwrap_or(Duration::MAX);
    let start = Instant::now();
    let last = arguments
        .seed
        .saturating_add(arguments.count.unwrap_or(u64::MAX));
    let mut sweep = Sweep::default();
    for seed in (arguments.seed..last).take_while(|_| start.elapsed() < end) {
        let more = play(arguments, cases, seed).map_err(|text| format!("seed {seed}: {text}"))?;
        sweep.more(more);
    }
    Ok(sweep)
}

fn play(arguments: &Arguments, cases: &[Case], seed: u64) -> Result<Sweep, String> {
    let mut chance = Chance::new(seed);
    let numbers: Vec<usize> = (0..cases.len()).collect();
    let drawn = chance.one_of(&numbers).unwrap_or_default();
    let case = cases.get(arguments.case.unwrap_or(drawn));
    let case = case.ok_or("there is no such case")?;
    let campaign = Campaign::new(case, seed).map_err(|failed| failed.to_string())?;
    let disturbances = (0..arguments.disturbances)
        .map(|_| random::disturbance(case, &campaign.counts, &mut chance));
    Ok(campaign.sweep(disturbances))
}
