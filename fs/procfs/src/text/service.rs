//! The file about a service.

use abi::declaration::Policy;
use abi::layout::PAGE_SIZE;
use abi::slot::Phase;
use alloc::format;
use alloc::string::String;
use control::ServiceStatus;

/// /proc/service/NAME/status.
#[must_use]
pub fn status(of: &ServiceStatus) -> String {
    let state = match of.phase {
        Phase::Absent => "absent",
        Phase::Loaded | Phase::Exporting | Phase::Importing | Phase::Ready => "starting",
        Phase::Running => "running",
        Phase::Frozen => "frozen",
        Phase::Crashed => "crashed",
        Phase::Down if of.given_up => "given up",
        Phase::Down => "down",
    };
    let policy = match of.policy {
        Policy::Stateful => "stateful",
        Policy::Fresh => "fresh",
        Policy::Leave => "leave",
        Policy::Script => "script",
    };
    let former = of.former.map_or_else(String::new, |version| {
        format!("On probation:\tinstead of version {version}\n")
    });
    format!(
        "Name:\t{}\nState:\t{state}\nSlot:\t{}\nVersion:\t{}\nGeneration:\t{}\nRestarts:\t{}\n\
         Failure:\t{:?}\nPolicy:\t{policy}\nMemory:\t{} kB\nServed:\t{}\n{former}",
        of.name.as_str(),
        of.slot,
        of.version,
        of.generation,
        of.restarts,
        of.failure,
        of.pages * PAGE_SIZE / 1024,
        of.served,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use abi::slot::Failure;
    use control::ServiceName;

    #[test]
    fn a_service_tells_its_version_and_its_restarts() {
        let text = status(&ServiceStatus {
            name: ServiceName::new("tty").unwrap(),
            slot: 6,
            version: 2,
            phase: Phase::Running,
            failure: Failure::None,
            restarts: 3,
            generation: 5,
            pages: 10,
            served: 77,
            policy: Policy::Stateful,
            given_up: false,
            points: 0,
            run_time: 0,
            former: Some(1),
        });
        for line in [
            "Name:\ttty\n",
            "State:\trunning\n",
            "Version:\t2\n",
            "Memory:\t40 kB\n",
            "On probation:\tinstead of version 1\n",
        ] {
            assert!(text.contains(line), "{line:?} in\n{text}");
        }
    }
}
