//! The command `probe`; see `lib.rs`.

mod arguments;
mod child;
mod execute;
mod exhaust;
mod hoard;
mod instructions;
mod numbers;
mod place;

use place::Place;
use std::io;
use std::process::ExitCode;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match probe(&words) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => {
            eprintln!("probe: not understood");
            ExitCode::from(2)
        }
        Err(error) => {
            eprintln!("probe: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Whether it was understood.
fn probe(words: &[&str]) -> io::Result<bool> {
    match words {
        ["fork-bomb"] => exhaust::fork_bomb()?,
        ["touch"] => exhaust::touch(),
        ["touch-many"] => exhaust::touch_many()?,
        ["fill", path] => exhaust::fill(path)?,
        ["pipes"] => exhaust::pipes(),
        ["hoard", kind] => return hoard::hoard(kind),
        ["crowd", kind @ ("files" | "links")] => hoard::crowd(kind)?,
        ["arguments"] => exhaust::arguments()?,
        [group] => return misuse(group),
        _ => return Ok(false),
    }
    Ok(true)
}

fn misuse(group: &str) -> io::Result<bool> {
    const GROUPS: [&str; 7] = [
        "wild",
        "descriptors",
        "lengths",
        "instructions",
        "executables",
        "numbers",
        "machine",
    ];
    let chosen: Vec<&str> = GROUPS
        .into_iter()
        .filter(|one| *one == group || group == "all")
        .collect();
    let place = Place::prepare()?;
    for one in &chosen {
        match *one {
            "wild" => arguments::wild(&place),
            "descriptors" => arguments::descriptors(&place),
            "lengths" => arguments::lengths(&place),
            "instructions" => instructions::misuse(),
            "executables" => execute::misuse()?,
            "machine" => arguments::machine(&place),
            _ => numbers::misuse(),
        }
    }
    Place::remove();
    Ok(!chosen.is_empty())
}
