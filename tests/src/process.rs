//! What `/proc` of the host tells about processes.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// How often something is looked at that cannot be waited for.
const LOOK: Duration = Duration::from_millis(20);

/// The emulator that a process has started, if it runs.
#[must_use]
pub fn emulator_of(parent: u32) -> Option<u32> {
    let all = fs::read_dir("/proc").ok()?.flatten();
    all.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .find(|process| {
            name_and_parent(*process).is_some_and(|(name, of)| {
                // The kernel keeps fifteen bytes of a name.
                of == parent && "qemu-system-x86_64".starts_with(&name) && !name.is_empty()
            })
        })
}

/// Waits for the emulator that a process is about to start.
#[must_use]
pub fn await_emulator(parent: u32, deadline: Duration) -> Option<u32> {
    let end = Instant::now() + deadline;
    loop {
        let found = emulator_of(parent);
        if found.is_some() || Instant::now() >= end {
            return found;
        }
        std::thread::sleep(LOOK);
    }
}

/// Waits until a process is no more. Whether that came about in time.
#[must_use]
pub fn is_gone_within(process: u32, deadline: Duration) -> bool {
    let end = Instant::now() + deadline;
    while is_alive(process) {
        if Instant::now() >= end {
            return false;
        }
        std::thread::sleep(LOOK);
    }
    true
}

/// The kernel's log of the machine that an emulator runs.
#[must_use]
pub fn log_of(emulator: u32) -> Option<PathBuf> {
    let words = fs::read(format!("/proc/{emulator}/cmdline")).ok()?;
    let words = String::from_utf8_lossy(&words).into_owned();
    let path = words
        .split('\0')
        .find_map(|word| word.strip_prefix("file,id=log,path="))?;
    Some(path.replace(",,", ",").into())
}

/// Whether it runs: one that has ended and is not yet waited for does not.
fn is_alive(process: u32) -> bool {
    stat(process).is_some_and(|(_, rest)| !rest.starts_with(['Z', 'X']))
}

fn name_and_parent(process: u32) -> Option<(String, u32)> {
    let (name, rest) = stat(process)?;
    let parent = rest.split(' ').nth(1)?.parse().ok()?;
    Some((name, parent))
}

/// The name, and what follows it: the state, the parent and so on (proc(5)).
fn stat(process: u32) -> Option<(String, String)> {
    let text = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    let (before, rest) = text.rsplit_once(") ")?;
    let (_, name) = before.split_once('(')?;
    Some((name.to_owned(), rest.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    #[test]
    fn the_end_of_a_process_is_seen() {
        let mut child = Command::new("sleep").arg("100").spawn().unwrap();
        assert!(!is_gone_within(child.id(), Duration::ZERO));
        assert_eq!(name_and_parent(child.id()).unwrap().1, std::process::id());
        child.kill().unwrap();
        assert!(is_gone_within(child.id(), Duration::from_secs(10)));
        child.wait().unwrap();
        assert!(is_gone_within(child.id(), Duration::ZERO));
        assert_eq!(emulator_of(std::process::id()), None);
    }
}
