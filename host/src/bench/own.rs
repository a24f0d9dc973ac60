//! What Linux has not, for a terminal, for documents and for programs.

use serde_json::{Value, json};

use super::figures::Report;
use super::table::{decimal, markdown, micros, whole};

const HEADINGS: [&str; 4] = ["operation", "instructions", "switches", "µs"];
/// What is waited for by those at whom something is raised.
const NAMES: [&str; 2] = ["interrupt", "notification"];

impl Report {
    /// A table in Markdown, of Evernix alone.
    #[must_use]
    pub fn own_table(&self) -> String {
        let mut rows = vec![HEADINGS.map(str::to_owned)];
        rows.extend(self.evernix.operations.iter().map(|(name, figures)| {
            [
                name.clone(),
                whole(figures.instructions.median()),
                decimal(figures.switches.median()),
                micros(&figures.nanoseconds),
            ]
        }));
        rows.extend(self.waits().map(|(name, shortest)| {
            let (one, none) = ("1.00".to_owned(), String::new());
            [name.to_owned(), whole(Some(shortest)), one, none]
        }));
        format!("{}\n{}", markdown(&rows), self.memory())
    }

    /// The same as JSON.
    #[must_use]
    pub fn own_json(&self) -> String {
        let measured = self.evernix.operations.iter().map(|(name, figures)| {
            json!({
                "operation": name,
                "instructions": figures.instructions.median(),
                "switches": figures.switches.median(),
                "nanoseconds": figures.nanoseconds.median(),
            })
        });
        let waits = self
            .waits()
            .map(|(name, shortest)| json!({ "operation": name, "instructions": shortest }));
        let all = json!({
            "kibibytes": self.evernix.memory.median(),
            "operations": measured.chain(waits).collect::<Vec<Value>>(),
        });
        format!("{all:#}\n")
    }

    /// From when something was raised to when its service ran, in instructions: the shortest, where the
    /// kernel had nothing else to do.
    fn waits(&self) -> impl Iterator<Item = (&'static str, f64)> {
        let times = [&self.raised.interrupts, &self.raised.notifications];
        let shortest = times.map(|times| times.first().and_then(|time| u32::try_from(*time).ok()));
        let known = NAMES.into_iter().zip(shortest);
        known.filter_map(|(name, shortest)| Some((name, shortest?.into())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::Kind;
    use crate::bench::sample::Sample;
    use crate::trace::Raised;

    #[test]
    fn everything_measured_has_a_row() {
        let mut report = Report::default();
        let sample = Sample::read("start\t9\t600\nrequest\t10\t12340\t0\t20\n").unwrap();
        report.evernix.add(Kind::Counted, sample);
        report.raised = Raised {
            interrupts: vec![700, 800, 900],
            notifications: Vec::new(),
        };
        let table = report.own_table();
        assert!(
            table.contains("| request   |        1,234 |     2.00 |"),
            "{table}"
        );
        assert!(table.contains("| interrupt |          700 |"), "{table}");
        assert!(!table.contains("notification"));
        let value: Value = serde_json::from_str(&report.own_json()).unwrap();
        assert_eq!(value["operations"][1]["instructions"], 1234.0);
        assert_eq!(value["operations"][2]["operation"], "interrupt");
    }
}
