//! A system at work (`scenarios/load`): programs do the same again and again, numbered lines go in and
//! are to come out, and somebody types at the terminal.

use std::io::Read;
use std::path::Path;
use std::thread::sleep;
use std::time::Duration;

use crate::inside::Inside;
use crate::typist::Typist;

/// How long a run may take.
const LIMIT: Duration = Duration::from_secs(3000);

/// Runs a script of `scenarios/load`, checks that nobody saw anything wrong, and answers what the
/// script told on standard error.
///
/// # Panics
/// When somebody did.
#[must_use]
pub fn under_load(prepare: impl FnOnce(Inside) -> Inside, words: &[&str]) -> String {
    let scenarios = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let (typist, typed, shown) = Typist::start();
    let inside = Inside::command(["/bin/sh"].iter().chain(words))
        .overlay(&scenarios)
        .reads(Lines::default())
        .console(typed, shown)
        .within(LIMIT);
    let done = prepare(inside).run();
    let told = String::from_utf8_lossy(&done.stderr).into_owned();
    assert_eq!(done.status(), 0, "{}", done.report());
    assert!(!told.contains("WRONG"), "{told}{}", done.report());
    Lines::check(&done.stdout);
    let answered = typist.answered();
    assert!(
        answered.as_ref().is_ok_and(|lines| *lines > 10),
        "{answered:?}\n{}",
        done.report()
    );
    told
}

/// The pause before each line.
const PAUSE: Duration = Duration::from_millis(500);

/// Lines, one after the other, without an end.
#[derive(Debug, Default)]
struct Lines {
    next: u64,
    rest: Vec<u8>,
}

impl Read for Lines {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        if self.rest.is_empty() {
            sleep(PAUSE);
            self.rest = line(self.next).into_bytes();
            self.next += 1;
        }
        let count = self.rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&self.rest[..count]);
        self.rest.drain(..count);
        Ok(count)
    }
}

impl Lines {
    /// Checks what has come out: the first lines, each once and in order, and more than a few.
    fn check(output: &[u8]) {
        let output = String::from_utf8_lossy(output);
        let count = output.lines().count();
        let expected: String = (0..).map(line).take(count).collect();
        assert!(count > 10 && output == expected, "{output}");
    }
}

fn line(number: u64) -> String {
    format!("line {number} of what goes in and comes out\n")
}
