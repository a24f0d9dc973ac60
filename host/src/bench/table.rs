//! The figures for a terminal and for documents.

use super::figures::{Figure, Report};

const HEADINGS: [&str; 10] = [
    "operation",
    "Evernix",
    "Linux",
    "ratio",
    "spread",
    "switches",
    "Linux's",
    "Evernix, µs",
    "Linux, µs",
    "ratio",
];

impl Report {
    /// A table in Markdown. The first columns are guest instructions.
    #[must_use]
    pub fn table(&self) -> String {
        let mut rows = vec![HEADINGS.map(str::to_owned)];
        rows.extend(self.rows().map(|row| {
            [
                row.name.to_owned(),
                whole(row.evernix.instructions.median()),
                whole(row.linux.instructions.median()),
                decimal(row.instructions()),
                percent(row.spread()),
                decimal(row.evernix.switches.median()),
                decimal(row.linux.switches.median()),
                micros(&row.evernix.nanoseconds),
                micros(&row.linux.nanoseconds),
                decimal(row.time()),
            ]
        }));
        format!("{}\n{}", markdown(&rows), self.memory())
    }

    /// What memory is in use when the program begins: in Evernix, and in Linux if that was measured.
    pub(super) fn memory(&self) -> String {
        let systems = [("Evernix", &self.evernix), ("Linux", &self.linux)];
        let told = systems.into_iter().filter_map(|(name, runs)| {
            let kibibytes = runs.memory.median()?;
            Some(format!("{name} {} KiB", whole(Some(kibibytes))))
        });
        let told: Vec<String> = told.collect();
        format!("In use when the program begins: {}.\n", told.join(", "))
    }
}

/// Rows of cells, the headings first, as a table in Markdown.
pub(super) fn markdown<const COLUMNS: usize>(rows: &[[String; COLUMNS]]) -> String {
    let widths: [usize; COLUMNS] = std::array::from_fn(|column| {
        let lengths = rows.iter().map(|row| row[column].chars().count());
        lengths.max().unwrap_or_default()
    });
    let mut lines: Vec<String> = rows.iter().map(|row| line(row, &widths)).collect();
    lines.insert(1, rule(&widths));
    lines.push(String::new());
    lines.join("\n")
}

fn line(cells: &[String], widths: &[usize]) -> String {
    let mut padded = cells
        .iter()
        .zip(widths)
        .map(|(cell, width)| format!("{cell:>width$}"));
    let first = padded.next().unwrap_or_default();
    let first = format!("{:<width$}", first.trim(), width = widths[0]);
    let all: Vec<String> = std::iter::once(first).chain(padded).collect();
    format!("| {} |", all.join(" | "))
}

fn rule(widths: &[usize]) -> String {
    let mut cells = widths
        .iter()
        .map(|width| format!("{}:", "-".repeat(width + 1)));
    let first = cells.next().unwrap_or_default().replace(':', "-");
    let all: Vec<String> = std::iter::once(first).chain(cells).collect();
    format!("|{}|", all.join("|"))
}

pub(super) fn whole(number: Option<f64>) -> String {
    let digits = number
        .map(|number| format!("{number:.0}"))
        .unwrap_or_default();
    grouped(&digits)
}

/// With a comma before every third digit from the end.
fn grouped(digits: &str) -> String {
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

pub(super) fn decimal(number: Option<f64>) -> String {
    number
        .map(|number| format!("{number:.2}"))
        .unwrap_or_default()
}

fn percent(share: Option<f64>) -> String {
    share
        .map(|share| format!("{:.1} %", 100.0 * share))
        .unwrap_or_default()
}

pub(super) fn micros(nanoseconds: &Figure) -> String {
    decimal(nanoseconds.median().map(|nanoseconds| nanoseconds / 1000.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::figures::tests::report;

    #[test]
    fn the_columns_stand_below_each_other() {
        let text = report().table();
        let (table, memory) = text.split_once("\n\n").unwrap();
        assert_eq!(
            memory,
            "In use when the program begins: Evernix 700 KiB, Linux 9,000 KiB.\n"
        );
        let lengths: Vec<usize> = table.lines().map(|line| line.chars().count()).collect();
        assert!(
            lengths.iter().all(|length| *length == lengths[0]),
            "{table}"
        );
        let last = table.lines().last().unwrap_or_default();
        let cells: Vec<&str> = last.split('|').map(str::trim).collect();
        let expected = ["", "stat", "200", "100", "2.00", "0.5 %", "2.00", "0.00"];
        assert_eq!(cells[..8], expected);
        assert_eq!(cells[8..], ["0.50", "1.00", "0.50", ""]);
    }

    #[test]
    fn long_numbers_are_grouped() {
        for (digits, text) in [("1", "1"), ("123", "123"), ("1234", "1,234"), ("", "")] {
            assert_eq!(grouped(digits), text);
        }
        assert_eq!(grouped("1234567"), "1,234,567");
    }
}
