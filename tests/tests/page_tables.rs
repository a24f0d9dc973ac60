//! What vm knows of a program's memory, and the tables that the processor uses: do they agree?
//!
//! The program `crasher pages` stands still now and then. Then the machine is stopped from outside, and
//! its tables are read from physical memory.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::thread;
use std::time::Duration;

use abi::layout::{PAGE_SIZE, TOP_LEVEL_SPAN};
use evernix::debugger::{FRAME, Number, Stub, StubError, walk};
use tests::inside::Inside;
use tests::programs::lay_program;
use tests::services::{lay_images, misfit};

const LIMIT: Duration = Duration::from_secs(900);
/// How often the machine is looked at.
const LOOK: Duration = Duration::from_millis(10);
/// What r15 holds while the program stands still (`STANDS_STILL` of `tests/crasher/src/pages.rs`).
const STANDS_STILL: u64 = 0x4576_6572_6e69_7821;
/// The privilege level of programs.
const PROGRAM: u64 = 3;
/// Top-level entries that map user memory.
const USER_ENTRIES: u64 = 256;
/// Bits of an entry (Intel SDM volume 3, section 4.5).
const WRITABLE: u64 = 1 << 1;
const USER: u64 = 1 << 2;
const NO_EXECUTE: u64 = 1 << 63;

/// A line of `/proc/PID/maps`.
#[derive(Clone, Debug)]
struct Region {
    range: Range<u64>,
    access: String,
}

impl Region {
    fn read(line: &str) -> Option<Region> {
        let (range, rest) = line.split_once(' ')?;
        let (start, end) = range.split_once('-')?;
        let address = |text| u64::from_str_radix(text, 16).ok();
        Some(Region {
            range: address(start)?..address(end)?,
            access: rest.split(' ').next()?.to_owned(),
        })
    }

    fn allows(&self, what: char) -> bool {
        self.access.contains(what)
    }
}

/// What must be found at an address.
#[derive(Clone, Copy, Debug)]
struct Mark {
    address: u64,
    value: u64,
    writable: bool,
}

/// What the program says of its memory.
#[derive(Debug)]
struct Said {
    regions: Vec<Region>,
    marks: Vec<Mark>,
}

/// The pages of a space: the entry of each address.
type Pages = BTreeMap<u64, u64>;

/// Where regions and pages contradict each other, in words.
fn disagreements(regions: &[Region], pages: &Pages) -> Vec<String> {
    let mut found = Vec::new();
    let mut frames = BTreeSet::new();
    for (address, entry) in pages {
        let region = regions.iter().find(|one| one.range.contains(address));
        let Some(region) = region else {
            found.push(format!("{address:x}: a page {entry:x} in no region"));
            continue;
        };
        let mut wrong = |what| found.push(format!("{address:x}: {what}: {entry:x}, {region:?}"));
        if entry & USER == 0 {
            wrong("not a program's");
        }
        if entry & WRITABLE != 0 && !region.allows('w') {
            wrong("can be written");
        }
        if entry & NO_EXECUTE == 0 && !region.allows('x') {
            wrong("can be executed");
        }
        if !region.allows('r') {
            wrong("is there");
        }
        if entry & WRITABLE != 0 && !frames.insert(entry & FRAME) {
            wrong("can be written twice");
        }
    }
    found
}

/// Where the marks are not as they must be.
fn missing(
    marks: &[Mark],
    pages: &Pages,
    mut word: impl FnMut(u64) -> Result<u64, StubError>,
) -> Result<Vec<String>, StubError> {
    let mut found = Vec::new();
    for mark in marks {
        let Some(entry) = pages.get(&(mark.address & !(PAGE_SIZE - 1))) else {
            found.push(format!("{mark:x?}: no page"));
            continue;
        };
        let value = word((entry & FRAME) + mark.address % PAGE_SIZE)?;
        if (value, entry & WRITABLE != 0) != (mark.value, mark.writable) {
            found.push(format!("{mark:x?}: {value:x}, {entry:x}"));
        }
    }
    Ok(found)
}

