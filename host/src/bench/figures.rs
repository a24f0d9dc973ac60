//! What many runs come to.

use super::Kind;
use super::sample::{Cost, Sample};
use crate::trace::Raised;

/// One number, measured several times.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Figure(Vec<f64>);

impl Figure {
    fn add(&mut self, number: f64) {
        let at = self.0.partition_point(|other| *other < number);
        self.0.insert(at, number);
    }

    /// The number in the middle, or the mean of both.
    pub(crate) fn median(&self) -> Option<f64> {
        let (low, high) = (self.0.len().checked_sub(1)? / 2, self.0.len() / 2);
        Some(f64::midpoint(self.0[low], self.0[high]))
    }

    /// How far the numbers lie apart, as a share of the median.
    pub(crate) fn spread(&self) -> Option<f64> {
        let (first, last) = (self.0.first()?, self.0.last()?);
        let median = self.median().filter(|median| *median > 0.0)?;
        Some((last - first) / median)
    }
}

/// What an operation takes once.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Figures {
    pub(crate) instructions: Figure,
    pub(crate) nanoseconds: Figure,
    pub(crate) switches: Figure,
}

impl Figures {
    fn add(&mut self, kind: Kind, each: Each) {
        match kind {
            Kind::Counted => {
                self.instructions.add(each.ticks);
                self.switches.add(each.switches);
            }
            Kind::Timed(_) => self.nanoseconds.add(each.nanoseconds),
        }
    }
}

/// What an operation took once in one run.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Each {
    ticks: f64,
    nanoseconds: f64,
    switches: f64,
}

#[expect(
    clippy::cast_precision_loss,
    reason = "counts of instructions, nanoseconds and KiB stay far below 2^53"
)]
const fn number(count: u64) -> f64 {
    count as f64
}

impl From<&Cost> for Each {
    fn from(cost: &Cost) -> Each {
        let each = |all: u64| number(all) / number(cost.count);
        Each {
            ticks: each(cost.ticks),
            nanoseconds: each(cost.nanoseconds),
            switches: each(cost.switches),
        }
    }
}

/// All runs of one system.
#[derive(Clone, Debug, Default)]
pub(crate) struct Runs {
    /// In the order in which they are measured.
    pub(super) operations: Vec<(String, Figures)>,
    /// KiB in use when the program begins.
    pub(super) memory: Figure,
}

/// From the machine's start to the first instruction of a program.
const BOOT: &str = "boot";

impl Runs {
    pub(super) fn add(&mut self, kind: Kind, sample: Sample) {
        if kind == Kind::Counted {
            let boot = Cost {
                name: BOOT.to_owned(),
                count: 1,
                ticks: sample.start,
                nanoseconds: 0,
                switches: 0,
            };
            self.add_one(kind, BOOT, Each::from(&boot));
            self.memory.add(number(sample.memory));
        }
        for cost in &sample.costs {
            self.add_one(kind, &cost.name, Each::from(cost));
        }
    }

    fn add_one(&mut self, kind: Kind, name: &str, each: Each) {
        let known = self.operations.iter().position(|(known, _)| known == name);
        let at = known.unwrap_or_else(|| {
            self.operations.push((name.to_owned(), Figures::default()));
            self.operations.len() - 1
        });
        self.operations[at].1.add(kind, each);
    }
}

/// An operation in both systems.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row<'a> {
    pub(crate) name: &'a str,
    pub(crate) evernix: &'a Figures,
    pub(crate) linux: &'a Figures,
}

impl Row<'_> {
    /// Evernix's instructions for one of Linux's.
    pub(crate) fn instructions(&self) -> Option<f64> {
        ratio(&self.evernix.instructions, &self.linux.instructions)
    }

    /// Evernix's time for the same time of Linux.
    pub(crate) fn time(&self) -> Option<f64> {
        ratio(&self.evernix.nanoseconds, &self.linux.nanoseconds)
    }

    /// The larger spread of both systems' instructions, or else of their times.
    pub(crate) fn spread(&self) -> Option<f64> {
        let larger = |one: &Figure, other: &Figure| Some(one.spread()?.max(other.spread()?));
        larger(&self.evernix.instructions, &self.linux.instructions)
            .or_else(|| larger(&self.evernix.nanoseconds, &self.linux.nanoseconds))
    }
}

fn ratio(evernix: &Figure, linux: &Figure) -> Option<f64> {
    Some(evernix.median()? / linux.median().filter(|median| *median > 0.0)?)
}

/// Everything that was measured.
#[derive(Clone, Debug, Default)]
pub struct Report {
    pub(super) evernix: Runs,
    pub(super) linux: Runs,
    pub(super) linux_release: String,
    /// How long raised bits waited in Evernix.
    pub(super) raised: Raised,
}

impl Report {
    /// The operations that both systems have done.
    pub(crate) fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        self.evernix
            .operations
            .iter()
            .filter_map(|(name, evernix)| {
                let same = |(other, _): &&(String, Figures)| other == name;
                let (_, linux) = self.linux.operations.iter().find(same)?;
                Some(Row {
                    name,
                    evernix,
                    linux,
                })
            })
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::machine::Acceleration;

    fn sample(text: &str) -> Sample {
        Sample::read(text).unwrap()
    }

    /// Two rounds, in which Evernix takes twice Linux's instructions, and half its time.
    pub(crate) fn report() -> Report {
        let mut report = Report {
            linux_release: "6.1".to_owned(),
            ..Report::default()
        };
        let timed = Kind::Timed(Acceleration::None);
        for more in [0, 10] {
            let text = format!("start\t500\t700\nstat\t10\t{}\t0\t20\n", 2000 + more);
            report.evernix.add(Kind::Counted, sample(&text));
            report.linux.add(
                Kind::Counted,
                sample("start\t1000\t9000\nstat\t10\t1000\t0\t0\n"),
            );
            report
                .evernix
                .add(timed, sample("start\t1\t1\nstat\t10\t7\t5000\t0\n"));
            report
                .linux
                .add(timed, sample("start\t1\t1\nstat\t10\t7\t10000\t0\n"));
        }
        report
    }

    #[test]
    fn systems_are_compared_by_their_medians() {
        let report = report();
        let rows: Vec<Row<'_>> = report.rows().collect();
        let names: Vec<&str> = rows.iter().map(|row| row.name).collect();
        assert_eq!(names, ["boot", "stat"]);
        assert_eq!(rows[0].instructions(), Some(0.5));
        assert_eq!(rows[0].time(), None);
        assert_eq!(rows[1].instructions(), Some(2.005));
        assert_eq!(rows[1].time(), Some(0.5));
        assert_eq!(rows[1].evernix.switches.median(), Some(2.0));
        let spread = rows[1].spread().unwrap();
        assert!((spread - 1.0 / 200.5).abs() < 1e-9, "{spread}");
    }

    #[test]
    fn the_median_is_in_the_middle() {
        let mut figure = Figure::default();
        assert_eq!((figure.median(), figure.spread()), (None, None));
        for number in [5.0, 1.0, 2.0] {
            figure.add(number);
        }
        assert_eq!((figure.median(), figure.spread()), (Some(2.0), Some(2.0)));
        figure.add(3.0);
        assert_eq!(figure.median(), Some(2.5));
    }
}
