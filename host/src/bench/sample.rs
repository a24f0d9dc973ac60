//! What one run has printed.

use crate::Error;

/// What an operation took, altogether.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cost {
    /// Its name.
    pub name: String,
    /// How often it was done.
    pub count: u64,
    /// Ticks of the processor's time stamp: instructions, when they are counted.
    pub ticks: u64,
    /// The monotonic clock's time.
    pub nanoseconds: u64,
    /// How often another thread went to the processor.
    pub switches: u64,
}

/// One run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sample {
    /// The processor's time stamp when the program began.
    pub start: u64,
    /// Memory in use then, in KiB.
    pub memory: u64,
    /// Of each operation, in their order.
    pub costs: Vec<Cost>,
}

impl Sample {
    /// Reads what `bench` prints (`user/bench/src/main.rs`).
    ///
    /// # Errors
    /// A line that is none of its.
    pub fn read(text: &str) -> Result<Sample, Error> {
        let wrong = |line: &str| Error::artifact("bench", format!("it printed {line:?}"));
        let mut lines = text.lines();
        let first = lines.next().unwrap_or_default();
        let (start, memory) = start(first).ok_or_else(|| wrong(first))?;
        let costs = lines.map(|line| cost(line).ok_or_else(|| wrong(line)));
        Ok(Sample {
            start,
            memory,
            costs: costs.collect::<Result<_, _>>()?,
        })
    }
}

/// The time stamp and the memory that the first line tells.
fn start(line: &str) -> Option<(u64, u64)> {
    let (start, memory) = line.strip_prefix("start\t")?.split_once('\t')?;
    Some((start.parse().ok()?, memory.parse().ok()?))
}

fn cost(line: &str) -> Option<Cost> {
    let (name, numbers) = line.split_once('\t')?;
    let numbers: Result<Vec<u64>, _> = numbers.split('\t').map(str::parse).collect();
    let [count, ticks, nanoseconds, switches] = numbers.ok()?[..] else {
        return None;
    };
    (count > 0).then(|| Cost {
        name: name.to_owned(),
        count,
        ticks,
        nanoseconds,
        switches,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_become_costs() {
        let sample = Sample::read("start\t90\t512\nstat\t10\t2000\t3000\t40\n").unwrap();
        let stat = Cost {
            name: "stat".to_owned(),
            count: 10,
            ticks: 2000,
            nanoseconds: 3000,
            switches: 40,
        };
        assert_eq!((sample.start, sample.memory), (90, 512));
        assert_eq!(sample.costs, vec![stat]);
    }

    #[test]
    fn what_is_no_line_of_the_program_is_refused() {
        for text in [
            "",
            "stat\t1\t2\t3\t4\n",
            "start\t1\nstat\t0\t1\t1\t1\n",
            "start\t1\nx\t1\n",
        ] {
            assert!(Sample::read(text).is_err(), "{text:?}");
        }
    }
}
