//! Wrong arguments: one at a time, all others right.

use crate::child::{attempt, describe, run};
use crate::place::Place;
use probe::signatures::{Argument, MACHINE, Signature, harmless, number};

/// Pointers that lead nowhere.
pub(crate) fn wild(place: &Place) {
    misuse(place, harmless(), |argument| wild_pointers(place, argument));
}

/// The same for the calls that change the machine.
pub(crate) fn machine(place: &Place) {
    misuse(place, MACHINE.iter(), |argument| {
        wild_pointers(place, argument)
    });
}

fn wild_pointers(place: &Place, argument: Argument) -> Vec<(&'static str, u64)> {
    if argument.is_pointer() {
        place.wild(argument)
    } else {
        Vec::new()
    }
}

/// Descriptors that are none.
pub(crate) fn descriptors(place: &Place) {
    const NONE: [(&str, u64); 7] = [
        ("closed", 77),
        ("many", 4096),
        ("largest", i32::MAX as u64),
        ("minus-1", u64::MAX),
        ("minus-3", u64::MAX - 2),
        ("smallest", 0xffff_ffff_8000_0000),
        ("high-bits", 0x7777_0000_004d),
    ];
    misuse(place, harmless(), |argument| {
        if argument.is_descriptor() {
            NONE.to_vec()
        } else {
            Vec::new()
        }
    });
}

/// Lengths beyond reason.
pub(crate) fn lengths(place: &Place) {
    const ABSURD: [(&str, u64); 7] = [
        ("none", 0),
        ("1025", 1025),
        ("2^31", 1 << 31),
        ("2^32+1", (1 << 32) + 1),
        ("2^47", 1 << 47),
        ("largest", i64::MAX as u64),
        ("minus-1", u64::MAX),
    ];
    misuse(place, harmless(), |argument| {
        if matches!(argument, Argument::Size(_)) {
            ABSURD.to_vec()
        } else {
            Vec::new()
        }
    });
}

/// A line for each argument: `call argument: what=result what=result ...`.
fn misuse(
    place: &Place,
    calls: impl Iterator<Item = &'static Signature>,
    wrong: impl Fn(Argument) -> Vec<(&'static str, u64)>,
) {
    let mut line = String::new();
    for (name, arguments) in calls {
        let number = number(name).unwrap_or(u32::MAX);
        for (index, argument) in arguments.iter().enumerate() {
            let cases = wrong(*argument);
            if cases.is_empty() {
                continue;
            }
            line.clear();
            line.push_str(&format!("{name} {index}:"));
            for (what, value) in cases {
                let mut values = place.all_right(arguments);
                values[index] = value;
                let end = run(|| attempt(number, values));
                line.push_str(&format!(" {what}={}", describe(&end)));
            }
            println!("{line}");
        }
    }
}
