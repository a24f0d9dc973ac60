//! Memory while nothing else runs and every service has just what it needs.

use std::fs;
use std::io;

use crate::ask;

/// What is held, in bytes and KiB.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Measure {
    /// Bytes of all States.
    states: u64,
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
        let mut states = 0;
        for service in ask::settled()? {
            states += ask::refresh(&service.name)?;
        }
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
        let parts = [
            ("bytes of States", self.states, earlier.states, 4096),
            ("KiB of services", self.services, earlier.services, 64),
            ("KiB of page tables", self.tables, earlier.tables, 64),
            ("KiB of the kernel", self.kernel, earlier.kernel, 0),
        ];
        let grown = parts
            .iter()
            .filter(|(_, now, before, allowed)| *now > before + allowed);
        grown
            .map(|(what, now, before, _)| format!("{what}: {before} before, {now} now"))
            .collect()
    }
}
