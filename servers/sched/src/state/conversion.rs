//! From each version to the other.

use super::version_2::Class;
use super::{version_1, version_2};
use crate::policy::Nice;
use service::container::Value;

impl From<version_1::State> for version_2::State {
    fn from(old: version_1::State) -> Self {
        let started = Value::new(old.nice.len() as u64);
        let processes = old
            .nice
            .into_entries()
            .map(|(pid, nice)| (pid, Class::Normal(nice)));
        version_2::State {
            processes: processes.collect(),
            started,
        }
    }
}

impl From<version_2::State> for version_1::State {
    fn from(new: version_2::State) -> Self {
        let processes = new
            .processes
            .into_entries()
            .map(|(pid, class)| match class {
                Class::Normal(nice) => (pid, nice),
                Class::Idle => (pid, Nice::NORMAL),
            });
        version_1::State {
            nice: processes.collect(),
        }
    }
}
