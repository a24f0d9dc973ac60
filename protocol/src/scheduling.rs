//! Scheduling policy, at sched; asked by pm.
//!
//! After a crash: setpriority answers what the question was ended with (`EFAULT` after two crashes,
//! `EIO` when sched is down), and getpriority `ESRCH`. Fork and exit do without: a process that sched
//! was not told of has the kernel's defaults, and niceness 0.

use crate::protocol;
use abi::Pid;

protocol! {
    number 8, version 2, former 1 {
        // With 20 added.
        SetNice = 3 { process: Pid, raised: u32 } => SetNice {
            process,
            nice: i32::try_from(raised).ok()? - 20,
        };
    };

    /// A process starts, with its parent's niceness.
    Start = 1 { process: Pid, parent: Pid } -> ();
    /// A process has ended.
    Stop = 2 { process: Pid } -> ();
    /// Sets the niceness, -20 to 19; `INVAL` for another one.
    SetNice = 3 { process: Pid, nice: i32 } -> ();
    /// The niceness plus 20.
    GetNice = 4 { process: Pid } -> u64, repeatable;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Question;
    use crate::declare::pack;

    #[test]
    fn messages_of_the_former_version_are_read_and_of_others_refused() {
        let lowered = SetNice {
            process: Pid(7),
            nice: -5,
        };
        let request = Some(Request::SetNice(lowered));
        assert_eq!(Request::decode(&lowered.message()), request);
        assert_eq!(Request::decode(&pack(NUMBER, 1, 3, &[7, 15])), request);
        assert_eq!(Request::decode(&pack(NUMBER, 1, 3, &[7, u64::MAX])), None);
        let stopped = Request::Stop(Stop { process: Pid(7) });
        assert_eq!(Request::decode(&pack(NUMBER, 1, 2, &[7])), Some(stopped));
        for version in [0, 3] {
            assert_eq!(Request::decode(&pack(NUMBER, version, 2, &[7])), None);
        }
    }
}