/// All pages that a top-level table maps for a program.
fn pages_of(stub: &mut Stub, root: u64) -> Result<Pages, StubError> {
    let mut pages = Pages::new();
    for area in 0..USER_ENTRIES {
        let mut read = |at, bytes: &mut [u8]| stub.read(at, bytes);
        walk(root, area * TOP_LEVEL_SPAN, &mut read, &mut |page| {
            pages.insert(page.address, page.entry);
            true
        })?;
    }
    Ok(pages)
}

fn word(stub: &mut Stub, at: u64) -> Result<u64, StubError> {
    let mut bytes = [0; 8];
    stub.read(at, &mut bytes)?;
    Ok(u64::from_le_bytes(bytes))
}

/// Reads a program's memory, page by page.
fn read(stub: &mut Stub, pages: &Pages, at: u64, length: u64) -> Result<Vec<u8>, StubError> {
    let mut bytes = Vec::new();
    let end = at + length;
    let mut at = at;
    while at < end {
        let next = (at + 1).next_multiple_of(PAGE_SIZE).min(end);
        let frame = pages.get(&(at & !(PAGE_SIZE - 1))).expect("a page") & FRAME;
        let mut piece = vec![0; usize::try_from(next - at).expect("a page at most")];
        stub.read(frame + at % PAGE_SIZE, &mut piece)?;
        bytes.extend(piece);
        at = next;
    }
    Ok(bytes)
}

/// What the registers of the program lead to.
fn said(stub: &mut Stub, pages: &Pages) -> Result<Said, StubError> {
    let mut register = |number| stub.register(number);
    let (maps, length) = (register(Number::Rdi)?, register(Number::Rsi)?);
    let (marks, count) = (register(Number::Rdx)?, register(Number::Rcx)?);
    let text = read(stub, pages, maps, length)?;
    let text = String::from_utf8_lossy(&text).into_owned();
    let regions: Option<Vec<Region>> = text.lines().map(Region::read).collect();
    let words = read(stub, pages, marks, count * 24)?;
    let words: Vec<u64> = words
        .as_chunks::<8>()
        .0
        .iter()
        .map(|word| u64::from_le_bytes(*word))
        .collect();
    let marks = words
        .as_chunks::<3>()
        .0
        .iter()
        .map(|[address, value, writable]| Mark {
            address: *address,
            value: *value,
            writable: *writable != 0,
        });
    Ok(Said {
        regions: regions.expect("lines of /proc/PID/maps"),
        marks: marks.collect(),
    })
}

/// Looks at the program if it stands still, and lets it go on. What is wrong then.
fn look(stub: &mut Stub) -> Result<Option<Vec<String>>, StubError> {
    let stands_still = stub.register(Number::Cs)? & 3 == PROGRAM
        && stub.register(Number::R15)? == STANDS_STILL
        && stub.register(Number::Rax)? == 0;
    if !stands_still {
        return Ok(None);
    }
    let root = stub.register(Number::Cr3)?;
    let pages = pages_of(stub, root)?;
    let said = said(stub, &pages)?;
    let mut wrong = disagreements(&said.regions, &pages);
    wrong.extend(missing(&said.marks, &pages, |at| word(stub, at))?);
    stub.set_register(Number::Rax, 1)?;
    Ok(Some(wrong))
}

/// Looks until the machine ends: how often the program stood still, and what was wrong.
fn watch(connection: UnixStream) -> Result<(usize, Vec<String>), StubError> {
    let mut stub = Stub::new(connection)?;
    let (mut looks, mut wrong) = (0, Vec::new());
    loop {
        match look_once(&mut stub) {
            Ok(Some(found)) => {
                looks += 1;
                let found = found.into_iter();
                wrong.extend(found.map(|what| format!("look {looks}: {what}")));
            }
            Ok(None) => {}
            Err(StubError::Ended) => return Ok((looks, wrong)),
            Err(error) => {
                stub.kill();
                return Err(error);
            }
        }
        thread::sleep(LOOK);
    }
}

/// Stops the machine, looks, and lets it go on.
fn look_once(stub: &mut Stub) -> Result<Option<Vec<String>>, StubError> {
    stub.stop()?;
    let found = look(stub)?;
    stub.go()?;
    Ok(found)
}

