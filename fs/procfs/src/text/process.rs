//! Files about a process.

use super::TICK;
use abi::layout::PAGE_SIZE;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use protocol::memory::Sizes;
use protocol::payload::ProcessInformation;

/// What the name of a process shows of bytes that are no text.
fn command(of: &ProcessInformation) -> String {
    String::from_utf8_lossy(&of.name).into_owned()
}

fn niceness(of: &ProcessInformation) -> i64 {
    i64::from(of.nice.min(39)) - 20
}

fn state(of: &ProcessInformation) -> char {
    char::from(if of.state.is_ascii_alphabetic() {
        of.state
    } else {
        b'S'
    })
}

/// stat: 52 fields.
#[must_use]
pub fn statistics(process: u32, of: &ProcessInformation, sizes: &Sizes) -> String {
    let [user, system, child_user, child_system] = of.times.map(|time| time / TICK);
    let [pending, blocked, ignored, caught] = of.signals;
    let nice = niceness(of);
    let head = format!(
        "{process} ({}) {} {} {} {} 0 -1 0 {} 0 0 0",
        command(of),
        state(of),
        of.parent,
        of.process_group,
        of.session,
        of.faults,
    );
    let times = format!(
        "{user} {system} {child_user} {child_system} {} {nice} 1 0",
        20 + nice
    );
    // There is no limit on what is resident; where the code lies is not told.
    let memory = format!(
        "{} {} {} {} 1 1 {} 0 0",
        of.started / TICK,
        sizes.total,
        sizes.resident / PAGE_SIZE,
        u64::MAX,
        of.stack_start,
    );
    let low = |set: u64| set & 0x7fff_ffff;
    let signals = format!(
        "{} {} {} {}",
        low(pending),
        low(blocked),
        low(ignored),
        low(caught)
    );
    format!(
        "{head} {times} {memory} {signals} 0 0 0 {} 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n",
        of.exit_signal
    )
}

/// statm, in pages.
#[must_use]
pub fn memory(sizes: &Sizes) -> String {
    let pages = |bytes: u64| bytes / PAGE_SIZE;
    format!(
        "{} {} 0 {} 0 {} 0\n",
        pages(sizes.total),
        pages(sizes.resident),
        pages(sizes.text),
        pages(sizes.data.saturating_add(sizes.stack)),
    )
}

/// status. The table of the process has room for so many descriptors.
#[must_use]
pub fn status(process: u32, of: &ProcessInformation, sizes: &Sizes, descriptors: u32) -> String {
    let long = match of.state {
        b'R' => "running",
        b'T' => "stopped",
        b'Z' => "zombie",
        b'D' => "disk sleep",
        _ => "sleeping",
    };
    let mut text = format!("Name:\t{}\n", command(of));
    let four = |all: [u32; 4]| all.map(|id| format!("{id}")).join("\t");
    text.push_str(&format!(
        "State:\t{} ({long})\nTgid:\t{process}\nNgid:\t0\nPid:\t{process}\nPPid:\t{}\n\
         TracerPid:\t0\nUid:\t{}\nGid:\t{}\n",
        state(of),
        of.parent,
        four(of.users),
        four(of.groups),
    ));
    let groups: String = of.supplementary.iter().map(|id| format!("{id} ")).collect();
    text.push_str(&format!("FDSize:\t{descriptors}\nGroups:\t{groups}\n"));
    if of.space != 0 {
        text.push_str(&sizes_of_status(sizes));
    }
    let [pending, blocked, ignored, caught] = of.signals;
    text.push_str(&format!(
        "Threads:\t1\nSigPnd:\t0000000000000000\nShdPnd:\t{pending:016x}\nSigBlk:\t{blocked:016x}\n\
         SigIgn:\t{ignored:016x}\nSigCgt:\t{caught:016x}\n"
    ));
    text
}

fn sizes_of_status(sizes: &Sizes) -> String {
    let lines = [
        ("VmPeak", sizes.peak),
        ("VmSize", sizes.total),
        ("VmRSS", sizes.resident),
        ("VmData", sizes.data),
        ("VmStk", sizes.stack),
        ("VmExe", sizes.text),
    ];
    let line = |(name, bytes): (&str, u64)| format!("{name}:\t{:>8} kB\n", bytes / 1024);
    lines.into_iter().map(line).collect()
}

/// comm.
#[must_use]
pub fn name(of: &ProcessInformation) -> Vec<u8> {
    [&of.name[..], b"\n"].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn process() -> ProcessInformation {
        ProcessInformation {
            name: b"cat) 1".to_vec(),
            state: b'R',
            parent: 1,
            process_group: 7,
            session: 5,
            users: [1, 2, 3, 4],
            nice: 25,
            times: [2 * TICK, 3 * TICK, 0, 0],
            started: 500 * TICK,
            space: 9,
            signals: [1, 2, 4, 1 << 63],
            faults: 11,
            exit_signal: 17,
            stack_start: 1234,
            supplementary: vec![10, 20],
            ..ProcessInformation::default()
        }
    }

    const SIZES: Sizes = Sizes {
        total: 1 << 20,
        resident: 8192,
        text: 4096,
        data: 4096,
        stack: 8192,
        peak: 2 << 20,
    };

    #[test]
    fn stat_has_its_fields_in_their_places() {
        let text = statistics(42, &process(), &SIZES);
        let (before, after) = text.rsplit_once(") ").unwrap();
        assert_eq!(before, "42 (cat) 1");
        let fields: Vec<&str> = after.trim_end().split(' ').collect();
        // The third field of proc(5) is the first behind the name.
        let field = |number: usize| fields[number - 3];
        assert_eq!(fields.len(), 50);
        assert_eq!(
            (field(3), field(4), field(5), field(6)),
            ("R", "1", "7", "5")
        );
        assert_eq!((field(10), field(14), field(15)), ("11", "2", "3"));
        assert_eq!((field(18), field(19), field(20)), ("25", "5", "1"));
        assert_eq!((field(22), field(23), field(24)), ("500", "1048576", "2"));
        assert_eq!((field(28), field(31), field(32)), ("1234", "1", "2"));
        assert_eq!((field(33), field(34), field(38)), ("4", "0", "17"));
    }

    #[test]
    fn status_tells_users_and_sizes() {
        let text = status(42, &process(), &SIZES, 64);
        for line in [
            "Name:\tcat) 1\n",
            "State:\tR (running)\n",
            "Uid:\t1\t2\t3\t4\n",
            "FDSize:\t64\nGroups:\t10 20 \n",
            "VmPeak:\t    2048 kB\n",
            "SigCgt:\t8000000000000000\n",
        ] {
            assert!(text.contains(line), "{line:?} in\n{text}");
        }
        let zombie = ProcessInformation {
            space: 0,
            ..process()
        };
        assert!(!status(42, &zombie, &SIZES, 64).contains("VmSize"));
    }

    #[test]
    fn statm_is_in_pages() {
        assert_eq!(memory(&SIZES), "256 2 0 1 0 3 0\n");
    }
}
