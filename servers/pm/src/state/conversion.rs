//! From each version to the other.

use super::{Counter, Memory, Name, version_1, version_2};
use abi::SpaceId;
use service::container::{Map, Value};

impl From<version_1::State> for version_2::State {
    fn from(old: version_1::State) -> Self {
        let entry = |(pid, old): (u32, version_1::Entry)| {
            let memory = Memory {
                space: SpaceId(old.space),
                is_borrowed: old.is_borrowed,
            };
            let entry = version_2::Entry {
                memory: memory.into(),
                process: old.process,
            };
            (pid, entry)
        };
        let counters = [
            (Counter::LastProcess, old.last_process),
            (Counter::TerminalSignals, old.terminal_signals),
            (Counter::LogStart, old.log_start),
            (Counter::Random, old.random),
        ];
        let names = [(Name::Host, old.host_name), (Name::Domain, old.domain_name)];
        version_2::State {
            table: old.processes.into_entries().map(entry).collect(),
            actions: old.actions,
            limits: old.limits,
            commands: old.commands,
            timers: old.timers,
            makings: old.makings,
            counters: counters
                .into_iter()
                .map(|(key, value)| (key, value.into_inner()))
                .collect(),
            names: names
                .into_iter()
                .map(|(key, value)| (key, value.into_inner()))
                .collect(),
        }
    }
}

impl From<version_2::State> for version_1::State {
    fn from(new: version_2::State) -> Self {
        let deadlines: Map<_, _> = new
            .timers
            .iter()
            .map(|((pid, number), timer)| ((timer.deadline, *pid, *number), ()))
            .collect();
        let counter = |counter| Value::new(new.counter(counter));
        let name = |name| Value::new(new.name(name).to_vec());
        version_1::State {
            deadlines,
            last_process: counter(Counter::LastProcess),
            terminal_signals: counter(Counter::TerminalSignals),
            log_start: counter(Counter::LogStart),
            random: counter(Counter::Random),
            host_name: name(Name::Host),
            domain_name: name(Name::Domain),
            processes: new
                .table
                .into_entries()
                .map(|(pid, entry)| {
                    let Memory { space, is_borrowed } = entry.memory.into();
                    let process = entry.process;
                    (
                        pid,
                        version_1::Entry {
                            process,
                            space: space.0,
                            is_borrowed,
                        },
                    )
                })
                .collect(),
            actions: new.actions,
            limits: new.limits,
            makings: new.makings,
            commands: new.commands,
            timers: new.timers,
        }
    }
}
