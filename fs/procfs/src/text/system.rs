//! Files about the system.

use super::{SECOND, TICK};
use abi::call::{MachineStatistics, MemoryStatistics};
use abi::layout::PAGE_SIZE;
use alloc::format;
use alloc::string::String;
use protocol::identity::{BUILD, RELEASE, SYSTEM_TYPE};
use protocol::inspect::SystemNumbers;

/// /proc/meminfo.
#[must_use]
pub fn memory(of: &MemoryStatistics) -> String {
    let kib = |pages: u64| pages * PAGE_SIZE / 1024;
    let available = of.free.saturating_sub(of.reserved);
    let lines = [
        ("MemTotal", kib(of.total)),
        ("MemFree", kib(of.free)),
        ("MemAvailable", kib(available)),
        ("Buffers", 0),
        ("Cached", kib(of.archive)),
        ("SwapCached", 0),
        ("Active", kib(of.programs)),
        ("Inactive", 0),
        ("SwapTotal", 0),
        ("SwapFree", 0),
        ("Dirty", 0),
        ("Writeback", 0),
        ("AnonPages", kib(of.programs)),
        ("Mapped", 0),
        ("Shmem", 0),
        ("Slab", kib(of.services)),
        ("SReclaimable", 0),
        ("SUnreclaim", kib(of.services)),
        ("PageTables", kib(of.page_tables)),
    ];
    let line = |(name, value): (&str, u64)| format!("{:<15} {value:>8} kB\n", format!("{name}:"));
    lines.into_iter().map(line).collect()
}

/// /proc/stat. `real_time` is that of monotonic time 0, in ns since 1970.
#[must_use]
pub fn statistics(of: &MachineStatistics, numbers: &SystemNumbers, real_time: u64) -> String {
    let system = of.services.saturating_add(of.kernel);
    let times = format!(
        "{} 0 {} {} 0 0 0 0 0 0",
        of.user / TICK,
        system / TICK,
        of.idle / TICK
    );
    format!(
        "cpu  {times}\ncpu0 {times}\nintr {}\nctxt {}\nbtime {}\nprocesses {}\n\
         procs_running {}\nprocs_blocked 0\n",
        of.interrupts,
        of.switches,
        real_time / SECOND,
        of.processes,
        numbers.running.max(1),
    )
}

/// /proc/loadavg.
#[must_use]
pub fn load(of: &SystemNumbers) -> String {
    let average = |index: u32| {
        let fixed = of.load >> (21 * index) & 0x1f_ffff;
        format!("{}.{:02}", fixed >> 16, ((fixed & 0xffff) * 100) >> 16)
    };
    format!(
        "{} {} {} {}/{} {}\n",
        average(0),
        average(1),
        average(2),
        of.running.max(1),
        of.processes,
        of.last.0,
    )
}

/// /proc/uptime.
#[must_use]
pub fn uptime(of: &MachineStatistics) -> String {
    let seconds = |time: u64| format!("{}.{:02}", time / SECOND, time % SECOND / TICK);
    format!("{} {}\n", seconds(of.up), seconds(of.idle))
}

/// /proc/version.
#[must_use]
pub fn version() -> String {
    format!("{SYSTEM_TYPE} version {RELEASE} (evernix) {BUILD}\n")
}

/// /proc/cpuinfo.
#[must_use]
pub fn processor() -> String {
    "processor\t: 0\nvendor_id\t: unknown\nmodel name\t: x86-64\nsiblings\t: 1\n\
     core id\t\t: 0\ncpu cores\t: 1\nflags\t\t: fpu tsc cx8 cmov mmx fxsr sse sse2 syscall nx lm\n\
     address sizes\t: 40 bits physical, 48 bits virtual\n\n"
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use abi::Pid;

    fn numbers() -> SystemNumbers {
        SystemNumbers {
            processes: 12,
            running: 2,
            last: Pid(99),
            load: (1 << 16 | 0x8000) | (0x4000 << 21) | (3 << 58),
        }
    }

    #[test]
    fn memory_is_in_kib() {
        let text = memory(&MemoryStatistics {
            total: 1000,
            free: 500,
            reserved: 100,
            ..MemoryStatistics::default()
        });
        assert!(text.starts_with("MemTotal:           4000 kB\nMemFree:            2000 kB\n"));
        assert!(text.contains("MemAvailable:       1600 kB\n"));
    }

    #[test]
    fn averages_have_two_digits() {
        assert_eq!(load(&numbers()), "1.50 0.25 3.00 2/12 99\n");
    }

    #[test]
    fn times_are_in_hundredths() {
        let machine = MachineStatistics {
            up: 61 * SECOND + SECOND / 4,
            idle: 5 * SECOND,
            user: SECOND,
            services: SECOND,
            kernel: SECOND,
            ..MachineStatistics::default()
        };
        assert_eq!(uptime(&machine), "61.25 5.00\n");
        let text = statistics(&machine, &numbers(), 7 * SECOND);
        assert!(text.starts_with("cpu  100 0 200 500 0 0 0 0 0 0\ncpu0 100 0 200"));
        assert!(text.contains("\nbtime 7\n"));
    }
}