/// Runs commands, with a look at the page tables after each.
fn agree_after(commands: &[String], overlay: &Path) {
    let folder = tempfile::tempdir().expect("a folder");
    let (here, there) = UnixStream::pair().expect("a connection");
    let watcher = thread::spawn(move || watch(here));
    let done = Inside::command(["/bin/crasher", "pages"])
        .overlay(overlay)
        .input(
            commands
                .iter()
                .map(|line| format!("{line}\n"))
                .collect::<String>(),
        )
        .debugged(there, folder.path().join("log"))
        .within(LIMIT)
        .run();
    let watched = watcher.join().expect("somebody who watches");
    let (looks, wrong) = watched.expect("the emulator's answers");
    assert_eq!(done.status(), 0, "{}", done.report());
    assert_eq!(wrong, [""; 0]);
    assert_eq!(looks, commands.len());
}

/// S7: after each of fifty updates of vm that fail when its new version has taken over the State, and as
/// it does so; S15: before and after each of a hundred updates of vm.
#[test]
fn regions_agree_with_the_page_tables_after_updates_of_vm() {
    let overlay = tempfile::tempdir().expect("a folder");
    lay_program(overlay.path(), "crasher");
    let refusing = |service| {
        (
            format!("{service}-refusing"),
            misfit("refusing", service, 9),
        )
    };
    let images = [refusing("vm"), refusing("hello")];
    let images = images
        .each_ref()
        .map(|(name, image)| (name.as_str(), image.clone()));
    lay_images(overlay.path(), &images);
    let fails = |set: &str| format!("service update {set} --to 2 2>&1 | grep -q 'it refused it'");
    let sets = [
        "vm hello=/images/hello-refusing",
        "vm=/images/vm-refusing hello",
    ];
    let mut commands = vec!["true".to_owned()];
    commands.extend(sets.iter().cycle().take(50).map(|set| fails(set)));
    let versions = [2, 1].iter().cycle().take(100);
    commands.extend(versions.map(|version| format!("service update vm --to {version} >/dev/null")));
    agree_after(&commands, overlay.path());
}

#[cfg(test)]
mod unit {
    use super::*;

    #[test]
    fn what_contradicts_is_found() {
        let lines = [
            "1000-3000 rw-p 0 0",
            "3000-4000 r-xp 0 0",
            "4000-5000 ---p 0 0",
        ];
        let regions: Vec<Region> = lines.iter().filter_map(|line| Region::read(line)).collect();
        let private = USER | NO_EXECUTE;
        let good = [
            (0x1000, 0x10_0000 | private | WRITABLE),
            (0x2000, 0x20_0000 | private),
            (0x3000, 0x30_0000 | USER),
        ];
        let wrong = [
            ("in no region", (0x8000, 0x40_0000 | private)),
            ("not a program's", (0x2000, 0x20_0000 | NO_EXECUTE)),
            ("can be written", (0x3000, 0x30_0000 | USER | WRITABLE)),
            ("can be executed", (0x1000, 0x10_0000 | USER)),
            ("is there", (0x4000, 0x40_0000 | private)),
            (
                "can be written twice",
                (0x2000, 0x10_0000 | private | WRITABLE),
            ),
        ];
        assert_eq!(disagreements(&regions, &Pages::from(good)), [""; 0]);
        for (what, page) in wrong {
            let pages = good.into_iter().chain([page]).collect();
            let found = disagreements(&regions, &pages);
            assert_eq!(found.len(), 1, "{found:?}");
            assert!(found[0].contains(what), "{found:?}");
        }
    }

    #[test]
    fn marks_are_looked_for() {
        let pages = Pages::from([(0x1000, 0x10_0000 | USER | WRITABLE)]);
        let mark = |address, value, writable| Mark {
            address,
            value,
            writable,
        };
        let word = |at| Ok(at);
        let good = [mark(0x1008, 0x10_0008, true)];
        assert_eq!(missing(&good, &pages, word).unwrap(), [""; 0]);
        let wrong = [
            mark(0x1008, 1, true),
            mark(0x1008, 0x10_0008, false),
            mark(0x2000, 0, true),
        ];
        assert_eq!(missing(&wrong, &pages, word).unwrap().len(), 3);
    }
}
