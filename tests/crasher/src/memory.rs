//! Memory while nothing else runs and every service has just what it needs.

use std::fs;
use std::io;
use std::thread::sleep;
use std::time::Duration;

use crate::ask;

/// By then the kernel has freed what has ended.
const SWEEP: Duration = Duration::from_millis(50);

/// What is held, in bytes and KiB.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Measure {
    /// Bytes of the States.
    states: Vec<(String, u64)>,
    /// KiB of all services.
    services: u64,
    /// KiB of page tables.
    tables: u64,
    /// KiB of the kernel: what is neither free nor a service's, a program's, or a page table.
    kernel: u64,
}

impl Measure {
    /// Takes the measure, after a new start of every service.
    ///
    /// # Errors
    /// What cannot be asked or read.
    pub fn take() -> io::Result<Measure> {
        let mut states = Vec::new();
        for service in ask::settled()? {
            let bytes = ask::refresh(&service.name)?;
            states.push((service.name.as_str().to_owned(), bytes));
        }
        sleep(SWEEP);
        let text = fs::read_to_string("/proc/meminfo")?;
        let of = |name: &str| {
            let line = text.lines().find(|line| line.starts_with(name));
            let number = line.and_then(|line| line.split_whitespace().nth(1)?.parse().ok());
            number.ok_or_else(|| io::Error::other(format!("no {name} in meminfo")))
        };
        let (services, tables): (u64, u64) = (of("Slab:")?, of("PageTables:")?);
        let used: u64 = of("MemTotal:")? - of("MemFree:")? - of("AnonPages:")?;
        Ok(Measure {
            states,
            services,
            tables,
            kernel: used - services - tables,
        })
    }

    /// What has grown since an earlier measure, beyond what may differ: a page for numbers in States
    /// that are longer, a step of one heap, tables of programs that lie elsewhere.
    #[must_use]
    pub fn growth(&self, earlier: &Measure) -> Vec<String> {
        let states = |of: &Measure| of.states.iter().map(|(_, bytes)| bytes).sum::<u64>();
        let parts = [
            ("bytes of States", states(self), states(earlier), 4096),
            ("KiB of services", self.services, earlier.services, 64),
            ("KiB of page tables", self.tables, earlier.tables, 64),
            ("KiB of the kernel", self.kernel, earlier.kernel, 0),
        ];
        let grown = parts
            .iter()
            .filter(|(_, now, before, allowed)| *now > before + allowed);
        let mut grown: Vec<String> = grown
            .map(|(what, now, before, _)| format!("{what}: {before} before, {now} now"))
            .collect();
        if !grown.is_empty() {
            grown.extend(self.states_since(earlier));
        }
        grown
    }

    /// The States that have grown or shrunk, to tell where to look.
    fn states_since(&self, earlier: &Measure) -> impl Iterator<Item = String> {
        let both = earlier.states.iter().zip(&self.states);
        both.filter(|(before, now)| before != now)
            .map(|((name, before), (_, now))| format!("{name} {before} to {now}"))
    }
}
