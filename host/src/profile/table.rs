//! Functions by how many instructions they took.

use std::collections::BTreeMap;

use super::{Code, Listing};

/// A line for everybody who executed, and one for each function, the most expensive first.
#[must_use]
pub fn table(listing: &Listing, code: &Code) -> String {
    let mut by_owner: BTreeMap<&str, u64> = BTreeMap::new();
    let mut by_function: BTreeMap<(&str, &str), u64> = BTreeMap::new();
    for (address, count) in listing.instructions() {
        let place = code.place(address);
        *by_owner.entry(place.0).or_default() += count;
        *by_function.entry(place).or_default() += count;
    }
    let all: u64 = by_owner.values().sum();
    let owners = by_owner
        .into_iter()
        .map(|(owner, count)| ((owner, "(all)"), count));
    let named = by_function
        .into_iter()
        .filter(|((_, function), _)| !function.is_empty());
    let mut text = format!(
        "{:>14}  {:>6}  {:<10}  function\n",
        "instructions", "share", "where"
    );
    for part in [sorted(owners), sorted(named)] {
        for ((owner, function), count) in part {
            text.push_str(&format!(
                "{count:>14}  {:>5.1}%  {owner:<10}  {function}\n",
                share(count, all)
            ));
        }
    }
    text
}

fn sorted<'a>(
    counted: impl Iterator<Item = ((&'a str, &'a str), u64)>,
) -> Vec<((&'a str, &'a str), u64)> {
    let mut all: Vec<_> = counted.collect();
    all.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    all
}

#[expect(
    clippy::cast_precision_loss,
    reason = "instructions of a run stay below 2^53"
)]
fn share(count: u64, all: u64) -> f64 {
    100.0 * count as f64 / all.max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::code::tests::code;

    #[test]
    fn the_most_expensive_comes_first() {
        let ran = |address: u64| format!("Trace 0: 0x7f [0/{address:x}/0/0] \n");
        let mut text = String::new();
        for address in [0x10_0000_0010, 0x10_0000_0024, 0x10_0000_0028, 0x1000] {
            text.push_str(&ran(address));
        }
        let listing = Listing::read(text.as_bytes()).unwrap();
        let table = table(&listing, &code());
        let lines: Vec<Vec<&str>> = table
            .lines()
            .map(|line| line.split_whitespace().collect())
            .collect();
        let expected = [
            ["3", "75.0%", "pm", "(all)"],
            ["1", "25.0%", "programs", "(all)"],
            ["2", "50.0%", "pm", "second"],
            ["1", "25.0%", "pm", "first"],
        ];
        assert_eq!(lines[1..], expected);
    }
}
