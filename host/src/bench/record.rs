//! The figures for programs.

use serde_json::{Value, json};

use super::figures::{Figures, Report};

impl Report {
    /// All figures as JSON: medians, and the ratios of both systems.
    #[must_use]
    pub fn json(&self) -> String {
        let rows = self.rows().map(|row| {
            json!({
                "operation": row.name,
                "evernix": system(row.evernix),
                "linux": system(row.linux),
                "ratio": { "instructions": row.instructions(), "time": row.time() },
                "spread": row.spread(),
            })
        });
        let all = json!({
            "linux": self.linux_release,
            "kibibytes": {
                "evernix": self.evernix.memory.median(),
                "linux": self.linux.memory.median(),
            },
            "operations": rows.collect::<Vec<Value>>(),
        });
        format!("{all:#}\n")
    }
}

fn system(figures: &Figures) -> Value {
    json!({
        "instructions": figures.instructions.median(),
        "switches": figures.switches.median(),
        "nanoseconds": figures.nanoseconds.median(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::figures::tests::report;

    #[test]
    fn a_program_finds_the_medians() {
        let value: Value = serde_json::from_str(&report().json()).unwrap();
        let stat = &value["operations"][1];
        assert_eq!(stat["operation"], "stat");
        assert_eq!(stat["evernix"]["instructions"], 200.5);
        assert_eq!(stat["linux"]["nanoseconds"], 1000.0);
        assert_eq!(stat["ratio"]["time"], 0.5);
        assert_eq!(value["linux"], "6.1");
        assert_eq!(value["kibibytes"]["evernix"], 700.0);
    }
}
